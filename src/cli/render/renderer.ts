/** Chooses how events are shown: live tasks on a terminal, quiet lines anywhere else. */
import type { Writable } from 'node:stream';
import type { Emit } from '../../types.ts';
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
  if (options.quiet || options.verbose || !options.terminal) return createPlainRenderer(stream, options);
  let live: Promise<Renderer> | null = null;
  let order: Promise<void> = Promise.resolve();
  const load = async (): Promise<Renderer> => {
    live ??= import('./live.ts').then(({ createLiveRenderer }) => createLiveRenderer(stream));
    return live;
  };
  return {
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
  };
}
