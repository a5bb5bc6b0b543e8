/** Lines for logs, pipes and CI: one line a stage, progress where there was no line for ten seconds, no cursor movement. */
import type { Writable } from 'node:stream';
import { quoteCommand } from '../../shell-words.ts';
import type { Event } from '../../types.ts';
import { formatProgress, formatSeconds } from './progress-text.ts';
import type { Renderer, RenderOptions } from './renderer.ts';

const SILENCE_MS = 10_000;

/** A renderer that only ever appends lines. @param now milliseconds */
export function createPlainRenderer(
  stream: Writable,
  { quiet, verbose }: Pick<RenderOptions, 'quiet' | 'verbose'>,
  now: () => number = Date.now,
): Renderer {
  let lastLine = now();
  return {
    emit: (event) => {
      if (event.type === 'progress' && (quiet || now() - lastLine < SILENCE_MS)) return;
      const line = renderLine(event, quiet, verbose);
      if (line === null) return;
      stream.write(`${line}\n`);
      lastLine = now();
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
      return verbose ? `+ [${event.where}] ${quoteCommand(event.argv)}` : null;
  }
}
