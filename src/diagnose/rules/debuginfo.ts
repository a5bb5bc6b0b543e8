/** Symptoms of pass 2: debug information that is missing, another kernel's, or unusable. */
import { ASK_DEBUGINFOD, CHECK_SOURCES, EMPTY_CACHE, reinstall, run, tapprepAsRoot } from '../../make-remedy.ts';
import { lackedOption, LACKS_OPTION } from './compile.ts';
import { quoteWord, shellLine, shellText } from '../../shell-words.ts';
import { debuginfoOfPackages, debuginfoOfProgram, installDebuginfo } from '../common-remedies.ts';
import { type Grade, kernelName, releaseWord, text, type Pattern, type Rule, type Match } from '../rule.ts';
import {
  matchingDebuginfo,
  newerDebuginfo,
  newerKernel,
  otherDebuginfo,
  wrongVariantDebuginfo,
  wrongVariantDevel,
  type OtherPackage,
} from '../other-packages.ts';

/**
 * By age: the build tree follows, before 2.1 without "[man …]"; before 0.9 the release and the architecture, then neither, then the name of
 * the function of elfutils that looked for it, and at first what it had not reported.
 */
export const NO_KERNEL_DEBUGINFO: readonly Pattern[] = [
  text('libdwfl failure (missing', /libdwfl failure \(missing kernel (?:\d\S{1,64} \S{1,16} )?debuginfo\)/),
  text('dwfl_linux_kernel_report_', /libdwfl failure \(dwfl_linux_kernel_report_(?:offline|kernel)\)/),
  text('cannot find kernel debuginfo', /cannot find kernel debuginfo(?!:)/),
  text('kernel/module debuginfo', /missing (?:\S{1,16} )?kernel\/module debuginfo/),
  // stap's own catalogue has Czech; in other languages only strerror's words change.
  text('jaderné/modulové debuginfo', /chybí (?:\S{1,16} )?jaderné\/modulové debuginfo/),
];
/** The tree of a package, named by its path: stap looks for vmlinux in that directory alone, and no package puts one there. */
const UNDER_PATH = text(
  'kernel/module debuginfo',
  /kernel\/module debuginfo .{0,60}under ["'](\/usr\/src\/(?:kernels\/|linux-headers-|linux-[^/\s]{1,60}-obj\/)[^"'\s]{1,200})["']/,
);
/** elfutils does not read what it found: another form of DWARF than its release knows, or a damaged file. */
const DWARF_UNREAD = text('libdwfl failure (dwarf', /libdwfl failure \(dwarf_\w{1,40}\)/);
const HINT_KERNEL_CS = text('debuginfo-install ', /Použijte: (?:dnf )?debuginfo-install [^']{0,400}?\bkernel-\d/);
const NO_DWARF_KERNEL = text(
  'No DWARF information found',
  /cannot find (?:module )?(kernel|vmlinux|\S{0,200}\/vmlinu[xz]\S{0,100}|[a-z][\w-]{0,60}) debuginfo: No DWARF/,
);
const NO_DWARF_FILE = text(
  'No DWARF information found',
  /cannot find module (\/(?!\S{0,200}vmlinu[xz])\S{1,300}) debuginfo: No DWARF/,
);
/** file(1), of a vmlinux that lies where debug information is looked for; the one that boots, on other machines than PCs, is always stripped. */
const SHOWN_STRIPPED = text(
  'stripped',
  /^((?!\/boot\/)\/\S{0,200}\/vmlinux\S{0,100}): ELF .{1,300}(?<!not )\bstripped$/,
);
/** Options of a kernel's configuration that leave no DWARF in its vmlinux. */
const WITHOUT_DWARF = text('CONFIG_DEBUG_INFO', /(CONFIG_DEBUG_INFO_(?:SPLIT|NONE)=y|CONFIG_DEBUG_INFO is not set)/);
/** The function was found by the symbol table, and its variables are described nowhere. */
const NO_SCOPE = text('debuginfo scope not found', /debuginfo scope not found for module ["'](?!\/)[\w-]{1,64}["']/);
const HINT_KERNEL = text('debuginfo-install ', /use: (?:dnf )?debuginfo-install [^']{0,400}?\bkernel-\d/);
const HINT_OTHER = text('debuginfo-install ', /use: (?:dnf )?debuginfo-install /);
const NO_TYPE = text('type definition', /type definition ["']?(.{1,80}?)["']? not found in ["']?(\/[^'"\s:]{1,300})/);
const BUILD_ID = text('Build-id mismatch', /Build-id mismatch[^"]{0,60}"([^"]{1,200})"/);
const SYMBOL_TABLE = text('symbol table missing', /Kernel function symbol table missing/);
/** Whoever looks for it, in the boot directory or the tree, and finds none. */
const NO_SYMBOL_FILE = text('System.map', /\/System\.map\S{0,80}?["']?: No such file/);
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

/** The same for programs: marks and the begin and end of a process need none. */
const OF_A_PROGRAM = text('while resolving probe point', /resolving probe point: identifier ["']process["']/);
const BY_ADDRESS = text('process(', /\bprocess\([^)]{1,300}\)\.(?:function|statement)\(/);

/** It names other functions, so the symbols were read. */
const SIMILAR = text('similar functions', /no match \(similar functions?: ([^)]{0,600})/);
/** What no match has another reason by than debug information that is missing. */
const NOT_FOR_DEBUGINFO: readonly Pattern[] = [
  SIMILAR,
  text('inlined function', /cannot probe \.return of \d{1,5} inlined function/),
  // Tracepoints come from the headers of the build tree, and words of a probe point from the tapset.
  text('kernel.trace', /source: .{0,200}\bkernel\.trace\(/),
  text('similar tracepoints', /no match \(similar tracepoints?: /),
  text('probe point mismatch', /probe point mismatch .{0,40}\((?:similar|alternatives): /),
];
/** A function of a program by its name alone. */
const ASKED_FUNCTION = text('process(', /\bprocess\([^)]{1,300}\)\.function\("([\w:.~]{1,120})"/);

/** Of what a script reads in a program nothing is described; a path, and no module of the kernel. */
const NOT_IN_PROGRAM: readonly Pattern[] = [
  text('unable to find global', /unable to find global ["']?\w{1,80}["']? in ["']?(\/[^\s"':]{1,300})/),
  text('debuginfo scope not found', /debuginfo scope not found for module ["'](\/[^"']{1,300})["']/),
];
const NO_STRUCT = text('unresolved struct', /\bunresolved struct (\w{1,80})/);
/** What debuginfo-install has no debug packages of, none of them the kernel. */
const NONE_OF_PROGRAMS = text(
  'Could not find debug',
  /Could not find debuginfo package for the following installed packages: (?!.{0,1000}\bkernel)([\w+.-]{1,100}?)-\d/,
);

const KERNEL_DEBUGINFO = [...NO_KERNEL_DEBUGINFO, NO_DWARF_KERNEL, HINT_KERNEL, HINT_KERNEL_CS];

/** Modules that come with the kernel everywhere: their debug information is the kernel's own. */
const IN_TREE =
  /^(?:ext[234]|xfs|btrfs|nfs(?:d|v[34])?|lockd|sunrpc|cifs|fuse|overlay|loop|dm_\w+|scsi_\w+|sd_mod|ahci|libata|nvme(?:_core)?|kvm(?:_intel|_amd)?|vhost(?:_net)?|virtio_\w+|e1000e?|igb|ixgbe|i40e|ice|mlx[45]_\w+|bnx2x?|tg3|bonding|bridge|veth|tun|openvswitch|nf_\w+|ip_tables|xt_\w+|iptable_\w+|ipv6|tcp_\w+|usb\w+|snd\w*|iwl\w+|drm\w*|i915|amdgpu|nouveau|raid\w+|md_mod|ceph|rbd|gfs2|dlm|ib_\w+|rdma_\w+)$/;

/** debuginfod was asked, and gave up before a file of the kernel's size had come. */
const SERVER_TOO_SLOW = text('Server query failed', /Server query failed: Timer expired/);

export const DEBUGINFO_RULES: readonly Rule[] = [
  {
    code: 'BAD_RELEASE_OPTION',
    patterns: [UNDER_PATH],
    grade: ({ situation }) => (isKernelFound(situation) ? 'proves' : 'points'),
    cause: ({ groups, situation }) =>
      `With the path ${groups[0] ?? ''} behind -r stap looks for the kernel's debug information in that directory alone, where no package puts any; with the release it looks below /usr/lib/debug${isKernelFound(situation) ? ', where it is' : ', where it has to be installed as well'}.`,
    remedies: (situation) => [
      ...(isKernelFound(situation) ? [] : installDebuginfo(situation).remedies),
      run(
        shellText`stap -r ${releaseWord(situation)} -v -p2 -e ${quoteWord('probe kernel.function("vfs_read") { exit() }')}`,
      ),
    ],
    otherwise: null,
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: KERNEL_DEBUGINFO,
    grade: ({ seen }) => (seen(SERVER_TOO_SLOW) ? 'points' : null),
    cause: ({ situation }) =>
      `stap found no debug information of ${kernelName(situation)}, and the debuginfod server that was asked did not send it in time: no package with it is installed.`,
    remedies: (situation) => [
      ...installDebuginfo(situation).remedies,
      { kind: 'set-variable', by: 'user', name: 'DEBUGINFOD_TIMEOUT', value: shellText`600` },
    ],
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: KERNEL_DEBUGINFO,
    hints: [SERVER_TOO_SLOW],
    grade: (match) => {
      if (match.situation.host?.debuginfo.some((one) => one.hasDwarf !== false) === true) return 'allows';
      if (matchingDebuginfo(match.situation) !== null)
        return match.seen(UNDER_PATH) || strippedModule(match.captures) !== null ? null : 'allows';
      return match.seen(SERVER_TOO_SLOW) ? null : 'points';
    },
    cause: ({ situation }) =>
      `stap found no debug information of ${kernelName(situation)}: its kernel-debuginfo, -dbg or -dbgsym package is not installed.`,
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: [RESTS_ON_DWARF],
    hints: [...LATER_FAILURES, ...NOT_FOR_DEBUGINFO],
    grade: ({ seen, situation }) =>
      NO_KERNEL_DEBUGINFO.some(seen) ||
      NOT_FOR_DEBUGINFO.some(seen) ||
      LATER_FAILURES.some(seen) ||
      situation.host?.debuginfo.some((one) => one.hasDwarf === true) === true
        ? null
        : 'allows',
    cause: ({ groups, situation }) =>
      `Probes of "${groups[0] ?? 'kernel'}" rest on the debug information of ${kernelName(situation)}; without it stap only says that nothing matched.`,
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [OF_A_PROGRAM],
    hints: [...LATER_FAILURES, SIMILAR, BY_ADDRESS, ASKED_FUNCTION],
    grade: (match) =>
      isMisspelt(match) || !match.seen(BY_ADDRESS) || LATER_FAILURES.some(match.seen) ? null : 'allows',
    cause: () =>
      'Functions and statements of a program are found by its debug information; without it stap only says that nothing matched.',
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: [text('type definition', /type definition ["']?.{1,80}?["']? not found in ["']?kernel["']?(?:\W|$)/)],
    grade: ({ situation }) => (isKernelFound(situation) ? 'allows' : 'points'),
    cause: ({ situation }) =>
      `A type that the script reads is described nowhere: stap found no debug information of ${kernelName(situation)} to look it up in.`,
  },
  {
    code: 'DEBUGINFO_VERSION_MISMATCH',
    patterns: [...KERNEL_DEBUGINFO, RESTS_ON_DWARF],
    grade: ({ situation, seen }) => {
      if (otherDebuginfo(situation) === null)
        return KERNEL_DEBUGINFO.some(seen) && matchingDebuginfo(situation) === null ? 'allows' : null;
      return newerKernel(situation) === null ? 'proves' : 'points';
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
    grade: ({ situation }) => reboot(situation.release, newerKernel(situation), newerDebuginfo(situation)),
    cause: ({ situation }) =>
      `${kernelName(situation)} runs, but the newer ${newerKernel(situation)?.release ?? newerDebuginfo(situation)?.release ?? 'kernel'} is installed and the debug information is that one's.`,
    evidence: ({ situation }) => [
      ...(newerKernel(situation)?.lines ?? []),
      ...(otherDebuginfo(situation)?.lines ?? []),
    ],
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [
      ...NO_KERNEL_DEBUGINFO,
      NO_DWARF_KERNEL,
      text('kernel debuginfo package may be missing'),
      text('systemtap test failed'),
    ],
    grade: ({ situation }) => (wrongVariantDebuginfo(situation) === null ? null : 'proves'),
    cause: ({ situation }) =>
      `${wrongVariantDebuginfo(situation)?.name ?? 'kernel-debug-debuginfo'} is the debug information of another variant than ${kernelName(situation)}.`,
    evidence: ({ situation }) => wrongVariantDebuginfo(situation)?.lines ?? [],
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [text('kernel-debug-debuginfo'), text('kernel-debug-devel')],
    grade: ({ situation }) => {
      if (wrongVariantDebuginfo(situation) !== null || wrongVariantDevel(situation) !== null) return 'points';
      return situation.log.packages.some((one) => one.variant === 'debug' && one.installed) ? 'allows' : null;
    },
    cause: ({ situation }) => {
      const name = (wrongVariantDebuginfo(situation) ?? wrongVariantDevel(situation))?.name ?? 'A kernel-debug package';
      return `${name} belongs to the debug kernel, but ${kernelName(situation)} is the plain one.`;
    },
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [NO_DWARF_KERNEL],
    grade: ({ situation }) => {
      if (situation.host?.debuginfo.some((one) => one.hasDwarf === false) === true) return 'proves';
      if (matchingDebuginfo(situation) !== null) return 'points';
      // The image itself was found and has none, which is so wherever the debug package is not installed.
      return 'allows';
    },
    cause: ({ situation }) =>
      `An image of ${kernelName(situation)} was found, but no debug information that belongs to it: what is there is stripped, split or of another build.`,
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [NO_DWARF_KERNEL],
    grade: ({ captures, situation, seen }) => {
      if (strippedModule(captures) === null) return null;
      if (isKernelFound(situation)) return 'proves';
      // stap names whose debug information it misses, and the kernel is not among them.
      return situation.log.modulePackages.length > 0 && !seen(HINT_KERNEL) ? 'points' : 'allows';
    },
    cause: ({ captures, situation }) =>
      `The module ${strippedModule(captures) ?? ''} was found, but it is none of the kernel's own and holds no debug information, which no package of the kernel has either: ${situation.log.modulePackages.length > 0 ? `the debug package of ${situation.log.modulePackages.join(' or ')}` : 'its own debug package'} brings that, or a build with -g.`,
    remedies: (situation, { captures }) =>
      situation.log.modulePackages.length > 0
        ? debuginfoOfPackages(situation, situation.log.modulePackages)
        : [run(shellLine`modinfo -n ${strippedModule(captures) ?? 'MODULE'}`)],
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [NO_DWARF_KERNEL, ...NO_KERNEL_DEBUGINFO],
    hints: [WITHOUT_DWARF],
    grade: ({ seen }) => (seen(WITHOUT_DWARF) ? 'proves' : null),
    cause: ({ situation, linesOf }) =>
      `${kernelName(situation)} is configured with "${WITHOUT_DWARF.regex?.exec(linesOf(WITHOUT_DWARF)[0]?.text ?? '')?.[1] ?? ''}", which leaves in its vmlinux no debug information that stap can read.`,
    remedies: (situation) => [
      run(shellText`grep CONFIG_DEBUG_INFO /boot/config-${releaseWord(situation)}`),
      tapprepAsRoot('verify', '--build-tree', 'DIR', '--vmlinux', 'FILE'),
    ],
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [SHOWN_STRIPPED],
    grade: ({ seen }) => (seen(NO_DWARF_KERNEL) || NO_KERNEL_DEBUGINFO.some(seen) ? 'proves' : null),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The vmlinux'} is where stap looks for it, and was stripped: it holds no debug information.`,
    remedies: (situation, { groups }) => [
      run(shellLine`readelf -S ${groups[0] ?? 'vmlinux'}`),
      ...(situation.packages.debuginfo.length > 0
        ? [reinstall(situation.packages.debuginfo, 'kernel'), EMPTY_CACHE]
        : [tapprepAsRoot('verify', '--build-tree', 'DIR', '--vmlinux', 'FILE')]),
    ],
    otherwise:
      'Whoever packs a kernel takes the vmlinux of the very build before it is stripped, or with objcopy --only-keep-debug what is stripped off it.',
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: LACKS_OPTION,
    grade: (match) => (lackedOption(match, true) === null ? null : 'points'),
    cause: (match) =>
      `${kernelName(match.situation)} was built without ${lackedOption(match, true) ?? ''}, so its vmlinux has no debug information: it has to be built again with it.`,
    remedies: (situation) => [run(shellText`grep CONFIG_DEBUG_INFO /boot/config-${releaseWord(situation)}`)],
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: [NO_SCOPE],
    grade: 'points',
    cause: ({ situation }) =>
      `A vmlinux of ${kernelName(situation)} was found and its symbols were read, but it holds no debug information: it is stripped.`,
  },
  {
    code: 'DEBUGINFO_UNUSABLE',
    patterns: NO_KERNEL_DEBUGINFO,
    grade: ({ situation, seen }) => (matchingDebuginfo(situation) === null || seen(UNDER_PATH) ? null : 'points'),
    cause: ({ situation }) =>
      `The debug package of ${kernelName(situation)} is installed, but stap does not find usable DWARF in it.`,
    evidence: ({ situation }) => matchingDebuginfo(situation)?.lines ?? [],
  },
  {
    code: 'MODULE_NOT_IN_LIB_MODULES',
    patterns: [...NO_KERNEL_DEBUGINFO, NO_DWARF_KERNEL],
    // One whose debug information was read in vain was found.
    grade: (match) => (strippedModule(match.captures) === null ? foreignModule(match) : null),
    cause: ({ situation }) =>
      `The probed module ${foreignNames(situation.log.probedModules).join(', ')} is none of the kernel's own; stap only knows modules below /lib/modules/${situation.release ?? 'RELEASE'}.`,
  },
  {
    code: 'MODULE_NOT_IN_LIB_MODULES',
    patterns: [text('modinfo: ERROR: Module', /modinfo: ERROR: Module ([\w-]{1,64}) not found/)],
    grade: ({ captures, situation }) => (notFound(captures, situation) === null ? null : 'proves'),
    cause: ({ captures, situation }) =>
      `The probed module ${notFound(captures, situation) ?? ''} is not below /lib/modules/${situation.release ?? 'RELEASE'}, where alone stap and modinfo look for it.`,
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [NO_DWARF_FILE, NO_TYPE],
    grade: ({ seen }) => (NO_KERNEL_DEBUGINFO.some(seen) ? 'points' : 'proves'),
    remedies: (situation, { groups }) =>
      isOfNoPackage(fileOf(groups))
        ? [run(shellLine`readelf -S ${fileOf(groups)}`)]
        : debuginfoOfProgram(situation, fileOf(groups)),
    cause: ({ groups, situation }) => {
      const file = fileOf(groups);
      if (isOfNoPackage(file))
        return `${file} has no debug information, and lies where no package puts files: it has to be built with -g, without -gsplit-dwarf, and not stripped. The kernel's is not what is missing.`;
      const name = situation.log.userspacePackage;
      return `${file} has no debug information${name === null ? '' : ` (package ${name})`}; the kernel's is not what is missing.`;
    },
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: NOT_IN_PROGRAM,
    grade: ({ groups }) => (isOfKernel(groups[0]) ? null : 'points'),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The program'} has no debug information that describes what the script reads there: it was stripped, or its debug information is in files of its own that are not found.`,
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [NO_STRUCT],
    grade: ({ situation }) => (isOfKernel(situation.log.castFile ?? undefined) ? null : 'points'),
    cause: ({ groups, situation }) =>
      `struct ${groups[0] ?? ''} is described nowhere: ${situation.log.castFile ?? 'the program'}, where the script looks for it, has no debug information.`,
  },
  {
    code: 'DEBUGINFO_MISSING',
    patterns: [NO_STRUCT],
    grade: ({ situation }) => {
      if (situation.host?.debuginfo.some((one) => one.hasDwarf === true) === true) return null;
      const file = situation.log.castFile;
      return file === null ? 'allows' : isOfKernel(file) && !file.includes('<') ? 'points' : null;
    },
    cause: ({ groups, situation }) =>
      `struct ${groups[0] ?? ''} is described nowhere: stap found no debug information of ${kernelName(situation)} to look it up in.`,
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [NONE_OF_PROGRAMS],
    grade: 'points',
    cause: ({ groups }) =>
      `The repositories that were asked have no debug package of ${groups[0] ?? 'the program'} in the build that is installed: it is not published yet, or not any more, or in a repository that is not enabled. The kernel's is not what is missing.`,
    remedies: () => [CHECK_SOURCES, ASK_DEBUGINFOD],
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [HINT_OTHER],
    grade: ({ situation, seen }) => {
      if (situation.log.userspacePackage === null) return null;
      return NO_KERNEL_DEBUGINFO.some(seen) || seen(HINT_KERNEL) ? 'allows' : 'points';
    },
    cause: ({ situation }) =>
      `The debug information of ${situation.log.userspacePackage ?? 'a program'} is not installed.`,
  },
  {
    code: 'DEBUGINFO_VERSION_MISMATCH',
    patterns: [BUILD_ID],
    grade: ({ groups }) => (isOfKernel(groups[0]) ? 'proves' : null),
    cause: ({ groups }) =>
      `The build-id of the debug information for "${groups[0] ?? 'kernel'}" is not the one in memory: it was made from another build.`,
  },
  {
    code: 'USERSPACE_DEBUGINFO_MISSING',
    patterns: [BUILD_ID],
    grade: ({ groups }) => (isOfKernel(groups[0]) ? null : 'points'),
    cause: ({ groups }) =>
      `${groups[0] ?? 'The program'} that runs is another build than the one the debug information was made from.`,
  },
  {
    code: 'DEBUGINFO_VERSION_MISMATCH',
    patterns: [ELF_MACHINE],
    grade: 'points',
    cause: () => 'The debug information is of another architecture than the kernel that is asked for.',
  },
  ...(['SYSMAP_STUB', 'SYSMAP_MISSING'] as const).map((code): Rule => ({
    code,
    patterns: [SYMBOL_TABLE, NO_URETPROBES],
    hints: [NO_SYMBOL_FILE],
    grade: (match) => (stubLikely(match) === (code === 'SYSMAP_STUB') ? symbolTable(match) : null),
    cause: ({ situation }) =>
      code === 'SYSMAP_STUB'
        ? `/boot/System.map-${situation.release ?? 'RELEASE'} is missing or the one-line placeholder that Debian installs, so stap has no symbol table.`
        : `Neither the build tree nor /boot has a System.map of ${kernelName(situation)}, so stap has no symbol table.`,
  })),
  {
    code: 'STAP_TOO_OLD',
    patterns: [DWARF_UNREAD],
    grade: 'points',
    cause: () =>
      'The debug information was found, but the elfutils of this stap does not read it: it is of a newer form of DWARF than they know.',
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: [SYMBOL_TABLE],
    grade: ({ situation }) => (situation.log.releaseOption?.startsWith('/') === true ? 'points' : null),
    cause: ({ situation }) => `The tree ${situation.log.releaseOption ?? ''} has no System.map: it was never compiled.`,
  },
];

/** stap offers other functions for the one that was asked; where that is among them, its name is right. */
function isMisspelt({ seen, linesOf }: Match): boolean {
  if (!seen(SIMILAR)) return false;
  const similar = linesOf(SIMILAR).flatMap((line) => SIMILAR.regex?.exec(line.text)?.[1]?.split(/,\s*/) ?? []);
  const asked = linesOf(ASKED_FUNCTION).flatMap((line) => ASKED_FUNCTION.regex?.exec(line.text)?.[1] ?? []);
  return !asked.some((name) => similar.includes(name));
}

/** The program or library that a message names. */
function fileOf(groups: Match['groups']): string {
  return groups.find((group) => group?.startsWith('/')) ?? 'a program or library';
}

/** Built by somebody here: no debug package was ever made of it. */
function isOfNoPackage(file: string): boolean {
  return /^\/(?:usr\/local|home|root|srv|tmp)\//.test(file);
}

/** "kernel", the name of a module, or the path of either; programs and libraries are named by their path as well. */
function isOfKernel(name = 'kernel'): boolean {
  return !name.startsWith('/') || /\/vmlinu[xz]|\/lib\/modules\/|\.ko(?:\.\w+)?$/.test(name);
}

/** Newer debug information suggests a newer kernel; only a kernel that is seen proves it. */
function reboot(release: string | null, kernel: OtherPackage | null, debuginfo: OtherPackage | null): Grade | null {
  if (release === null) return null;
  if (kernel !== null) return 'points';
  return debuginfo === null ? null : 'allows';
}

function foreignNames(modules: readonly string[]): readonly string[] {
  return modules.filter((name) => !IN_TREE.test(name.replaceAll('-', '_')));
}

/** The probed module among those that modinfo does not find. */
function notFound(captures: Match['captures'], { log }: Match['situation']): string | null {
  return log.probedModules.find((name) => captures.some(([missing]) => missing === name)) ?? null;
}

/** A module of somebody else's, of those that were found and hold no debug information. */
function strippedModule(captures: Match['captures']): string | null {
  const names = captures.flatMap(([name]) => (name === undefined || name.startsWith('/') ? [] : [name]));
  return foreignNames(names.filter((name) => name !== 'kernel' && name !== 'vmlinux'))[0] ?? null;
}

function foreignModule({ situation }: Match): Grade | null {
  const { log } = situation;
  if (log.probedModules.length === 0 || foreignNames(log.probedModules).length === 0) return null;
  return isKernelFound(situation) ? 'proves' : 'points';
}

/** Debug information of the kernel itself is there. */
function isKernelFound(situation: Match['situation']): boolean {
  return (
    situation.host?.debuginfo.some((one) => one.hasDwarf === true) === true || matchingDebuginfo(situation) !== null
  );
}

function stubLikely({ situation, seen }: Match): boolean {
  if (situation.log.stubTable) return true;
  if (seen(NO_SYMBOL_FILE)) return false;
  const map = situation.host?.systemMap;
  if (map !== undefined) return map?.stub === true;
  return situation.system?.hasStubTable === true && situation.log.releaseOption?.startsWith('/') !== true;
}

/** A warning that Debian's stap always prints; it explains a failure of pass 2 where nothing else was said to be missing. */
function symbolTable({ seen }: Match): Grade | null {
  if (LATER_FAILURES.some(seen)) return 'allows';
  if (NO_KERNEL_DEBUGINFO.some(seen)) return 'allows';
  if (seen(NO_DWARF_KERNEL)) return 'points';
  return 'points';
}
