/** From the options that name a target to the host that can be asked and the facts that are known of it. */
import { resolve } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { HostFacts } from '../types.ts';
import type { Context, TargetOptions } from './context.ts';

export interface OpenTarget {
  /** Null for a host that is not here: one that is declared or only known by its facts. */
  readonly host: Host | null;
  readonly facts: HostFacts;
}

/**
 * Finds the target and its facts. Nothing there is changed.
 * @throws TapprepError USAGE, NOT_A_ROOT, BAD_FACTS, TIMEOUT, INTERRUPTED
 */
export async function openTarget(
  context: Pick<Context, 'cwd' | 'signal'>,
  options: TargetOptions,
): Promise<OpenTarget> {
  const { kernel, distro, arch, unameV } = options;
  if (distro !== null) {
    const { declareFacts } = await import('../detect/declared-facts.ts');
    return { host: null, facts: declareFacts({ distro, release: kernel ?? '', arch, unameV }) };
  }
  const { collectFacts, readFactsFile } = await import('../detect/facts.ts');
  if (options.facts !== null) {
    const { withRelease } = await import('../detect/declared-facts.ts');
    const facts = await readFactsFile(resolve(context.cwd, options.facts));
    return { host: null, facts: kernel === null ? facts : withRelease(facts, kernel) };
  }
  const host = await openHost(context, options);
  return { host, facts: await collectFacts(host, { release: kernel, signal: context.signal }) };
}

async function openHost(context: Pick<Context, 'cwd'>, options: TargetOptions): Promise<Host> {
  if (options.host !== null) {
    const { PROBE_PATH } = await import('../detect/facts.ts');
    throw new TapprepError('USAGE', `tapprep cannot work on ${options.host} over ssh yet, only from its saved facts`, {
      hint: `ssh ${options.host} sh -s <${PROBE_PATH} >facts.txt, then the same command with --facts facts.txt`,
    });
  }
  if (options.root !== null) {
    const { createRootHost } = await import('../host/root.ts');
    return createRootHost(resolve(context.cwd, options.root));
  }
  const { createLocalHost } = await import('../host/local.ts');
  return createLocalHost();
}
