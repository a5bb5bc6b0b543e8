/** One line that is typed on a terminal. */
import type { Interface } from 'node:readline/promises';

/**
 * Asks, and waits for the line. Ctrl-C is SIGINT, as it is while nothing is asked: readline keeps it from the terminal.
 * @returns null where the user ends the input instead (Ctrl-D)
 */
export async function askLine(asker: Interface, question: string, signal: AbortSignal): Promise<string | null> {
  asker.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await asker.question(question, { signal });
  } catch (error) {
    if (signal.aborted || !(error instanceof Error) || error.name !== 'AbortError') throw error;
    return null;
  } finally {
    asker.close();
  }
}
