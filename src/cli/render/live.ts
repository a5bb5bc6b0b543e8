/** Live task list on a terminal, by listr2; each stage is a task, progress is its output line. */
import type { Writable } from 'node:stream';
import { DefaultRenderer, Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput, SimpleRenderer } from 'listr2';
import type { Event } from '../../types.ts';
import { renderLine } from './plain.ts';
import { formatProgress, formatSeconds } from './progress-text.ts';
import type { Renderer } from './renderer.ts';

type Task = ListrTaskWrapper<object, typeof DefaultRenderer, typeof SimpleRenderer>;

interface OpenStage {
  task: Task | null;
  readonly settle: (event: Extract<Event, { type: 'stage' }> | null) => void;
  readonly finished: Promise<unknown>;
}

/** A renderer that shows one stage at a time; what comes between stages is printed as a line. */
export function createLiveRenderer(stream: Writable): Renderer {
  let open: (OpenStage & { readonly name: string }) | null = null;

  function show(event: Event): void {
    if (event.type === 'stage' && event.status === 'start') {
      if (open === null) open = { ...startStage(event.stage, stream), name: event.stage };
      return;
    }
    if (event.type === 'stage') {
      if (open?.name !== event.stage) return;
      open.settle(event);
      return;
    }
    const text =
      event.type === 'progress' ? `${event.item}: ${formatProgress(event)}` : renderLine(event, false, false);
    if (text === null) return;
    if (open?.task) open.task.output = text;
    if (event.type === 'note' && (event.level === 'warning' || open?.task === undefined)) stream.write(`${text}\n`);
  }

  async function close(): Promise<void> {
    if (open === null) return;
    open.settle(null);
    await open.finished;
    open = null;
  }

  let order = Promise.resolve();
  return {
    emit: (event) => {
      // A stage that ends must be drawn before the next one starts: events are shown strictly in order.
      order = order.then(async () => {
        show(event);
        if (event.type === 'stage' && event.status !== 'start' && open?.name === event.stage) await close();
      });
    },
    pause: async () => {
      await order;
      await close();
    },
    close: async () => {
      await order;
      await close();
    },
  };
}

function startStage(name: string, stream: Writable): OpenStage {
  const { promise, resolve } = Promise.withResolvers<Extract<Event, { type: 'stage' }> | null>();
  const stage: { task: Task | null } = { task: null };
  const logger = new ListrLogger({
    processOutput: new ProcessOutput(stream as NodeJS.WriteStream, stream as NodeJS.WriteStream),
  });
  const listr = new Listr(
    [
      {
        title: name,
        task: async (_context, task) => {
          stage.task = task;
          const end = await promise;
          if (end === null) return task.skip(`${name}: stopped`);
          const time = end.seconds === undefined ? '' : ` (${formatSeconds(end.seconds)})`;
          task.title = `${name}${end.detail === undefined ? '' : `: ${end.detail}`}${time}`;
          if (end.status === 'fail') throw new Error(task.title);
          return undefined;
        },
      },
    ],
    {
      // The exit code comes from our own reports; a failed task must not reject here.
      exitOnError: false,
      collectErrors: false,
      registerSignalListeners: false,
      rendererOptions: { logger },
      fallbackRendererOptions: { logger },
    },
  );
  const finished = listr.run({});
  return Object.assign(stage, { settle: resolve, finished });
}
