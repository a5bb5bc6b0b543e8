/** Live task list on a terminal, by listr2: what goes on now stands below, each with its progress; what has ended is a line above. */
import type { Writable } from 'node:stream';
import {
  DefaultRenderer,
  Listr,
  LISTR_DEFAULT_RENDERER_STYLE,
  ListrDefaultRendererLogLevels,
  ListrLogger,
  type ListrTaskWrapper,
  ProcessOutput,
  SimpleRenderer,
} from 'listr2';
import type { Event } from '../../types.ts';
import { renderLine } from './plain.ts';
import { formatProgress } from './progress-text.ts';
import type { Renderer } from './renderer.ts';

type StageEvent = Extract<Event, { type: 'stage' }>;

/** A stage that goes on. */
interface OpenStage {
  /** The last that was told of it; empty: nothing yet. */
  text: string;
  task: Pick<ListrTaskWrapper<object, typeof DefaultRenderer, typeof SimpleRenderer>, 'output'> | null;
}

/** listr2 asks whether standard output is a terminal, but what is drawn on here is standard error. */
class TerminalRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** A renderer that redraws what goes on. Between two drawings the terminal is free: whatever else is shown is written then. */
export function createLiveRenderer(stream: Writable): Renderer {
  const terminal = stream as NodeJS.WriteStream;
  const { icon = {}, color = {} } = LISTR_DEFAULT_RENDERER_STYLE;
  const logger = new ListrLogger({ icon, color, processOutput: new ProcessOutput(terminal, terminal) });
  const stages = new Map<string, OpenStage>();
  let drawing: Drawing | null = null;

  async function erase(): Promise<void> {
    await drawing?.erase();
    drawing = null;
  }

  async function show(event: Event): Promise<void> {
    if (event.type === 'stage') return showStage(event);
    const isProgress = event.type === 'progress';
    const text = isProgress ? `${event.item}: ${formatProgress(event)}` : renderLine(event, false, false);
    if (text === null) return;
    const stage = stages.get((isProgress ? event.stage : undefined) ?? [...stages.keys()].at(-1) ?? '');
    if (event.type === 'note' && (event.level === 'warning' || stage === undefined)) {
      await erase();
      stream.write(`${text}\n`);
    } else if (stage !== undefined) {
      stage.text = text;
      if (stage.task !== null) stage.task.output = text;
    }
    if (stages.size > 0) drawing ??= draw(stages, logger);
  }

  async function showStage(event: StageEvent): Promise<void> {
    await erase();
    if (event.status === 'start') stages.set(event.stage, { text: '', task: null });
    else {
      stages.delete(event.stage);
      const { COMPLETED, FAILED } = ListrDefaultRendererLogLevels;
      const isFailed = event.status === 'fail';
      // The sign says already that it failed.
      logger.log(isFailed ? FAILED : COMPLETED, renderLine({ ...event, status: 'done' }, false, false) ?? event.stage);
    }
    if (stages.size > 0) drawing = draw(stages, logger);
  }

  let order = Promise.resolve();
  const pause = async (): Promise<void> => {
    await order;
    await erase();
  };
  return {
    emit: (event) => {
      order = order.then(() => show(event));
    },
    pause,
    close: async () => {
      await pause();
      for (const name of stages.keys())
        logger.log(ListrDefaultRendererLogLevels.SKIPPED_WITH_COLLAPSE, `${name}: stopped`);
      stages.clear();
    },
  };
}

/** What is on the terminal now. */
interface Drawing {
  erase(): Promise<unknown>;
}

function draw(stages: ReadonlyMap<string, OpenStage>, logger: ListrLogger): Drawing {
  const { promise: erased, resolve } = Promise.withResolvers<undefined>();
  const tasks = [...stages].map(([title, stage]) => ({
    title,
    task: (_: object, task: NonNullable<OpenStage['task']>) => {
      stage.task = task;
      if (stage.text !== '') task.output = stage.text;
      return erased;
    },
  }));
  const listr = new Listr(tasks, {
    concurrent: true,
    renderer: TerminalRenderer,
    rendererOptions: { logger, clearOutput: true },
    registerSignalListeners: false,
  });
  const ended = listr.run({});
  return {
    erase: () => {
      for (const stage of stages.values()) stage.task = null;
      resolve(undefined);
      return ended;
    },
  };
}
