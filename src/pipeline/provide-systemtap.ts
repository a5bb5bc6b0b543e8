/** Which SystemTap is used on a target: candidates in order, each judged by compiling and loading, never by its version alone. */
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { assemblePortable } from '../systemtap/portable/assemble.ts';
import { placePortable } from '../systemtap/portable/place.ts';
import { findSuiteRepositories } from '../systemtap/portable/repositories.ts';
import type { PortableRequest } from '../systemtap/portable/request.ts';
import { INSTALLED_SYSTEMTAP, type UsableSystemtap } from '../systemtap/usable.ts';
import type { VerifyReport } from '../types.ts';
import { acquireArtifacts } from './acquire.ts';
import type { Subject } from './open-target.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';

/** auto: the distribution's first, then portable ones; a version picks the portable one of that version. */
export type SystemtapChoice = 'auto' | 'distro' | 'portable' | { readonly version: string };

export interface ProvideOptions {
  readonly choice: SystemtapChoice;
  readonly allowExpiredRelease: boolean;
  /** The ladder with one SystemTap. */
  readonly verify: (systemtap: UsableSystemtap) => Promise<VerifyReport>;
}

/** One candidate and what became of it. */
export interface TriedSystemtap {
  /** "4.8 of the distribution", "portable 5.1 (debian trixie)". */
  readonly name: string;
  readonly ready: boolean;
  /** Why it was not taken; null for the one that was. */
  readonly reason: string | null;
}

export interface ProvidedSystemtap {
  /** Of the candidate that is ready, else of the first that could be tried. */
  readonly verify: VerifyReport;
  readonly tried: readonly TriedSystemtap[];
}

interface Candidate {
  readonly name: string;
  readonly provide: () => Promise<UsableSystemtap>;
}

/**
 * Tries candidates until the ladder passes.
 * @throws TapprepError when no candidate could even be tried: the reason of the last
 */
export async function provideSystemtap(
  session: Session,
  subject: Subject,
  host: Host,
  options: ProvideOptions,
): Promise<ProvidedSystemtap> {
  const tried: TriedSystemtap[] = [];
  let first: VerifyReport | null = null;
  let problem: unknown = null;
  for (const { name, provide } of await listCandidates(session, subject, host, options)) {
    try {
      const verify = await options.verify(await provide());
      tried.push({ name, ready: verify.ready, reason: verify.ready ? null : explainFailure(verify) });
      if (verify.ready) return { verify, tried };
      first ??= verify;
      // Where nothing can be loaded, no other SystemTap changes that.
      if (verify.ranIn === null && verify.steps.every(({ status }) => status !== 'fail')) break;
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'INTERRUPTED' || error.code === 'NOT_ROOT') throw error;
      problem = error;
      tried.push({ name, ready: false, reason: error.message });
      session.emit({ type: 'note', level: 'warning', text: `SystemTap ${name} could not be used: ${error.message}` });
    }
  }
  if (first !== null) return { verify: first, tried };
  throw problem ?? new TapprepError('NOT_PROVEN', `no SystemTap is known for ${subject.target.release}`);
}

function explainFailure({ steps }: VerifyReport): string {
  const failed = steps.find(({ status }) => status === 'fail') ?? steps.find(({ status }) => status === 'skip');
  return failed === undefined ? 'not every step passed' : `${failed.step}: ${failed.reason ?? failed.status}`;
}

async function listCandidates(
  session: Session,
  { target, facts }: Subject,
  host: Host,
  { choice, allowExpiredRelease }: ProvideOptions,
): Promise<readonly Candidate[]> {
  const hasOwn = (await host.which('stap')) !== null;
  const own: Candidate = {
    name: `${facts.systemtap?.version ?? ''} of the distribution`.trim(),
    provide: () => Promise.resolve(INSTALLED_SYSTEMTAP),
  };
  const portable = session.mirrors.systemtap.portable
    .filter(({ version }) => typeof choice !== 'object' || choice.version === version)
    .map((entry): Candidate => {
      const debArch = target.arch === 'aarch64' ? 'arm64' : 'amd64';
      const request = { ...entry, arch: target.arch, debArch };
      return {
        name: `portable ${entry.version} (${entry.distro} ${entry.suite})`,
        provide: () => providePortable(session, host, target.release, request, allowExpiredRelease),
      };
    });
  if (choice === 'distro') return [own];
  if (choice === 'auto') return [...(hasOwn ? [own] : []), ...portable];
  if (portable.length > 0) return portable;
  throw new TapprepError(
    'USAGE',
    `no portable SystemTap ${typeof choice === 'object' ? choice.version : ''} is listed`,
    {
      hint: `--systemtap ${session.mirrors.systemtap.portable.map(({ version }) => version).join(' or ')}`,
    },
  );
}

async function providePortable(
  session: Session,
  host: Host,
  release: string,
  request: PortableRequest,
  allowExpiredRelease: boolean,
): Promise<UsableSystemtap> {
  const { reader, cacheDir, mirrors, overrides, tapprepVersion, emit, now, signal } = session;
  return runStage(
    session,
    `SystemTap ${request.version}`,
    async () => {
      const portable = await assemblePortable(
        {
          reader,
          cacheDir,
          findRepositories: (wanted) => findSuiteRepositories(wanted, { mirrors, overrides, allowExpiredRelease }),
          acquire: (items) => acquireArtifacts(session, items),
        },
        request,
      );
      return placePortable({ host, portable, release, arch: request.arch, tapprepVersion, emit, now, signal });
    },
    ({ prefix }) => `portable, in ${prefix}`,
  );
}
