/** Which machine a command is about: its seam, its facts, its target. */
import { declareFacts, withRelease } from '../detect/declared-facts.ts';
import { collectFacts, readFactsFile } from '../detect/facts.ts';
import { identifyTarget } from '../detect/target.ts';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { createRootHost } from '../host/root.ts';
import type { HostFacts, Target } from '../types.ts';
import type { Session } from './session.ts';

/** The target options of the command line (design: the same everywhere). */
export interface SubjectOptions {
  readonly kernel: string | null;
  readonly distro: string | null;
  readonly arch: string | null;
  readonly unameV: string | null;
  readonly root: string | null;
  readonly host: string | null;
  readonly facts: string | null;
}

/** A machine as far as it can be reached. */
export interface Place {
  /** null for a machine that is only described (--distro, --facts). */
  readonly host: Host | null;
  readonly facts: HostFacts;
}

export interface Subject extends Place {
  readonly target: Target;
}

/** The machine and its facts, for the kernel that is asked for. @throws TapprepError NOT_A_ROOT, BAD_FACTS, USAGE */
export async function findPlace(session: Session, options: SubjectOptions): Promise<Place> {
  const release = options.kernel;
  if (options.distro !== null) {
    const { distro, arch, unameV } = options;
    return { host: null, facts: declareFacts({ distro, release: release ?? '', arch, unameV }) };
  }
  if (options.facts !== null) {
    const facts = await readFactsFile(options.facts);
    return { host: null, facts: release === null ? facts : withRelease(facts, release) };
  }
  const host = openHost(session, options);
  return { host, facts: await collectFacts(host, { release, signal: session.signal }) };
}

/** The machine with the target that its facts make. @throws TapprepError as identifyTarget */
export async function identifySubject(session: Session, options: SubjectOptions): Promise<Subject> {
  const place = await findPlace(session, options);
  return { ...place, target: identifyTarget(place.facts, { arch: options.arch, unameV: options.unameV }) };
}

/** The subject of a command that changes or runs something there. @throws TapprepError USAGE when it is only described */
export function requireHost(subject: Place, command: string): Host {
  if (subject.host !== null) return subject.host;
  throw new TapprepError('USAGE', `${command} needs a machine to work on, but the target is only described`, {
    hint: 'tapprep bundle, or tapprep rehearse',
  });
}

function openHost(session: Session, options: SubjectOptions): Host {
  if (options.root !== null) return createRootHost(options.root);
  return session.local;
}
