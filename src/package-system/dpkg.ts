/** dpkg(1): Debian and what is built on it. Pure. */
import { posix } from 'node:path';
import { run } from '../make-remedy.ts';
import { shellText } from '../shell-words.ts';
import { compareDebVersions } from '../version/deb-vercmp.ts';
import type { ExactPackage, Need, PackageSystem, RemovalContext } from './package-system.ts';

// One word of the status has a name of its own since 1.17.11 only; before, nothing is printed for that.
const LIST_ARGV = ['dpkg-query', '--show', '--showformat=${Status}\t${Package}\t${Version}\t${Architecture}\n'];

export const DPKG: PackageSystem = {
  family: 'deb',
  manager: 'dpkg',
  extension: '.deb',
  mirrorKind: 'deb',
  reads: (kind) => kind === 'deb' || kind === 'launchpad',
  // tapprep brings what packages need itself, in the order that dpkg wants them.
  frontEnds: [],
  listArgv: LIST_ARGV,
  isReadAsFile: false,
  isNeverEmpty: false,
  resumeArgv: ['dpkg', '--configure', '--pending'],
  unpackingPath: '/var/lib/dpkg/tmp.ci',
  buildTestArgv,
  buildRemoveArgv: (packages, context) => ['dpkg', ...buildRemoval(packages, context)],
  buildPurgeArgv,
  // Nothing is staged where a log of its own could lie: it has none.
  buildRemovalTestArgv: ([program = 'dpkg', ...rest]) => [program, '--no-act', '--log=', ...rest],
  readNeeds,
  buildHoldersArgv: (thing) => [...LIST_ARGV, thing],
  // A package that was cut off while it was unpacked leaves only by force.
  buildUndoArgv: (packages, context) => ['dpkg', '--force-remove-reinstreq', ...buildRemoval(packages, context)],
  buildRegisterArgv: (files) => ['dpkg', '--force-depends', '--unpack', ...files],
  knowsCutOff: true,
  buildPathsArgv: null,
  checkCommand: shellText`dpkg --audit`,
  repair: run('dpkg --audit'),
  buildOwnersArgv: (paths) => ['dpkg', '-S', ...paths],
  // Before 1.15 "dpkg: /a/path not found."; for a while the other ended with a full stop, too.
  readUnowned: (words) =>
    [...words.matchAll(/^dpkg(?:-query)?: (?:no path found matching pattern (.+?)\.?|(.+) not found\.)$/gm)].map(
      ([, path, older = '']) => path ?? older,
    ),
  ownerCommand: (path) => shellText`dpkg -S ${path}`,
  canLeaveScriptsOut: false,
  keepsSideBySide: () => false,
  addsBeside: false,
  // Its dependencies name versions, so a newer one does as well and an older one may not.
  isGoodEnough: (there, wanted) => compareDebVersions(there, wanted) > 0,
  systemtapPackages: ['systemtap', 'systemtap-client', 'systemtap-common', 'systemtap-runtime'],
  hasCompilersByVersion: true,
  symbolTableOf: (release) => shellText`/usr/lib/debug/boot/System.map-${release}`,
  hasStubTable: true,
  builderCommand: null,
  foreignKernel: /\.(?:el|fc|amzn)\d/,
  usualFrontEnd: 'apt-get',
  wordFor: (name) => name,
};

/** Its log tells what was done, a dry run too: that one has its own, which goes with the staged files. */
function buildTestArgv([program = 'dpkg', ...rest]: readonly string[]): readonly string[] {
  return [program, '--dry-run', `--log=${posix.dirname(rest.at(-1) ?? '/')}/dry-run.log`, ...rest];
}

/** "dpkg: dependency problems prevent removal of gcc:" and, below it, " build-essential depends on gcc (>= 4:10); however:". */
function readNeeds(words: string): readonly Need[] {
  let thing: string | undefined;
  return words.split('\n').flatMap((line) => {
    if (!line.startsWith(' ')) thing = / prevent removal of (\S+):$/.exec(line)?.[1];
    const by = /^ (\S+)(?: \(\S+\))? (?:pre-)?depends on /.exec(line)?.[1];
    return thing === undefined || by === undefined ? [] : [{ thing, by }];
  });
}

/** All in one command, for they need each other; where the configuration of one stays, no other goes with it. */
function buildRemoval(packages: readonly ExactPackage[], context: RemovalContext): readonly string[] {
  const keeps = packages.some((item) => isConfigured(item, context));
  return [keeps ? '--remove' : '--purge', ...packages.map((item) => nameExactly(item, context))];
}

function buildPurgeArgv(packages: readonly ExactPackage[], context: RemovalContext): readonly string[] | null {
  const others = packages.filter((item) => !isConfigured(item, context));
  if (others.length === packages.length || others.length === 0) return null;
  return ['dpkg', '--purge', ...others.map((item) => nameExactly(item, context))];
}

function isConfigured({ name, arch }: ExactPackage, { configured }: RemovalContext): boolean {
  return configured.some((one) => one.name === name && one.arch === arch);
}

/** dpkg before 1.16.2 takes no NAME:ARCH, and knows no name twice. */
function nameExactly({ name, arch }: ExactPackage, { known }: RemovalContext): string {
  return arch === 'all' || known.filter((one) => one.name === name).length < 2 ? name : `${name}:${arch}`;
}
