/** rpm(8) and the front ends above it: Red Hat, SUSE and what is built on them. Pure. */
import { runAsRoot } from '../make-remedy.ts';
import { shellText } from '../shell-words.ts';
import type { Role } from '../types.ts';
import type { ExactPackage, Need, PackageSystem } from './package-system.ts';

const PARALLEL: ReadonlySet<Role> = new Set([
  'devel',
  'headers',
  'debuginfo',
  'debuginfo-common',
  'debugsource',
  'image',
]);

const LISTED = 'install ok installed\t%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\n';

export const RPM: PackageSystem = {
  family: 'rpm',
  manager: 'rpm',
  extension: '.rpm',
  mirrorKind: 'rpm-md',
  reads: (kind) => kind === 'rpm-md' || kind === 'listing' || kind === 'template',
  frontEnds: ['dnf', 'dnf5', 'zypper', 'yum'],
  listArgv: ['rpm', '-qa', '--queryformat', LISTED],
  isReadAsFile: true,
  isNeverEmpty: true,
  resumeArgv: null,
  unpackingPath: null,
  buildTestArgv: ([program = 'rpm', ...rest]) => [program, '--test', ...rest],
  buildRemoveArgv,
  buildPurgeArgv: () => null,
  buildRemovalTestArgv: ([program = 'rpm', ...rest]) => [program, '--test', ...rest],
  readNeeds,
  buildHoldersArgv: (thing) => ['rpm', '-q', '--queryformat', LISTED, '--whatprovides', ...namesIn(thing)],
  buildUndoArgv: buildRemoveArgv,
  // Written into its database alone.
  buildRegisterArgv: (files) => ['rpm', '-i', '--justdb', '--nodeps', '--noscripts', '--notriggers', ...files],
  knowsCutOff: false,
  buildPathsArgv: (files) => ['rpm', '-qlp', '--nosignature', ...files],
  checkCommand: shellText`rpm -Va --nofiles --nodigest`,
  repair: runAsRoot('rpm --rebuilddb'),
  buildOwnersArgv: (paths) => ['rpm', '-qf', ...paths],
  readUnowned: (words) => [...words.matchAll(/^file (.+) is not owned by any package$/gm)].map(([, path = '']) => path),
  ownerCommand: (path) => shellText`rpm -qf ${path}`,
  canLeaveScriptsOut: true,
  keepsSideBySide: (role) => PARALLEL.has(role),
  addsBeside: true,
  // rpm itself refuses where the installed version does not do.
  isGoodEnough: () => true,
  systemtapPackages: ['systemtap', 'systemtap-client', 'systemtap-devel', 'systemtap-runtime'],
  hasCompilersByVersion: false,
  symbolTableOf: (release) => shellText`/lib/modules/${release}/System.map`,
  hasStubTable: false,
  builderCommand: shellText`rpm -q --qf '%{NAME} %{VENDOR} %{BUILDHOST}\\n' kernel kernel-devel`,
  foreignKernel: /-(?:generic|amd64|arm64|aws|azure|gcp)$/,
  usualFrontEnd: null,
  wordFor: (name, arch, version) => (version === null ? null : `${name}-${version}.${arch}`),
};

/** Plain rpm for every rpm family: dnf and zypper would also take away what they think nobody needs any more. */
function buildRemoveArgv(packages: readonly ExactPackage[]): readonly string[] {
  return [
    'rpm',
    // Without hash marks: rpm 4.4 to 4.9 (EL5, EL6, SLES 11) refuse them while erasing.
    '-ev',
    ...packages.map(({ name, version, arch }) => `${name}-${version.replace(/^\d+:/, '')}.${arch}`),
  ];
}

/** "	gcc >= 4.8 is needed by (installed) kernel-devel-5.14.0-1.el9.x86_64". */
function readNeeds(words: string): readonly Need[] {
  return [...words.matchAll(/^\s+(\S.*) is needed by (?:\(installed\) )?(\S+)$/gm)].map(([, thing = '', by = '']) => ({
    thing,
    by,
  }));
}

/** Without the version; of "(gcc or clang)" each. */
function namesIn(thing: string): readonly string[] {
  const names = thing.startsWith('(') ? thing.split(/[()\s]+/) : [thing.split(' ')[0] ?? ''];
  return names.filter((name) => name !== '');
}
