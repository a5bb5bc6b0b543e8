/** A package manager at work comes to its end, whatever becomes of tapprep, and the next run waits for that end. POSIX sh. */
import { type Host, isRemote } from './host.ts';
import { createLocalHost } from './local.ts';
import { AWAIT_RUNNING, RUNNING_PATH, script } from './scripts.ts';

/**
 * Waits for what an earlier run left at work on a target: tapprep was killed, or its connection lost. In a root it is
 * looked for from outside, where /proc tells a process from another that has its number by now.
 * @throws TapprepError INTERRUPTED
 */
export async function awaitEarlierRun(host: Host, signal: AbortSignal): Promise<void> {
  const place = isRemote(host) ? host : createLocalHost();
  await place.run(script(AWAIT_RUNNING, [host.localPath(RUNNING_PATH) ?? RUNNING_PATH]), { signal });
}
