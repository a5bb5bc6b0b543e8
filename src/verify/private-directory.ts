/** A directory on a host that nobody else can write to: what is built there is loaded into a kernel by root. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/**
 * Makes it beside `prefix`; whoever asks for it removes it.
 * @returns its path, `prefix` with a suffix of its own
 * @throws TapprepError PERMISSION, NO_SPACE, INTERRUPTED
 */
export async function makePrivateDirectory(host: Host, prefix: string, signal: AbortSignal): Promise<string> {
  const run = await host.run(['mktemp', '-d', `${prefix}.XXXXXX`], { signal });
  const path = run.stdout.trim();
  if (run.exitCode === 0 && path.startsWith(`${prefix}.`)) return path;
  const code = run.stderr.includes('No space left') ? 'NO_SPACE' : 'PERMISSION';
  throw new TapprepError(code, `no directory ${prefix}.XXXXXX could be made on ${host.name}: ${run.stderr.trim()}`);
}
