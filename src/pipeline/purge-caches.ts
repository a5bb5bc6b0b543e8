/** Removes what stap kept of earlier runs. */
import type { Host } from '../host/host.ts';
import { say } from '../sentence.ts';
import type { Sentence } from '../types.ts';
import type { Session } from './session.ts';

/**
 * Removes the directories, all or none.
 * @param paths absolute, as the facts name them
 * @returns why they were left, null when they are gone
 */
export async function purgeCaches(
  { emit, signal }: Pick<Session, 'emit' | 'signal'>,
  host: Host,
  paths: readonly string[],
): Promise<Sentence | null> {
  // A link above a cache would have root remove what the link's owner could not.
  for (const path of paths) {
    const real = await host.run(['readlink', '-f', path], { timeoutMs: 10_000, signal });
    if (real.stdout.trimEnd() !== path) return say(`${path} is reached through a symbolic link`);
  }
  const argv = ['rm', '-rf', '--', ...paths];
  emit({ type: 'command', argv, where: host.name });
  const result = await host.run(argv, { timeoutMs: 120_000, signal });
  return result.exitCode === 0 ? null : say(`rm failed: ${result.stderr.trim().slice(0, 400)}`);
}
