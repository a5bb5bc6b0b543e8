/** What probe.sh printed, as HostFacts. */
import type { BuildTreeFacts, DebuginfoFacts, HostFacts, InstalledPackage, SystemtapFacts } from '../types.ts';
import { findArchitecture } from './architectures.ts';
import { findBuildId, parseBuildId } from './build-id.ts';
import { checkFacts } from './facts-schema.ts';
import { parseLockdown } from './lockdown.ts';
import { identifyOs } from './os-release.ts';
import { parseProbeLines, type ProbeKey, type ProbeRecords } from './probe-lines.ts';
import { isStapCache } from './stap-cache.ts';
import { compareStapVersions, parseStapVersion } from './stap-version.ts';
import { readTrustedKeys } from './trusted-keys.ts';
import { compilerOfProcVersion, parseToolVersion, upstreamNumber } from './toolchain.ts';

/** The CONFIG_ options that SystemTap needs, that forbid it, or that explain a failure; in the order to show them. */
const CONFIG_OPTIONS = [
  'CONFIG_MODULES',
  'CONFIG_MODULE_UNLOAD',
  'CONFIG_MODVERSIONS',
  'CONFIG_MODULE_SIG',
  'CONFIG_MODULE_SIG_FORCE',
  'CONFIG_MODULE_SIG_HASH',
  'CONFIG_KPROBES',
  'CONFIG_KRETPROBES',
  'CONFIG_UPROBES',
  'CONFIG_ARCH_SUPPORTS_UPROBES',
  'CONFIG_UTRACE',
  'CONFIG_TRACEPOINTS',
  'CONFIG_FTRACE',
  'CONFIG_RELAY',
  'CONFIG_DEBUG_FS',
  'CONFIG_PROC_FS',
  'CONFIG_KALLSYMS',
  'CONFIG_KALLSYMS_ALL',
  'CONFIG_PERF_EVENTS',
  'CONFIG_HAVE_HW_BREAKPOINT',
  'CONFIG_BPF_SYSCALL',
  'CONFIG_DEBUG_KERNEL',
  'CONFIG_DEBUG_INFO',
  'CONFIG_DEBUG_INFO_REDUCED',
  'CONFIG_DEBUG_INFO_SPLIT',
  'CONFIG_DEBUG_INFO_BTF',
  'CONFIG_DEBUG_INFO_DWARF4',
  'CONFIG_DEBUG_INFO_DWARF5',
  'CONFIG_RETPOLINE',
  'CONFIG_MITIGATION_RETPOLINE',
  'CONFIG_TRIM_UNUSED_KSYMS',
  'CONFIG_UNWINDER_ORC',
  'CONFIG_X86_KERNEL_IBT',
  'CONFIG_CFI_CLANG',
  'CONFIG_RANDSTRUCT',
  'CONFIG_GCC_PLUGIN_RANDSTRUCT',
  'CONFIG_SECURITY_LOCKDOWN_LSM',
  'CONFIG_LOCK_DOWN_KERNEL',
  'CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT',
  'CONFIG_INTEGRITY_PLATFORM_KEYRING',
  'CONFIG_INTEGRITY_MACHINE_KEYRING',
  'CONFIG_INTEGRITY_CA_MACHINE_KEYRING',
  'CONFIG_PREEMPT_RT',
  // Of the patches before Linux 5.4.
  'CONFIG_PREEMPT_RT_FULL',
  'CONFIG_SMP',
] as const;

/** Debian installs a System.map of one line that only names the debug package; a real one has tens of thousands. */
const STUB_BYTES = 4096;

/**
 * Parses the output of probe.sh.
 * @param source what to call the text in an error
 * @throws TapprepError BAD_FACTS with the line or the field and the reason
 */
export function parseProbeOutput(text: string, source = 'probe output'): HostFacts {
  const records = parseProbeLines(text, source);
  const isHost = records.one('source') === 'host';
  const release = records.one('release');
  const installed = readPackages(records);
  const configFrom = records.one('config-from');
  const facts = {
    schema: 'tapprep-facts/1',
    source: records.one('source'),
    root: records.one('root'),
    os: identifyOs(readFiles(records, 'file')),
    kernel: {
      release,
      unameV: isHost && release === records.one('uname-r') ? records.one('uname-v') : null,
      arch: isHost ? records.one('uname-m') : (machineOf(installed) ?? records.one('uname-m')),
      running: isHost && release !== null && release === records.one('uname-r'),
      buildId: findBuildId(Buffer.from(records.one('notes') ?? '', 'hex')),
      vermagic: trimmed(records.one('vermagic')),
      procVersion: records.one('proc-version'),
      versionSignature: records.one('version-signature'),
      compiler: readKernelCompiler(records, isHost && release === records.one('uname-r')),
      installedReleases: column(records, 'module-dir'),
      cmdline: trimmed(records.one('cmdline')),
    },
    packageManager: records.one('manager'),
    frontends: column(records, 'frontend'),
    kernelPackages: installed.filter(({ name }) => KERNEL_PACKAGE.test(name)),
    packages: installed.map(({ name, version, arch }) => ({ name, version, arch })),
    buildTree: readBuildTree(records),
    debuginfo: records.all('debuginfo').map((values) => readDebuginfo(values)),
    systemMap: readSystemMap(records),
    compiler: readTool(records, 'cc', 'cc-v', ['gcc', 'clang'], installed),
    make: readTool(records, 'make', 'make-v', ['make'], installed),
    systemtap: readSystemtap(records, installed),
    security: readSecurity(records),
    config: readConfig(records, configFrom !== null),
    configFrom,
    user: { uid: number(records.one('uid')), name: records.one('user'), groups: column(records, 'group') },
    space: records.all('space').map(([path, kilobytes = '', inodes = '', writable]) => ({
      path,
      freeBytes: number(kilobytes) * 1024,
      freeInodes: inodes === '-' ? null : number(inodes),
      writable: writable === 'yes',
    })),
    repositories: [...readFiles(records, 'repo')].map(([path, text]) => ({ path, text })),
  };
  return checkFacts(facts, source);
}

/** Packages that tell about kernels, their headers and debug information, SystemTap, and what compiles its modules. */
const KERNEL_PACKAGE =
  /^(kernel|linux-(image|headers|kbuild|modules|binary|compiler|bpf)|pve-(kernel|headers)|proxmox-(kernel|headers|default)|raspberrypi-kernel|systemtap|elfutils|gcc(-\d+)?$|cpp(-\d+)?$|make$|binutils$|clang|libelf|libdw|pahole|dwarves)/;

function readPackages(records: ProbeRecords): readonly InstalledPackage[] {
  return records.all('pkg').map(([name = '', version = '', arch = '', vendor, buildTime, buildHost]) => ({
    name,
    version,
    arch,
    vendor: known(vendor),
    buildTime: known(buildTime) === null ? null : number(buildTime ?? ''),
    buildHost: known(buildHost),
  }));
}

/** rpm prints "(none)" for a tag that the package does not have. */
function known(value: string | undefined): string | null {
  return value === undefined || value === '' || value === '(none)' || value === '-' ? null : value;
}

function machineOf(packages: readonly InstalledPackage[]): string | null {
  const base = packages.find(
    ({ name, arch }) => /^(dpkg|glibc|libc6)$/.test(name) && arch !== 'all' && arch !== 'noarch',
  );
  return base === undefined ? null : (findArchitecture(base.arch)?.machine ?? base.arch);
}

function readKernelCompiler(records: ProbeRecords, isRunning: boolean): string | null {
  const text = records.all('config').find(([name]) => name === 'CONFIG_CC_VERSION_TEXT')?.[1];
  if (text !== undefined) return text.replaceAll('"', '');
  return isRunning ? compilerOfProcVersion(records.one('proc-version') ?? '') : null;
}

function readBuildTree(records: ProbeRecords): BuildTreeFacts | null {
  const link = records.one('build-link');
  if (link === null) return null;
  return {
    link,
    linksTo: records.one('build-linksto'),
    exists: records.one('build-exists') === 'yes',
    hasConfig: records.one('build-config') === 'yes',
    hasModuleSymvers: records.one('build-symvers') === 'yes',
    hasMakefile: records.one('build-makefile') === 'yes',
    release: records.one('build-release'),
    utsVersion: records.one('build-uts'),
    compileHost: records.one('build-host'),
    ownerPackage: records.one('build-owner'),
  };
}

function readDebuginfo([path = '', size = '', buildId = '', dwarf, owner]: readonly string[]): DebuginfoFacts {
  return {
    path,
    sizeBytes: number(size),
    buildId: parseBuildId(buildId),
    hasDwarf: dwarf === 'yes' ? true : dwarf === 'no' ? false : null,
    ownerPackage: known(owner),
  };
}

/** stap looks into the build tree and /boot; Debian's looks among debug information too, since 5.1. */
function readSystemMap(records: ProbeRecords): HostFacts['systemMap'] {
  const stap = parseStapVersion(column(records, 'stap-v'))?.version;
  const looksFurther = stap === undefined || compareStapVersions(stap, '5.1') >= 0;
  const maps = records
    .all('system-map')
    .map(([path = '', size = '']) => ({ path, stub: number(size) < STUB_BYTES }))
    .filter(({ path }) => looksFurther || !path.startsWith('/usr/lib/debug/'));
  return maps.find(({ stub }) => !stub) ?? maps[0] ?? null;
}

function readTool(
  records: ProbeRecords,
  key: ProbeKey,
  versionKey: ProbeKey,
  packageNames: readonly string[],
  installed: readonly InstalledPackage[],
): HostFacts['compiler'] {
  const path = records.one(key);
  if (path === null) return null;
  const printed = parseToolVersion(records.one(versionKey) ?? '');
  // A root of another architecture cannot run its programs; the package database knows as well.
  const version = printed ?? versionOfPackage(packageNames, installed);
  return version === null ? null : { path, version };
}

function versionOfPackage(names: readonly string[], installed: readonly InstalledPackage[]): string | null {
  const found = installed.find(({ name }) => names.includes(name));
  return found === undefined ? null : upstreamNumber(found.version);
}

function readSystemtap(records: ProbeRecords, installed: readonly InstalledPackage[]): SystemtapFacts | null {
  const path = records.one('stap');
  if (path === null) return null;
  const stap = parseStapVersion(column(records, 'stap-v'));
  const staprun = parseStapVersion(column(records, 'staprun-v'));
  const staprunPath = records.one('staprun');
  return {
    path,
    version: stap?.version ?? versionOfPackage(['systemtap', 'systemtap-client'], installed),
    testedKernels: stap?.testedKernels ?? null,
    package: known(records.one('stap-owner') ?? undefined),
    staprunPath,
    staprunVersion:
      staprunPath === null ? null : (staprun?.version ?? versionOfPackage(['systemtap-runtime'], installed)),
    staprunMode: records.one('staprun-mode'),
    tapsetCount: optionalNumber(records.one('tapset-count')),
    examplesPath: records.one('examples'),
    // HOME and TMPDIR may be anything; a place of which no command may be made is left out, and the rest counts.
    cachePaths: column(records, 'stap-cache').filter(isStapCache),
    temporaryPaths: column(records, 'stap-tmp').filter((place) => place.startsWith('/')),
    moduleDirectory: records.one('stap-module-dir') === 'yes',
  };
}

function readSecurity(records: ProbeRecords): HostFacts['security'] {
  const selinux = records.one('selinux');
  return {
    lockdown: parseLockdown(records.one('lockdown') ?? ''),
    secureBoot: readSecureBoot(records),
    efi: records.one('efi') === null ? null : records.one('efi') === 'yes',
    trustedKeys: readTrustedKeys(records),
    moduleSigEnforce: flag(records.one('sig-enforce')),
    modulesDisabled: flag(records.one('modules-disabled')),
    fips: flag(records.one('fips')),
    kptrRestrict: optionalNumber(records.one('kptr-restrict')),
    container: records.one('container'),
    wsl: records.one('wsl') === 'yes',
    selinux: selinux === null ? null : selinux === '1' ? 'enforcing' : 'permissive',
  };
}

/** Firmware whose variables can be read and that has none of it has no Secure Boot. */
function readSecureBoot(records: ProbeRecords): boolean | null {
  const value = flag(records.one('secure-boot'));
  return value === null && records.one('efivars') === 'yes' ? false : value;
}

function readConfig(records: ProbeRecords, isKnown: boolean): Readonly<Record<string, string | null>> {
  const printed = new Map(records.all('config').map(([name = '', value = '']) => [name, value]));
  // What a config file does not set is off.
  return Object.fromEntries(CONFIG_OPTIONS.map((name) => [name, isKnown ? (printed.get(name) ?? 'n') : null]));
}

function readFiles(records: ProbeRecords, key: ProbeKey): ReadonlyMap<string, string> {
  const lines = new Map<string, string[]>();
  for (const [path = '', line = ''] of records.all(key)) {
    const seen = lines.get(path);
    if (seen === undefined) lines.set(path, [line]);
    else seen.push(line);
  }
  return new Map([...lines].map(([path, content]) => [path, `${content.join('\n')}\n`]));
}

function column(records: ProbeRecords, key: ProbeKey): readonly string[] {
  return records.all(key).map(([value = '']) => value);
}

function trimmed(text: string | null): string | null {
  return text === null ? null : text.trim();
}

function flag(text: string | null): boolean | null {
  return text === null ? null : /^[1Yy]/.test(text);
}

/** NaN for anything else; the schema refuses it by its path. */
function number(text: string | null): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function optionalNumber(text: string | null): number | null {
  return text === null ? null : number(text);
}
