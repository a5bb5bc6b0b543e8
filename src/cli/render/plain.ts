/** Lines for logs, pipes and CI: one line a stage, a progress line at most every ten seconds, no cursor movement. */
import type { Writable } from 'node:stream';
import type { Event } from '../../types.ts';
import { formatProgress, formatSeconds } from './progress-text.ts';
import type { Renderer, RenderOptions } from './renderer.ts';

const PROGRESS_EVERY_MS = 10_000;

/** A renderer that only ever appends lines. */
export function createPlainRenderer(stream: Writable, { quiet, verbose }: RenderOptions): Renderer {
  let lastProgress = Date.now();
  return {
    emit: (event) => {
      if (event.type === 'progress') {
        const now = Date.now();
        if (quiet || now - lastProgress < PROGRESS_EVERY_MS) return;
        lastProgress = now;
      }
      const line = renderLine(event, quiet, verbose);
      if (line !== null) stream.write(`${line}\n`);
    },
    pause: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** The line for an event, or null when it is not worth one. */
export function renderLine(event: Event, quiet: boolean, verbose: boolean): string | null {
  switch (event.type) {
    case 'note':
      if ((quiet && event.level !== 'warning') || (!verbose && event.level === 'detail')) return null;
      return `${event.level === 'warning' ? 'warning: ' : ''}${event.text}`;
    case 'stages':
      return null;
    case 'stage': {
      if (quiet || event.status === 'start') return null;
      const time = event.seconds === undefined ? '' : ` (${formatSeconds(event.seconds)})`;
      return `${event.status === 'fail' ? 'failed: ' : ''}${event.stage}${event.detail === undefined ? '' : `: ${event.detail}`}${time}`;
    }
    case 'progress':
      return `${event.item}: ${formatProgress(event)}`;
    case 'asked':
      return verbose ? `asked ${event.repository} (${event.tier}): ${event.answer}; ${event.plan}` : null;
    case 'command':
      return verbose ? `+ [${event.where}] ${event.argv.join(' ')}` : null;
  }
}
