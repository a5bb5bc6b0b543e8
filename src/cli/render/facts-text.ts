/** Facts and target as text for people: one topic a line, only what is known. */
import type { HostFacts, Target } from '../../types.ts';
import { formatBytes } from './progress-text.ts';
import { forFamily } from '../../package-system/systems.ts';

type Row = readonly [label: string, value: string | null];

/** The text of `tapprep detect`; foreign control characters are escaped. */
export function renderFacts(facts: HostFacts, target: Target | null): string {
  const rows: readonly Row[] = [
    ...describeSystem(facts),
    ...describeKernel(facts),
    ['target', target === null ? 'not identified' : describeTarget(target)],
    ['packages', describePackages(facts)],
    ['build tree', describeBuildTree(facts)],
    ['debuginfo', describeDebuginfo(facts)],
    ['System.map', describeSystemMap(facts)],
    ['compiler', describeTool(facts, 'compiler')],
    ['make', describeTool(facts, 'make')],
    ['SystemTap', describeSystemtap(facts)],
    ['config', describeConfig(facts)],
    ['security', describeSecurity(facts)],
    ['user', facts.source === 'host' ? `${facts.user.name ?? facts.user.uid}: ${facts.user.groups.join(' ')}` : null],
    ['free space', describeSpace(facts)],
    ['sources', facts.repositories.map(({ path }) => path).join(', ') || null],
  ];
  const lines = rows.flatMap(([label, value]) => (value === null ? [] : [`${label.padEnd(14)}${value}`]));
  return `${lines.join('\n')}\n`;
}

const WHERE = {
  host: () => 'a running host',
  root: ({ root }: HostFacts) => `the system in ${root ?? '?'}, not running`,
  declared: () => 'declared, not observed',
} as const satisfies Record<HostFacts['source'], (facts: HostFacts) => string>;

function describeSystem(facts: HostFacts): readonly Row[] {
  const { os } = facts;
  const name = os.prettyName ?? [os.id, os.versionId].filter((part) => part !== null).join(' ');
  return [
    ['system', `${name || 'unknown distribution'}${os.from === null ? '' : ` (${os.from})`}`],
    ['seen', WHERE[facts.source](facts)],
  ];
}

function describeKernel({ kernel }: HostFacts): readonly Row[] {
  const others = kernel.installedReleases.filter((release) => release !== kernel.release);
  return [
    ['kernel', `${kernel.release ?? 'not known'} ${kernel.arch}${kernel.running ? ', running' : ''}`],
    ['version', kernel.unameV],
    ['build-id', kernel.buildId],
    ['vermagic', kernel.vermagic],
    ['built with', kernel.compiler],
    ['other kernels', others.length === 0 ? null : others.join(', ')],
  ];
}

function describeTarget(target: Target): string {
  return forFamily(target, {
    rpm: ({ stem, versionRelease, packageArch, variant }) =>
      `${stem} ${versionRelease} ${packageArch}${variant === null ? '' : `, variant ${variant}`}`,
    deb: ({ packageVersion, flavour, packageArch }) =>
      `${packageVersion ?? 'package version known to the index only'}, flavour ${flavour}, ${packageArch}`,
  });
}

function describePackages({ packageManager, frontends, packages }: HostFacts): string | null {
  if (packageManager === null) return null;
  const through = frontends.length === 0 ? 'no frontend that starts' : frontends.join(', ');
  return `${packages.length} by ${packageManager} (${through})`;
}

function describeBuildTree({ buildTree, source }: HostFacts): string | null {
  if (buildTree === null) return source === 'declared' ? null : 'none';
  const { link, linksTo, exists, release, ownerPackage } = buildTree;
  if (!exists) return `${link} leads to ${linksTo ?? 'nothing'}, which does not exist`;
  const lacking = [
    buildTree.hasConfig ? null : '.config',
    buildTree.hasModuleSymvers ? null : 'Module.symvers',
    buildTree.hasMakefile ? null : 'Makefile',
  ].filter((name) => name !== null);
  const state = lacking.length === 0 ? 'complete' : `lacks ${lacking.join(', ')}`;
  return `${state}, of ${release ?? 'an unknown release'}, from ${ownerPackage ?? 'no package'}`;
}

function describeDebuginfo({ debuginfo, source }: HostFacts): string | null {
  if (debuginfo.length === 0) return source === 'declared' ? null : 'none';
  return debuginfo
    .map(
      ({ path, sizeBytes, hasDwarf }) => `${path} ${formatBytes(sizeBytes)}${hasDwarf === false ? ', no DWARF' : ''}`,
    )
    .join('; ');
}

function describeSystemMap({ systemMap }: HostFacts): string | null {
  return systemMap === null ? null : `${systemMap.path}${systemMap.stub ? ', only a stub' : ''}`;
}

function describeTool(facts: HostFacts, which: 'compiler' | 'make'): string | null {
  const tool = facts[which];
  if (tool !== null) return `${tool.path} ${tool.version}`;
  return facts.source === 'declared' ? null : 'none';
}

function describeSystemtap({ systemtap, source }: HostFacts): string | null {
  if (systemtap === null) return source === 'declared' ? null : 'not installed';
  const tested = systemtap.testedKernels === null ? '' : `, tested with kernels ${systemtap.testedKernels}`;
  return `${systemtap.version ?? 'unknown version'} at ${systemtap.path}${tested}`;
}

/** Options that decide whether a module with probes can work at all. */
const DECISIVE = ['MODULES', 'MODULE_UNLOAD', 'KPROBES', 'UPROBES', 'DEBUG_FS', 'RELAY', 'KALLSYMS', 'TRACEPOINTS'];

function describeConfig({ config, configFrom }: HostFacts): string | null {
  if (configFrom === null) return null;
  const off = DECISIVE.filter((name) => config[`CONFIG_${name}`] === 'n');
  return `${configFrom}${off.length === 0 ? '' : `, off: ${off.join(', ')}`}`;
}

function describeSecurity({ security }: HostFacts): string | null {
  const words = [
    security.lockdown === null || security.lockdown === 'none' ? null : `lockdown ${security.lockdown}`,
    security.secureBoot === true ? 'Secure Boot' : null,
    security.moduleSigEnforce === true ? 'module signatures enforced' : null,
    security.modulesDisabled === true ? 'module loading switched off' : null,
    security.fips === true ? 'FIPS mode' : null,
    security.selinux === null ? null : `SELinux ${security.selinux}`,
    security.container === null ? null : `in a ${security.container} container`,
    security.wsl ? 'WSL' : null,
  ].filter((word) => word !== null);
  return words.length === 0 ? null : words.join(', ');
}

/** Places on one file system have the same free space and share a line. */
function describeSpace({ space }: HostFacts): string | null {
  const places = new Map<string, string[]>();
  for (const { path, freeBytes, writable } of space) {
    const free = formatBytes(freeBytes);
    places.set(free, [...(places.get(free) ?? []), `${path}${writable ? '' : ' (not writable)'}`]);
  }
  return places.size === 0 ? null : [...places].map(([free, paths]) => `${free} for ${paths.join(' ')}`).join('; ');
}
