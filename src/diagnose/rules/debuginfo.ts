/** Symptoms of pass 2: debug information that is missing, another kernel's, or unusable. */
import { kernelName, text, type Rule, type Sight } from '../rule.ts';
import {
  matchingDebuginfo,
  newerKernel,
  otherDebuginfo,
  otherTree,
  wrongVariantDebuginfo,
  wrongVariantDevel,
  type OtherPackage,
} from '../sightings.ts';

/** Two wordings: the build tree follows, before 2.1 without "[man …]". */
export const NO_DEBUGINFO = text('kernel/module debuginfo', /missing (?:\S{1,16} )?kernel\/module debuginfo/);
const NO_DWARF_KERNEL = text(
  'No DWARF information found',
  /cannot find module (?:kernel|vmlinux|\S{0,200}\/vmlinu[xz]\S{0,100}|[a-z][\w-]{0,60}) debuginfo: No DWARF/,
);
const NO_DWARF_FILE = text(
  'No DWARF information found',
  /cannot find module (\/(?!\S{0,200}vmlinu[xz])\S{1,300}) debuginfo: No DWARF/,
);
/** The function was found by the symbol table, and its variables are described nowhere. */
const NO_SCOPE = text('debuginfo scope not found', /debuginfo scope not found for module ["'](?!\/)[\w-]{1,64}["']/);
const HINT_KERNEL = text('debuginfo-install ', /use: (?:dnf )?debuginfo-install [^']{0,400}?\bkernel-\d/);
const HINT_OTHER = text('debuginfo-install ', /use: (?:dnf )?debuginfo-install /);
const NO_TYPE = text('type definition', /type definition ["']?(.{1,80}?)["']? not found in ["']?(\/[^'"\s:]{1,300})/);
const BUILD_ID = text('Build-id mismatch', /Build-id mismatch[^"]{0,60}"([^"]{1,200})"/);
const SYMBOL_TABLE = text('symbol table missing', /Kernel function symbol table missing/);
const NO_URETPROBES = text('process return probes not available');
const ELF_MACHINE = text('mismatch with target', /ELF machine .{1,80} mismatch with target/);

/** What fails behind pass 2 does not fail for want of symbols. */
const LATER_FAILURES = [
  text('compilation failed', /Pass 4: compilation failed/),
  text('kbuild exited with status'),
  text("Couldn't insert module"),
  text('Pass 5: run failed'),
  text('library script', /user script and 0 library script/),
];
/** Tapsets whose probes rest on the kernel's debug information, so that only "no match" is printed without it. */
const RESTS_ON_DWARF = text(
  'while resolving probe point',
  /resolving probe point: identifier ["'](kernel|module|vfs|syscall|tcp|udp|socket|netdev|ioblock|ioscheduler|scheduler|signal|vm|nfs|nfsd|rpc|scsi|tty|generic|kprocess)["']/,
);

const KERNEL_DEBUGINFO = [NO_DEBUGINFO, NO_DWARF_KERNEL, HINT_KERNEL];

/** Modules that come with the kernel everywhere: their debug information is the kernel's own. */
const IN_TREE =
  /^(?:ext[234]|xfs|btrfs|nfs(?:d|v[34])?|lockd|sunrpc|cifs|fuse|overlay|loop|dm_\w+|scsi_\w+|sd_mod|ahci|libata|nvme(?:_core)?|kvm(?:_intel|_amd)?|vhost(?:_net)?|virtio_\w+|e1000e?|igb|ixgbe|i40e|ice|mlx[45]_\w+|bnx2x?|tg3|bonding|bridge|veth|tun|openvswitch|nf_\w+|ip_tables|xt_\w+|iptable_\w+|ipv6|tcp_\w+|usb\w+|snd\w*|iwl\w+|drm\w*|i915|amdgpu|nouveau|raid\w+|md_mod|ceph|rbd|gfs2|dlm|ib_\w+|rdma_\w+)$/;

export const DEBUGINFO_RULES: readonly Rule[] = [
  {
    code: 'DEBUGINFO_MISSING',
    patterns: KERNEL_DEBUGINFO,
    likelihood: (sight) => {
      if (sight.situation.host?.debuginfo.some((one) => one.hasDwarf !== false) === true) return 30;
      if (matchingDebuginfo(sight.situation) !== null) return 40;
      return sight.seen(NO_DEBUGINFO) ? 74 : sight.seen(NO_DWARF_KERNEL) && !sight.seen(SYMBOL_TABLE) ? 58 : 70;
    },
    cause: ({ situation }) =>
      `stap found no debug information of ${kernelName(situation)}: its kernel-debuginfo, -dbg or -dbgsym package is not installed.`,
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: [RESTS_ON_DWARF],
    hints: LATER_FAILURES,
    likelihood: ({ seen, situation }) =>
      seen(NO_DEBUGINFO) ||
      LATER_FAILURES.some(seen) ||
      situation.host?.debuginfo.some((one) => one.hasDwarf === true) === true
        ? 0
        : 46,
    cause: ({ groups, situation }) =>
      `Probes of "${groups[0] ?? 'kernel'}" rest on the debug information of ${kernelName(situation)}; without it stap only says that nothing matched.`,
  },
  {
    code: 'DEBUGINFO_VERSION_MISMATCH',
    patterns: [...KERNEL_DEBUGINFO, RESTS_ON_DWARF],
    likelihood: ({ situation, seen }) => {
      if (otherDebuginfo(situation) === null) return KERNEL_DEBUGINFO.some(seen) ? 25 : 0;
      return newerKernel(situation) === null ? 86 : 76;
    },
    cause: ({ situation }) => {
      const other = otherDebuginfo(situation);
      return other === null
        ? `Debug information may be installed, but not that of ${kernelName(situation)}.`
        : `The debug information that is installed is of ${other.release}, but ${kernelName(situation)} is asked for.`;
    },
    evidence: ({ situation }) => otherDebuginfo(situation)?.lines ?? [],
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [...KERNEL_DEBUGINFO, RESTS_ON_DWARF],
    likelihood: ({ situation }) => reboot(situation.release, newerKernel(situation), otherDebuginfo(situation)),
    cause: ({ situation }) =>
      `${kernelName(situation)} runs, but the newer ${newerKernel(situation)?.release ?? otherDebuginfo(situation)?.release ?? 'kernel'} is installed and the debug information is that one's.`,
    evidence: ({ situation }) => [
      ...(newerKernel(situation)?.lines ?? []),
      ...(otherDebuginfo(situation)?.lines ?? []),
    ],
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [
      NO_DEBUGINFO,
      NO_DWARF_KERNEL,
      text('kernel debuginfo package may be missing'),
      text('systemtap test failed'),
    ],
    likelihood: ({ situation }) => (wrongVariantDebuginfo(situation) === null ? 0 : 90),
    cause: ({ situation }) =>
      `${wrongVariantDebuginfo(situation)?.name ?? 'kernel-debug-debuginfo'} is the debug information of another variant than ${kernelName(situation)}.`,
    evidence: ({ situation }) => wrongVariantDebuginfo(situation)?.lines ?? [],
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [text('kernel-debug-debuginfo'), text('kernel-debug-devel')],
    likelihood: ({ situation }) => {
      if (wrongVariantDebuginfo(situation) !== null || wrongVariantDevel(situation) !== null) return 72;
      return situation.log.packages.some((one) => one.variant === 'debug' && one.installed) ? 45 : 0;
    },
    cause: ({ situation }) => {
      const name = (wrongVariantDebuginfo(situation) ?? wrongVariantDevel(situation))?.name ?? 'A kernel-debug package';
      return `${name} belongs to the debug kernel, but ${kernelName(situation)} is the plain one.`;
    },
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [NO_DWARF_KERNEL],
    likelihood: ({ situation, seen }) => {
      if (situation.host?.debuginfo.some((one) => one.hasDwarf === false) === true) return 88;
      if (matchingDebuginfo(situation) !== null) return 78;
      return seen(SYMBOL_TABLE) ? 48 : 64;
    },
    cause: ({ situation }) =>
      `An image of ${kernelName(situation)} was found, but no debug information that belongs to it: what is there is stripped, split or of another build.`,
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [NO_SCOPE],
    likelihood: ({ seen }) => (seen(NO_DWARF_KERNEL) ? 82 : 60),
    cause: ({ situation }) =>
      `A vmlinux of ${kernelName(situation)} was found and its symbols were read, but it holds no debug information: it is stripped.`,
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [NO_DEBUGINFO],
    likelihood: ({ situation }) => (matchingDebuginfo(situation) === null ? 0 : 60),
    cause: ({ situation }) =>
      `The debug package of ${kernelName(situation)} is installed, but stap does not find usable DWARF in it.`,
    evidence: ({ situation }) => matchingDebuginfo(situation)?.lines ?? [],
  },
  {
    code: 'MODULE_NOT_IN_LIB_MODULES',
    patterns: [NO_DEBUGINFO, NO_DWARF_KERNEL],
    likelihood: (sight) => foreignModule(sight),
    cause: ({ situation }) =>
      `The probed module ${foreignNames(situation.log.probedModules).join(', ')} is none of the kernel's own; stap only knows modules below /lib/modules/${situation.release ?? 'RELEASE'}.`,
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [NO_DWARF_FILE, NO_TYPE],
    likelihood: ({ seen }) => (seen(NO_DEBUGINFO) ? 62 : 86),
    cause: ({ groups, situation }) => {
      const file = groups.find((group) => group?.startsWith('/')) ?? 'a program or library';
      const name = situation.log.userspacePackage;
      return `${file} has no debug information${name === null ? '' : ` (package ${name})`}; the kernel's is not what is missing.`;
    },
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [HINT_OTHER],
    likelihood: ({ situation, seen }) => {
      if (situation.log.userspacePackage === null) return 0;
      return seen(NO_DEBUGINFO) || seen(HINT_KERNEL) ? 35 : 70;
    },
    cause: ({ situation }) =>
      `The debug information of ${situation.log.userspacePackage ?? 'a program'} is not installed.`,
  },
  {
    code: 'DEBUGINFO_VERSION_MISMATCH',
    patterns: [BUILD_ID],
    likelihood: ({ groups }) => (isOfKernel(groups[0]) ? 88 : 0),
    cause: ({ groups }) =>
      `The build-id of the debug information for "${groups[0] ?? 'kernel'}" is not the one in memory: it was made from another build.`,
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [BUILD_ID],
    likelihood: ({ groups }) => (isOfKernel(groups[0]) ? 0 : 80),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The program'} that runs is another build than the one the debug information was made from.`,
  },
  {
    code: 'DEBUGINFO_VERSION_MISMATCH',
    patterns: [ELF_MACHINE],
    likelihood: () => 80,
    cause: () => 'The debug information is of another architecture than the kernel that is asked for.',
  },
  ...(['SYSMAP_STUB', 'SYSMAP_MISSING'] as const).map((code): Rule => ({
    code,
    patterns: [SYMBOL_TABLE, NO_URETPROBES],
    likelihood: (sight) => (stubLikely(sight) === (code === 'SYSMAP_STUB') ? symbolTable(sight) : 0),
    cause: ({ situation }) =>
      code === 'SYSMAP_STUB'
        ? `/boot/System.map-${situation.release ?? 'RELEASE'} is missing or the one-line placeholder that Debian installs, so stap has no symbol table.`
        : `Neither the build tree nor /boot has a System.map of ${kernelName(situation)}, so stap has no symbol table.`,
  })),
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: [SYMBOL_TABLE],
    likelihood: ({ situation }) => (situation.log.releaseOption?.startsWith('/') === true ? 60 : 0),
    cause: ({ situation }) => `The tree ${situation.log.releaseOption ?? ''} has no System.map: it was never compiled.`,
  },
];

/** "kernel", the name of a module, or the path of either; programs and libraries are named by their path as well. */
function isOfKernel(name = 'kernel'): boolean {
  return !name.startsWith('/') || /\/vmlinu[xz]|\/lib\/modules\/|\.ko(?:\.\w+)?$/.test(name);
}

/** Newer debug information suggests a newer kernel; only a kernel that is seen proves it. */
function reboot(release: string | null, kernel: OtherPackage | null, debuginfo: OtherPackage | null): number {
  if (release === null) return 0;
  if (kernel !== null) return debuginfo === null || debuginfo.release === kernel.release ? 82 : 60;
  return debuginfo === null ? 0 : 45;
}

function foreignNames(modules: readonly string[]): readonly string[] {
  return modules.filter((name) => !IN_TREE.test(name.replaceAll('-', '_')));
}

function foreignModule({ situation }: Sight): number {
  const { log, host } = situation;
  if (log.probedModules.length === 0 || foreignNames(log.probedModules).length === 0) return 0;
  const kernelFound =
    host?.debuginfo.some((one) => one.hasDwarf === true) === true || matchingDebuginfo(situation) !== null;
  return kernelFound ? 88 : 78;
}

function stubLikely({ situation }: Sight): boolean {
  const map = situation.host?.systemMap;
  if (map !== undefined) return map?.stub === true;
  return situation.family === 'deb' && situation.log.releaseOption?.startsWith('/') !== true;
}

/** A warning that Debian's stap always prints; it explains a failure of pass 2 where nothing else was said to be missing. */
function symbolTable({ seen, situation }: Sight): number {
  if (LATER_FAILURES.some(seen)) return 25;
  if (seen(NO_DEBUGINFO)) return 44;
  if (seen(NO_DWARF_KERNEL)) return 60;
  return otherTree(situation) === null ? 66 : 60;
}
