/**
 * The words of the neighbours: whoever builds or loads kernel modules, or reads debug information, stumbles over the same
 * causes and is pasted for them. One row a message, from the sources of each program.
 */
import { run, runAsRoot } from '../../make-remedy.ts';
import { shellText } from '../../shell-words.ts';
import type { DiagnosisCode } from '../codes.ts';
import { matchingDebuginfo } from '../other-packages.ts';
import { type Grade, kernelName, releaseWord, text, type Pattern, type Rule, type Match } from '../rule.ts';

interface Row {
  readonly program: string;
  readonly code: DiagnosisCode;
  readonly grade: Grade;
  readonly patterns: readonly Pattern[];
  /** Without one of these as well, the message says nothing. */
  readonly only?: readonly Pattern[];
  /** Shows that it came out well after all, or is something else. */
  readonly unless?: readonly Pattern[];
  /** Beside it the message leads less far. */
  readonly weaker?: readonly Pattern[];
  /** Where it is another than its code's. */
  readonly cause?: Rule['cause'];
  readonly remedies?: Rule['remedies'];
}

/** Release or directory, as make and the shell name what is not there; strerror's words behind may be in any language. */
const NO_TREE_BY_MAKE = text(
  '/lib/modules/',
  /\*\*\* (?:\/usr)?\/lib\/modules\/[^\s/:]{3,80}\/(?:build|source)\b[^:]{0,40}: (?!.{0,80}(?:Is a directory|Permission))/,
);
/** As the makefiles of drivers say it themselves. */
const NO_TREE_IN_WORDS = text(
  '/lib/modules/',
  /\/lib\/modules\/[^\s/:]{3,80}\/(?:build|source)\/?["'`]? (?:directory )?(?:does ?n[o'`]t exist|does not exist|is missing|not found|was not found)/,
);
const NO_TREE_BY_CHDIR = text('/lib/modules/', /chdir\((?:\/usr)?\/lib\/modules\/[^)]{3,100}\/build\)/);
const NO_TREE_BY_LS = text(
  '/lib/modules/',
  /(?:ls|cd|stat|cannot access|find)\b.{0,40}["'`]?(?:\/usr)?\/lib\/modules\/[^\s/:]{3,80}\/(?:build|source)\/?["'`]?: (?:No such file|Aucun|Datei oder|No existe|没有那个|そのような|Нет такого|Arquivo ou|Não existe)/,
);

/** What a build tree is called in sentences, and how it is said that there is none. */
const HEADERS = `(?:${[
  String.raw`(?<![\w/])(?:kernel|linux)[- ](?:headers?|sources?(?: tree| code)?|devel(?:opment)?|(?:build |source )?tree|build (?:director(?:y|ies)|dir)|makefiles?)\b`,
  // With the kernel behind: the sources for the 6.1.0-18-amd64 kernel.
  String.raw`\b(?:headers?(?: files)?|sources?|build tree) (?:for|of) (?:(?:the|your|current(?:ly)?|running|linux|\d\.\d\S{1,80}) ){1,4}kernel\b`,
].join('|')})`;
const ABSENT = String.raw`(?:(?:not|n't) (?:be |seem to be |seems to be )?(?:found|installed|available|present|located|exist)|missing|unavailable)\b`;
const NOT_FOUND = String.raw`(?:can ?not|could not|couldn't|can't|failed to|unable to|not able to|did not) (?:find|locate|detect|access)\b(?! (?:a |any )?(?:match|package)\b)`;
/** What is only said to happen, or was mended, is no failure. */
const IN_GENERAL = String.raw`(?:[-*•#] ?)?(?:if|when|whenever|unless|in case|fix(?:e[ds])?|add(?:ed)?|docs?|note)\b`;
const SAID_TO_BE_ABSENT = new RegExp(
  `^(?!${IN_GENERAL}).*?(?:${[
    String.raw`${HEADERS}(?!.{0,60}already).{0,100}?\b${ABSENT}`,
    // A file that is missing in a tree says that there is one.
    String.raw`${NOT_FOUND}(?! .{0,20}\.config\b).{0,60}?\b${HEADERS}`,
    String.raw`(?:missing|no|find|locate) (?:the )?${HEADERS} for\b`,
    String.raw`are (?:the )?${HEADERS} installed`,
    String.raw`(?:do(?:es)?(?: not|n't) (?:(?:appear|seem) to )?have|missing|please install|without) .{0,30}\b${HEADERS}(?!-(?:\d|\s))`,
  ].join('|')})`,
  'i',
);
const HEADER_WORDS = [
  'ernel header',
  'ernel-header',
  'inux-header',
  'inux header',
  'ernel source',
  'ernel-source',
  'kernel-devel',
  'ernel devel',
  'ernel build',
  'ernel tree',
  'ernel makefile',
  'sources for ',
  'sources of ',
  'headers for ',
  'headers of ',
] as const;

const NO_BTF: Rule['cause'] = ({ situation }) =>
  `${kernelName(situation)} was built without CONFIG_DEBUG_INFO_BTF, which programs of BPF ask for and SystemTap does not.`;

const LOOK_FOR_BTF: Rule['remedies'] = (situation) => [
  run(shellText`grep -w CONFIG_DEBUG_INFO_BTF /boot/config-${releaseWord(situation)}`),
];
/** The kernel has it: whoever reads it is older than what it says. */
const HAS_BTF: readonly Pattern[] = [
  text('Unsupported BTF_KIND'),
  text('loading kernel BTF', /loading kernel BTF ["'`]\S{1,200}["'`]: -22\b/),
  text('CONFIG_DEBUG_INFO_BTF=y', /^(?:\S{1,200}:)?CONFIG_DEBUG_INFO_BTF=y$/),
];
const NO_MODULE: Rule['cause'] = ({ situation }) =>
  `No module was compiled for ${kernelName(situation)}, whose build tree may not be there, or the kernel refused the module.`;

const NO_BPF: Rule['cause'] = ({ situation }) =>
  `${kernelName(situation)} was built without CONFIG_BPF_SYSCALL: it has no bpf at all.`;

/**
 * crash reads an address where newer kernels have the banner itself: eight letters of it, and the vmlinux is the right one. A crash that does
 * not read what it looks for may have another reason for it than the wrong vmlinux.
 */
const TEXT_AS_ADDRESS = text(
  'invalid linux_banner pointer',
  /invalid linux_banner pointer: (?:[2-6][0-9a-f]|7[0-9a-e]){8}$/,
);
const UNREAD_BY_CRASH = text('WARNING: ', /WARNING: (?:invalid|cannot (?:read|access|determine)) /);

/** A module that DKMS or akmods make, and have not made for this kernel: the build tree may well be there. */
const NOT_MADE = text(
  'not found in directory',
  /FATAL: Module (?:vbox|nvidia|zfs|falco|scap|wl)\w{0,40} not found in directory/,
);
const ASK_DKMS: Rule['remedies'] = () => [run('dkms status'), runAsRoot('dkms autoinstall')];

// oxfmt-ignore
const ROWS: readonly Row[] = [
  // ---- the build tree is not there
  { program: 'make', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    NO_TREE_BY_MAKE,
    text('*** /usr/src/', /\*\*\* \/usr\/src\/(?:kernels\/|linux-headers-)\d[^\s:]{2,80}: (?:No such file|Aucun|Datei oder|No existe|没有那个|そのような|Нет такого|Arquivo ou)/),
    text('No rule to make target', /No rule to make target [`'"]?(?:\/usr)?\/lib\/modules\/[^\s'"]{3,80}\/(?:build|source)(?=[`'"/])/),
    NO_TREE_BY_LS,
    text('/lib/modules/', /^(?:\/usr)?\/lib\/modules\/[^\s/:]{3,80}\/(?:build|source)\/?: No such file/),
    NO_TREE_IN_WORDS,
  ] },
  { program: 'DKMS', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    text('Your kernel headers for kernel', /Your kernel headers for kernel (\S{1,80}) cannot be found/),
    text('Your kernel source for kernel', /Your kernel source for kernel (\S{1,80}) cannot be found/),
    text('currently running kernel was skipped since', /(?:Module build|build) for (?:the currently running kernel|kernel \S{1,80}) was skipped since/),
    text('kernel headers for this kernel do', /kernel (?:headers|source) for this kernel (?:do|does) not seem to be\s?(?:installed|$)/),
    // A build that left no log did not begin.
    text("couldn't find /var/lib/", /dkms (?:build|install) failed, couldn't find \/var\/lib\/dkms\/\S{1,300}\/make\.log/),
    text('install the linux-headers', /(?:Please|You (?:may|should)) install the linux-headers-(\S{1,80}) package/),
  ] },
  { program: 'bcc', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    NO_TREE_BY_CHDIR,
    text('Unable to find kernel headers'),
    text('Module kheaders not found'),
    text('Could not find kernel headers'),
    // An option makes clang include it before anything else.
    text('linux/kconfig.h', /["'`/]linux\/kconfig\.h["'`]? file not found/),
    text('Failed to find kernel headers'),
    // Headers of BPF itself are missing where kernel and headers are older than BPF. Those of programs, below
    // /usr/include, miss what the C library's packages bring.
    text('file not found', /(?:^|[\s:])(?!\/usr\/include\/)[^\s:]{0,200}(?:\/virtual\/|definitions\.h|clang_workarounds\.h|bpf)[^\s:]{0,80}:\d{1,6}:\d{1,5}: fatal error: ["'](?!linux\/bpf)(?:linux|asm|uapi|generated)\/[\w./-]{1,80}["'] file not found/),
  ] },
  { program: 'VirtualBox', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    text('Kernel headers not found for target', /Kernel headers not found for target kernel (\S{1,80})/),
    text('Linux kernel "header" files matching'),
    text('headers for the current running kernel', /headers for the current running kernel were not found/),
    text('unable to find the sources of your', /unable to find the (?:sources|headers) of your current Linux kernel/),
    text('build and header files for your', /build and header files for your (?:current )?Linux kernel/),
  ] },
  { program: 'VirtualBox', code: 'DEVEL_MISSING', grade: 'allows', cause: NO_MODULE, patterns: [
    text('for the current kernel', /\bfor the current kernel (?:\(\S{1,80}\) )?or it failed to/),
  ] },
  // It looks in the place of older kernels first.
  { program: 'VMware', code: 'DEVEL_MISSING', grade: 'points', unless: [text('The header path', /The header path .{1,200} is valid/)], patterns: [
    text('Kernel headers for version', /Kernel headers for version (\S{1,80}) were not found/),
    text('header files matching your running kernel', /C header files matching your running kernel were not found/),
    text('kernel headers', /not a valid path to the (\S{1,80}) kernel headers/),
    text('header files that match your running kernel', /directory of (?:C )?(?:kernel )?header files that match your running/),
    text('linux/version.h', /(?:Failed to find|does not exist|cannot find|not found).{0,80}\/linux\/version\.h|\/linux\/version\.h["'`]? (?:does not exist|not found|was not found)/i),
  ] },
  { program: 'NVIDIA', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    text('Unable to find the kernel source tree'),
    text('kernel source tree for the currently', /(?:find|locate) (?:the )?kernel source tree for the currently/),
    text('The kernel source path', /The kernel source path ["'`](\S{1,200})["'`] is invalid/),
    text('Unable to determine the version of the kernel sources'),
    text('The kernel header file', /The kernel header file ["'`](\S{1,200})["'`] does not exist/),
  ] },
  { program: 'ZFS', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    text('make sure the kernel devel package'),
    text('the kernel source directory', /Unable to find the kernel source directory/i),
    text('Please make sure the kernel', /Please make sure the kernel (?:devel|source|headers)/),
    text('Cannot find UTS_RELEASE'),
    text('kernel-devel package', /(?:requires|need|install|missing) (?:the )?(?:matching |correct |appropriate )?kernel-devel package/i),
  ] },
  { program: 'installers and configure scripts', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    ...HEADER_WORDS.map((words) => text(words, SAID_TO_BE_ABSENT)),
    text('header files for', /header files for (?:the )?(?:kernel )?\d\.\d\S{1,80} (?:were )?not found/),
    text('files needed to compile', /(?:could|did) not find files needed to compile modules for (\S{1,80})/i),
    text('ernel header', /make sure (?:that )?(?:the )?(?:linux )?kernel headers/i),
    text('install the kernel', /(?:must|need to|have to) install the kernel[- ](?:headers|devel|source)/i),
    text('install the linux kernel', /(?:must|need to|have to) install the linux kernel[- ](?:headers|devel|source)/i),
  ] },
  { program: 'kpatch, rpm and dpkg', code: 'DEVEL_MISSING', grade: 'points', patterns: [
    text('is not installed', /(?:package )?((?:vz)?kernel(?:-[a-z]\w*)*-devel(?:-\S{1,100})?) is not installed/),
    text(' not installed', /ERROR: (kernel(?:-\w+)?-devel-\S{1,100}) not installed/),
    text('no packages found matching', /no packages found matching (linux-headers-\S{1,100})/),
    text('is needed by', /((?:vz)?kernel(?:-[a-z]\w*)*-devel(?:-uname-r)?(?:-\d\S{1,100})?)(?: [<>=]{1,2} \S{1,80})? is needed by /),
    text('is not installed', /(?:package )?["'`]?(linux-headers-\d\S{1,100}?)["'`]? is not installed/),
  ] },
  // ---- no debug information
  { program: 'kpatch, rpm and dpkg', code: 'DEBUGINFO_MISSING', grade: 'points', patterns: [
    text('is not installed', /(?:package )?(kernel(?:-[a-z]\w*)*-debuginfo(?:-\S{1,100})?) is not installed/),
    text(' not installed', /ERROR: (kernel(?:-\w+)?-debuginfo-\S{1,100}) not installed/),
    text('find special struct', /can't find special struct \w{1,40} size/),
    text('is needed by', /(kernel-debuginfo-common\S{0,20})(?: = \S{1,80})? is needed by kernel(?:-\w+)?-debuginfo-/),
    // rpm says between the two, or behind them, in its user's language that one needs the other.
    text('kernel-debuginfo-common', /^(kernel-debuginfo-common\S{0,20}) = \S{1,80} \S.{0,60}?kernel(?:-\w+)?-debuginfo-\d/),
    text('no packages found matching', /no packages found matching (linux-image-\S{1,100}-dbg(?:sym)?)/),
  ] },
  { program: 'perf', code: 'DEBUGINFO_MISSING', grade: 'points', patterns: [
    text('file has no debug information', /(?:vmlinux|kernel|\.ko)\S{0,40} file has no debug information/),
    text('install an appropriate debuginfo package'),
    text('Failed to find the path for the kernel', /Failed to find the path for the kernel/),
    text('vmlinux with build-id', /No kallsyms or vmlinux with build-id \S{8,64} was found/),
    text('Failed to open debuginfo file'),
    text('debuginfo for vmlinux', /(?:find|open) (?:the )?debuginfo for vmlinux/),
  ] },
  { program: 'crash', code: 'DEBUGINFO_MISSING', grade: 'points', patterns: [
    text('cannot find booted kernel'),
    text('please enter namelist argument'),
    // The image that boots, and no file of a debug package.
    text('no debugging data available', /(?:\/boot\/vmlinu[xz]\S{0,100}|vmlinu[xz]\S{0,100}\.(?:gz|xz|zst|bz2)): no debugging data available/),
    text('not a supported file format', /crash: \S{0,200}(?:vmlinuz|bzImage|Image)\S{0,80}: not a supported file format/),
  ] },
  { program: 'drgn', code: 'DEBUGINFO_MISSING', grade: 'points', patterns: [
    text('could not find vmlinux for', /could not find vmlinux for (\S{1,80})/),
    text('missing debugging symbols for kernel', /missing debugging symbols for kernel (\S{1,80})/),
    text('could not get debugging information for', /could not get debugging information for:? kernel\b(?! modules)/),
    text('missing some debugging symbols', /missing some debugging symbols.{0,200}\bkernel\b(?! modules)/),
  ] },
  // A heading, and below it what was not found: the kernel itself, or only some modules.
  { program: 'drgn', code: 'DEBUGINFO_MISSING', grade: 'points', only: [text('kernel (', /^kernel \(/)], patterns: [
    text('could not get debugging information for', /could not get debugging information for:?$/),
    text('missing debugging symbols for', /missing debugging symbols for:?$/),
  ] },
  // Type information of BPF's own: a kernel carries it in itself or not at all, and SystemTap does without.
  { program: 'bpftrace, bcc, libbpf, ebpf-go', code: 'KERNEL_CONFIG', grade: 'allows', cause: NO_BTF, remedies: LOOK_FOR_BTF, unless: HAS_BTF, patterns: [
    text('/sys/kernel/btf/vmlinux', /(?:No BTF|not find|failed to|couldn't|cannot|No such file).{0,80}\/sys\/kernel\/btf\/vmlinux/i),
    text('failed to find valid kernel BTF'),
    text('no BTF found for kernel version'),
  ] },
  // The end of a search in every place that the program knows.
  { program: 'eunomia-bpf', code: 'KERNEL_CONFIG', grade: 'points', cause: NO_BTF, remedies: LOOK_FOR_BTF, unless: HAS_BTF, patterns: [
    text('find vmlinux BTF', /\bfind vmlinux BTF, but not found/),
  ] },
  { program: 'crash', code: 'DEBUGINFO_VERSION_MISMATCH', grade: 'proves', weaker: [UNREAD_BY_CRASH], unless: [TEXT_AS_ADDRESS], patterns: [
    text(' do not match!', /\/vmlinu[xz]\S{0,80} and \S{1,200} do not match!/),
    text('kernel version inconsistency'),
    text('vmlinux and vmcore do not match'),
    text('does not match the running kernel', /(?:vmlinux|debuginfo|namelist)\S{0,80} does not match the running kernel/),
  ] },
  { program: 'VMware', code: 'DEVEL_VERSION_MISMATCH', grade: 'proves', patterns: [
    text('ersion mismatch: module', /[Vv]ersion mismatch: module \S{1,120} (?!(\d\S{1,80}), kernel \1(?:\s|$))\d\S{1,80}, kernel \d\S{1,80}/),
  ] },
  { program: 'crash', code: 'DEBUGINFO_UNUSABLE', grade: 'points', patterns: [
    text('no debugging data available', /^(?!.*\/boot\/)(?:.*[\s/])?(?:vmlinux|[^\s/]{0,100}\.debug)(?!\S{0,100}\.(?:gz|xz|zst|bz2):)\S{0,100}: no debugging data available/),
    text('no .gnu_debuglink section', /^(?!.*(?:\/boot\/|\.(?:gz|xz|zst|bz2):))/),
  ] },
  { program: 'perf', code: 'DEBUGINFO_VERSION_MISMATCH', grade: 'points', patterns: [
    text('build id mismatch', /(?:vmlinux|kernel\.kallsyms|\.ko)\S{0,120}(?:\s.{0,39})?build[- ]?id mismatch|build id mismatch for .{0,40}vmlinux/i),
    text('with build id', /with build id [0-9a-f]{40} not found/),
  ] },
  // ---- the compiler
  { program: 'NVIDIA, VMware, VirtualBox', code: 'GCC_OR_BUILD_MISMATCH', grade: 'points', patterns: [
    text('Compiler version check failed'),
    text('kernel version mismatch', /gcc\/kernel version mismatch/),
    text('does not exactly match the current compiler'),
    text('major and minor number of the compiler used'),
    text('Unable to find the development tool', /Unable to find the development tool ["'`](?:cc|gcc|make|ld)["'`]/),
    text('Please install the gcc make', /Please install the gcc make/),
    text('compiler (gcc) version', /(?:C|GNU C) compiler \(gcc\) version \S{1,40}.{0,60}not found|gcc\S{0,20} version \S{1,20} was not found/i),
    text('kernel was built with', /kernel was built with (?:gcc|clang|\S{0,40}gcc\S{0,10}) version .{1,120}current compiler version/),
    text('non-retpoline compiler', /kernel with non-retpoline compiler/),
    text('incompatible gcc/plugin versions'),
    text('C compiler cannot create executables'),
    text('no acceptable C compiler'),
  ] },
  // ---- a module that may not be loaded, or is another kernel's
  { program: 'VirtualBox', code: 'SECUREBOOT_SIGNATURE', grade: 'points', patterns: [
    text('must sign these kernel modules'),
    text('running in Secure Boot mode'),
    text('Secure boot is enabled', /failed to load.{0,40}Secure boot is enabled|Secure boot is enabled on this system, so/i),
    text('is rejected', /Loading of (?:module|unsigned)\b.{0,80}is rejected/),
    text('module signature verification', /module signature verification (?:failed|is enforced)/i),
  ] },
  { program: "shim's package", code: 'SECUREBOOT_SIGNATURE', grade: 'allows', patterns: [
    text('Secure Boot requires additional', /UEFI Secure Boot requires additional configuration/),
  ] },
  { program: 'modprobe', code: 'DEVEL_MISSING', grade: 'allows', cause: NO_MODULE, remedies: ASK_DKMS, patterns: [NOT_MADE] },
  { program: 'bcc', code: 'KERNEL_CONFIG', grade: 'proves', cause: NO_BPF, patterns: [
    text('bpf: Function not implemented'),
  ] },
  { program: 'bpftrace', code: 'KERNEL_CONFIG', grade: 'allows', patterns: [
    text('Kernel lockdown is enabled'),
  ] },
];

const CAUSES: Partial<Readonly<Record<DiagnosisCode, (match: Match) => string>>> = {
  DEVEL_MISSING: ({ situation }) =>
    `There is no build tree for ${kernelName(situation)}: its kernel-devel or linux-headers package is not installed.`,
  DEBUGINFO_MISSING: ({ situation }) =>
    `No debug information of ${kernelName(situation)} was found: its kernel-debuginfo, -dbg or -dbgsym package is not installed.`,
  DEBUGINFO_VERSION_MISMATCH: ({ situation }) =>
    `The debug information that was used is of another build than ${kernelName(situation)}.`,
  DEBUGINFO_UNUSABLE: ({ situation }) => `A vmlinux of ${kernelName(situation)} was found, but it is stripped.`,
  GCC_OR_BUILD_MISMATCH: ({ situation }) =>
    `The compiler that building a module needs is missing, or it is not the one ${kernelName(situation)} was built with.`,
  SECUREBOOT_SIGNATURE: ({ situation }) =>
    `${kernelName(situation)} only loads modules signed with a key that it trusts, and this one is not.`,
  DEVEL_VERSION_MISMATCH: ({ situation }) =>
    `The module was built for another kernel than ${kernelName(situation)}, or for none yet.`,
  KERNEL_CONFIG: ({ situation }) => `${kernelName(situation)} is locked down, so that probes are restricted.`,
};

/** However somebody says that a build tree is not there. */
export const NO_TREE: readonly Pattern[] = ROWS.filter(({ code }) => code === 'DEVEL_MISSING').flatMap(({ patterns }) =>
  patterns.filter((pattern) => pattern !== NOT_MADE),
);

/** One rule a row: the message decides, whichever program printed it. */
export const NEIGHBOUR_RULES: readonly Rule[] = ROWS.map(
  ({ program, code, grade, cause, remedies, patterns, only, unless, weaker }) => ({
    code,
    patterns,
    hints: [...(only ?? []), ...(unless ?? []), ...(weaker ?? [])],
    grade: ({ situation, seen }) => {
      if (unless?.some(seen) === true || only?.some(seen) === false) return null;
      // The very package is shown as installed: the program has another reason not to read it.
      if (code === 'DEBUGINFO_MISSING' && matchingDebuginfo(situation) !== null) return null;
      const tree = situation.host?.buildTree;
      if (code === 'DEVEL_MISSING' && tree?.exists === true) return null;
      return grade === 'proves' && weaker?.some(seen) === true ? 'points' : grade;
    },
    cause: cause ?? CAUSES[code] ?? (() => `${program} says so.`),
    ...(remedies === undefined ? {} : { remedies }),
  }),
);
