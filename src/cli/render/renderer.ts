/** Chooses how events are shown: live tasks on a terminal, quiet lines anywhere else. */
import type { Writable } from 'node:stream';
import { escapeControl, redact } from '../../errors.ts';
import type { Emit, Event } from '../../types.ts';
import { createPlainRenderer } from './plain.ts';

export interface Renderer {
  readonly emit: Emit;
  /** Leaves the terminal free for a question. */
  pause(): Promise<void>;
  /** Shows what is still to show and gives the terminal back. */
  close(): Promise<void>;
}

export interface RenderOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly terminal: boolean;
}

/** A renderer for standard error. The live one is loaded only when the first event comes. */
export function createRenderer(stream: Writable, options: RenderOptions): Renderer {
  if (options.quiet || options.verbose || !options.terminal) return cleaned(createPlainRenderer(stream, options));
  let live: Promise<Renderer> | null = null;
  let order: Promise<void> = Promise.resolve();
  const load = async (): Promise<Renderer> => {
    live ??= import('./live.ts').then(({ createLiveRenderer }) => createLiveRenderer(stream));
    return live;
  };
  return cleaned({
    emit: (event) => {
      order = order.then(async () => (await load()).emit(event));
    },
    pause: async () => {
      await order;
      if (live !== null) await (await live).pause();
    },
    close: async () => {
      await order;
      if (live !== null) await (await live).close();
    },
  });
}

/** Events are cleaned before any renderer has them: one that moves the cursor cannot write through an Output. */
function cleaned(renderer: Renderer): Renderer {
  return { ...renderer, emit: (event) => renderer.emit(clean(event)) };
}

function clean(event: Event): Event {
  const parts = Object.entries(event).map(([key, part]: [string, unknown]) => [
    key,
    Array.isArray(part) ? part.map(cleanText) : cleanText(part),
  ]);
  return Object.fromEntries(parts) as Event;
}

function cleanText(part: unknown): unknown {
  return typeof part === 'string' ? escapeControl(redact(part)) : part;
}
