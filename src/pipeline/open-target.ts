/** From the options that name a target to the host that can be asked, the facts that are known of it, and the target. */
import { resolve } from 'node:path';
import { OWN_PATH } from '../detect/own-kernel.ts';
import { escapeControl, isErrno, isTapprepError, TapprepError } from '../errors.ts';
import { wordsOf } from '../diagnose/place.ts';
import { quoteCommand, shellLine, shellText } from '../shell-words.ts';
import { run } from '../make-remedy.ts';
import { type Host, isRemote } from '../host/host.ts';
import type { KeyPlace } from '../mirrors/own-sources.ts';
import type { Forms } from '../detect/target.ts';
import type { HostFacts, OwnKernel, Target, TargetOptions } from '../types.ts';

/** A host that was observed. */
export interface OpenHost {
  /** Null for a host that is not here: one that is declared or only known by its facts. */
  readonly host: Host | null;
  readonly facts: HostFacts;
  /** @see SourceOwner */
  readonly keys?: KeyPlace;
}

/** The same, with what its facts make of it. */
export interface OpenTarget extends OpenHost {
  readonly target: Target;
}

/** What reaching another machine needs. */
export interface SshAccess {
  /** ssh -F; null for the user's own configuration. */
  readonly configFile: string | null;
  /** The password that sudo wants on that machine; null where nobody can tell it. */
  readonly sudoPassword: (place: string) => Promise<string | null>;
  /** Takes what has to be done when the command ends. */
  readonly atEnd: (close: () => Promise<void>) => void;
}

export interface OpenOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly ssh: SshAccess;
  /** A dry run: nothing on the host may be changed. */
  readonly isDryRun?: boolean;
}

/** look: as whoever logs in; root: another machine is entered with root rights, this one as it is. */
export type Entry = 'look' | 'root';

/**
 * Finds the host and observes it. Nothing there is changed.
 * @throws TapprepError USAGE, NOT_A_ROOT, BAD_FACTS, TIMEOUT, INTERRUPTED, as createSshHost, NOT_ROOT
 */
export async function openHost(options: OpenOptions, choice: TargetOptions, entry: Entry = 'look'): Promise<OpenHost> {
  requirePlace(choice);
  if ((choice.banner ?? null) !== null) return openBanner(options, choice, choice.banner ?? '', entry);
  const { kernel, distro, arch, unameV } = choice;
  if (distro !== null) {
    const { declareFacts } = await import('../detect/declared-facts.ts');
    return { host: null, facts: declareFacts({ distro, release: kernel ?? '', arch, unameV }) };
  }
  const { collectFacts, readFactsFile } = await import('../detect/facts.ts');
  if (choice.facts !== null) {
    const { withRelease } = await import('../detect/declared-facts.ts');
    const facts = await readFactsFile(resolve(options.cwd, choice.facts));
    return { host: null, facts: kernel === null ? facts : withRelease(facts, kernel) };
  }
  const opened = await reachHost(options, choice, entry);
  const host = options.isDryRun === true ? (await import('../host/read-only.ts')).readOnly(opened) : opened;
  const own = readOwnKernel(choice, host, options.cwd);
  const facts = await collectFacts(host, {
    release: kernel,
    otherwise: choice.elseKernel,
    own,
    signal: options.signal,
  });
  requireOwn(facts, host);
  return { host, facts: await withChosen(host, await withImageBuildId(host, facts)) };
}

/** A tree lies on a machine. @throws TapprepError USAGE where the target is only described */
function requirePlace({
  buildTree = null,
  vmlinux = null,
  host,
  root,
  facts,
  distro,
  banner = null,
}: TargetOptions): void {
  const words = wordsOf({ buildTree, vmlinux });
  const described = facts === null ? (distro === null ? '--banner' : '--distro') : '--facts';
  const isDescribed = facts !== null || distro !== null || (banner !== null && host === null && root === null);
  if (!isDescribed || (buildTree === null && vmlinux === null)) return;
  throw new TapprepError(
    'USAGE',
    `${words[0]} names something that lies on the target, but ${described} only describes one`,
    {
      remedy: run(shellText`${quoteCommand(['tapprep', 'detect', ...words, '--json'])} >facts.json`),
      hint: 'then here: --facts facts.json',
    },
  );
}

/** @throws TapprepError USAGE for a path that neither the probe nor kbuild takes */
function readOwnKernel(
  { buildTree = null, vmlinux = null }: TargetOptions,
  host: Host,
  cwd: string,
): OwnKernel | undefined {
  if (buildTree === null && vmlinux === null) return undefined;
  const read = (option: string, path: string | null): string | null => {
    if (path === null) return null;
    const whole = host.kind === 'local' ? resolve(cwd, path) : path.replace(/(?<=.)\/+$/, '');
    if (OWN_PATH.test(whole)) return whole;
    throw new TapprepError(
      'USAGE',
      `${option} takes an absolute path on the target without blanks and colons, as kbuild does, but "${escapeControl(path)}" was given`,
    );
  };
  return { buildTree: read('--build-tree', buildTree), vmlinux: read('--vmlinux', vmlinux) };
}

/** @throws TapprepError BAD_BUILD_TREE where what was named is not there */
function requireOwn({ own, buildTree, debuginfo, kernel }: HostFacts, host: Host): void {
  if (own === undefined) return;
  if (own.buildTree !== null && buildTree?.exists !== true) {
    const why =
      kernel.release === null
        ? 'does not say which kernel it is for, and --kernel was not given'
        : `is no directory on ${host.name}`;
    throw new TapprepError('BAD_BUILD_TREE', `--build-tree ${own.buildTree} ${why}`, {
      remedy: run(shellLine`ls -d ${own.buildTree}/include/generated/utsrelease.h`),
    });
  }
  if (own.vmlinux !== null && !debuginfo.some(({ path }) => path === own.vmlinux))
    throw new TapprepError('BAD_BUILD_TREE', `--vmlinux ${own.vmlinux} is no file on ${host.name} that can be read`, {
      remedy: run(shellLine`ls -l ${own.vmlinux}`),
    });
}

/** Where a SystemTap of tapprep's own was proven for the kernel, it is the one that counts. */
async function withChosen(host: Host, facts: HostFacts): Promise<HostFacts> {
  const { release } = facts.kernel;
  if (release === null) return facts;
  const { readChosen } = await import('../systemtap/chosen.ts');
  const chosen = await readChosen(host, release);
  if (chosen.kind !== 'chosen') return facts;
  const { ASKING_ENV, parseStapVersion } = await import('../detect/stap-version.ts');
  const { place, version, hello } = chosen.record;
  const said = await host.run([`${place}/bin/stap`, '-V'], { timeoutMs: 60_000, env: ASKING_ENV });
  const parsed = parseStapVersion(`${said.stdout}\n${said.stderr}`.split('\n'));
  return {
    ...facts,
    systemtap: {
      examplesPath: null,
      cachePaths: [],
      temporaryPaths: [],
      moduleDirectory: false,
      ...facts.systemtap,
      path: `${place}/bin/stap`,
      version,
      testedKernels: parsed?.testedKernels ?? null,
      package: null,
      staprunPath: `${place}/bin/staprun`,
      staprunVersion: version,
      // Root's alone: a portable staprun is not set-uid.
      staprunMode: null,
      tapsetCount: null,
      hello,
    },
  };
}

/**
 * The machine that a banner is of: one that is not here, or the one that is named beside it, which it must not contradict.
 * @throws TapprepError USAGE
 */
async function openBanner(options: OpenOptions, choice: TargetOptions, given: string, entry: Entry): Promise<OpenHost> {
  const { readBanner } = await import('./read-banner.ts');
  const { targetOfBanner } = await import('../detect/banner.ts');
  const banner = await readBanner(given, options.cwd, options.signal);
  if (choice.root === null && choice.host === null && choice.facts === null) {
    const told = targetOfBanner(banner, choice);
    const { declareFacts } = await import('../detect/declared-facts.ts');
    const facts = declareFacts(told);
    return { host: null, facts: { ...facts, kernel: { ...facts.kernel, procVersion: banner.text } } };
  }
  const kernel = choice.kernel ?? banner.release;
  const open = await openHost(options, { ...choice, banner: null, kernel }, entry);
  const { os, kernel: seen } = open.facts;
  const distro = os.id === null ? null : `${os.id}${os.versionId === null ? '' : `:${os.versionId}`}`;
  targetOfBanner(banner, { ...choice, kernel, distro, unameV: seen.unameV ?? choice.unameV });
  return { ...open, facts: { ...open.facts, kernel: { ...seen, unameV: banner.unameV, procVersion: banner.text } } };
}

/** A kernel that does not run says its build-id in its image, where that lies here and can be read. */
async function withImageBuildId(host: Host, facts: HostFacts): Promise<HostFacts> {
  const { release, buildId } = facts.kernel;
  if (release === null || buildId !== null || isRemote(host)) return facts;
  const { findKernelImage, readImageBuildId } = await import('../verify/build-id.ts');
  try {
    const image = await findKernelImage(host, release, facts.own);
    return image === null ? facts : { ...facts, kernel: { ...facts.kernel, buildId: await readImageBuildId(image) } };
  } catch (error) {
    // Not its word against anything: what cannot be read is not known.
    if (isTapprepError(error, 'BAD_PACKAGE') || isTapprepError(error, 'TOOL_MISSING')) return facts;
    if (isTapprepError(error, 'PERMISSION') || isErrno(error, 'EACCES')) return facts;
    throw error;
  }
}

/**
 * As openHost, with the target that the facts make: of any form, unless `forms` says otherwise, for it is an index that
 * decides. @throws TapprepError as openHost and identifyTarget
 */
export async function openTarget(
  options: OpenOptions,
  choice: TargetOptions,
  entry: Entry = 'look',
  forms: Forms = 'any',
): Promise<OpenTarget> {
  const open = await openHost(options, choice, entry);
  const { identifyTarget } = await import('../detect/target.ts');
  const { release } = open.facts.kernel;
  const override = { ...(release === null ? {} : { release }), arch: choice.arch, unameV: choice.unameV };
  return { ...open, target: identifyTarget(open.facts, override, forms) };
}

/**
 * The target as the pattern of a root that is made and run on this machine: what it names may be asked, but no key that it
 * brings is believed here, unless it is this machine.
 */
export function asPattern<Open extends OpenHost>(open: Open): Open {
  return { ...open, keys: open.keys ?? (open.host?.kind === 'local' ? 'target' : 'here') };
}

/** The host of a command that changes or runs something there. @throws TapprepError USAGE when it is only described */
export function requireHost({ host }: OpenHost, command: string): Host {
  if (host !== null) return host;
  throw new TapprepError('USAGE', `${command} needs a machine to work on, but the target is only described`, {
    hint: 'tapprep bundle --help, or tapprep rehearse --help',
  });
}

/** Whether the commands of a host have root rights. @param isRootHere whether this process has them */
export function hasRootRights(host: Host, isRootHere: boolean): boolean {
  return isRemote(host) ? host.uid === 0 : isRootHere;
}

async function reachHost({ cwd, signal, ssh }: OpenOptions, choice: TargetOptions, entry: Entry): Promise<Host> {
  if (choice.host !== null) {
    const { createSshHost } = await import('../host/ssh.ts');
    const { configFile, sudoPassword } = ssh;
    const host = await createSshHost({ destination: choice.host, configFile }, { signal, sudoPassword });
    ssh.atEnd(() => host.close());
    return entry === 'root' ? host.asRoot() : host;
  }
  if (choice.root !== null) {
    const { createRootHost } = await import('../host/root.ts');
    return createRootHost(resolve(cwd, choice.root));
  }
  const { createLocalHost } = await import('../host/local.ts');
  return createLocalHost();
}
