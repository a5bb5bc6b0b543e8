/** Symptoms of pass 4: SystemTap, compiler or configuration that do not fit the kernel. */
import { EMPTY_CACHE, run } from '../../make-remedy.ts';
import { quoteWord, shellText } from '../../shell-words.ts';
import type { Remedy } from '../../types.ts';
import { kernelName, releaseWord, text, type Pattern, type Rule, type Match } from '../rule.ts';
import { KBUILD, NO_MEMORY, PASS4, RUNTIME_ERROR } from './pass-4.ts';
import { UNDEFINED_BY_COMPILER } from './compiler-symbols.ts';
import { COMPILER, MISSING_LIBRARY, MISSING_TOOL } from './toolchain.ts';

const OUTSIDE = text(
  'tested range',
  /Kernel version (\S{1,80}) is outside (?:the )?tested range (\S{1,40} \.\.\. \S{1,40})/,
);
const GENERATED_ERROR = text(
  ': error: ',
  /\/stap(?:\w{6}\/|_)[\w.-]{1,80}\.c:\d{1,9}(?::\d{1,5})?: (?:fatal )?error: (.{0,300})/,
);
/** C that the script brings itself, between %{ and %}; the tapset's is SystemTap's. */
const OWN_C = text(': error: ', /^(?!\S{0,300}\/tapset\/)\S{1,300}\.stpm?:\d{1,6}:\d{1,5}: (?:fatal )?error: /);
/** In the C file that stap wrote: a function of the script or of the tapset, whose body is C that somebody brought, and a macro of theirs. */
const IN_C_OF_SCRIPT: readonly Pattern[] = [
  text('In function ', /\/stap_\w{1,80}\.c: In function ["']function__\w{1,120}["']/),
  text('" redefined', /\/stap_\w{1,80}\.c:\d{1,9}(?::\d{1,5})?: error: "\w{1,80}" redefined/),
];
/** make was ended from outside, by Ctrl-C. */
const ENDED = text('] Interrupt', /\*\*\* \[.{1,400}\] Interrupt$/);
/** Names that kernels renamed, moved or took away; the code that still uses them is SystemTap's. */
const KNOWN_API: readonly Pattern[] = [
  text('has no member named', /["']?(?:struct \w{1,60}|\w{1,60})["']? has no member named ["'](\w{1,60})["']/),
  text('implicit declaration of function', /implicit declaration of function ["'](\w{1,60})["']/),
  text('undeclared', /["'](__GFP_WAIT|cpu_possible_map|GFP_IOFS|\w{1,60})["'] undeclared/),
  text('passing argument', /passing argument \d{1,2} of ["'](\w{1,60})["']/),
  text('incompatible type', /incompatible types? (?:when|for|in|from)|incompatible pointer type/),
  text('too few arguments to function', /too (?:few|many) arguments to function ["'](\w{1,60})["']/),
  text('too many arguments to function', /too (?:few|many) arguments to function ["'](\w{1,60})["']/),
  text('conflicting types for', /conflicting types for ["'](\w{1,60})["']/),
  text('redefinition of', /redefinition of ["'](?:struct )?(\w{1,60})["']/),
];
const MODPOST = text('undefined!', /(?:modpost: |WARNING: )"?(\w{1,80})"? \[\S{0,300}stap\S{0,200}\] undefined!/);
const UNRESOLVED = text("Can't resolve ", /Can't resolve (\w{1,80})!/);
/** The tapset of before Linux 4.17 asks for functions that got wrappers of other names then. */
const WRAPPERS = text('similar functions', /similar functions: .{0,300}\b__(?:x64|ia32|arm64|s390x?|riscv|se)_sys_/);
/** Where the probe point stands that was not found. */
const POINT_OF_TAPSET = text('while resolving probe point', /identifier .{1,80} at \/\S{1,200}\/tapset\//);
const POINT_OF_SCRIPT = text(
  'while resolving probe point',
  /identifier .{1,80} at (?:<input>|(?!\S{0,200}\/tapset\/)\S{1,200}\.stp):\d/,
);
/** Pass 2 does not find what SystemTap's own scripts read of a structure, which is the kernel's where they say so or lie among those for it. */
const MEMBER_OF_TAPSET = text(
  'unable to find member',
  /unable to find member ["'](\w{1,80})["'] for (?:struct |union |class )?(\w{1,80})(?: .{0,1500})? at \/\S{0,200}\/systemtap(?:-\d[\w.-]{0,40})?\/tapset\/(?:(linux)\/)?\S{1,100}\.stpm?:\d/,
);
/** The same of a variable in a function of the kernel, which may also be lost in what the compiler describes. */
const LOCAL_OF_TAPSET = text(
  'unable to find local',
  /unable to find local ["'](\w{1,80})["'].{0,1500} at \/\S{0,200}\/systemtap(?:-\d[\w.-]{0,40})?\/tapset\/linux\/\S{1,100}\.stpm?:\d/,
);
const CAST_OF_KERNEL = text('source: ', /^source: .{0,300}@cast\(.{0,200}"kernel["<]/);

/** Constants of system calls and their flags only ever come to be: a kernel that lacks one is older than who names it. */
const NEWER_CONSTANT = text(
  'undeclared',
  /["']((?:PR|MAP|MADV|CLONE|FUTEX|BPF|AF|PF|SO|MSG|SCHED|F|O|AT|IPPROTO|TCP|MCL|MS|SECCOMP|RENAME|STATX|EPOLL|IORING)_[A-Z][A-Z0-9_]{1,60}|__NR_\w{1,60})["'] undeclared/,
);

/** The compiler stops in a file of a driver, or of whatever else has sources of its own. */
const OF_A_DRIVER =
  /(?:^|\s)\/(?!usr\/src\/(?:linux-|kernels\/)|(?:usr\/)?lib\/modules\/)(?!\S{0,300}(?:stap|systemtap))\S{1,300}\.[ch]:\d{1,6}:/;
const MENTIONED = text('systemtap');
const WITHIN = text('within tested range', /is within (?:the )?tested range/);
/** Older SystemTaps stumble here as well; one that knows such kernels only does where kretprobes are off. */
const NO_KRETPROBES = text('kretprobe_instance', /kretprobe_instance["'] has no member named/);

/** Compiler output that has a cause of its own. */
const CONFIG_ERRORS: readonly Pattern[] = [
  text('Need CONFIG_', /Need (CONFIG_\w{1,60})/),
  text('DebugFS is required', /DebugFS is required/),
  text('not to be built without CONFIG_', /not to be built without (CONFIG_\w{1,60})/),
  text(
    'available without kernel CONFIG_',
    /(?:#error .{0,20}Process probes|user-space facilities) not available without kernel (CONFIG_[\w/]{1,120})/,
  ),
];
/** A line of a configuration, or of whoever checked one. */
const NEEDED = '(CONFIG_(?:MODULES|KPROBES|KRETPROBES|RELAY|DEBUG_FS|KALLSYMS|MODULE_UNLOAD))';
const OPTION_OFF: readonly Pattern[] = [
  text(' is not set', new RegExp(`${NEEDED} is not set`)),
  // Gentoo's check of what a package wants.
  text('is not set when it should be', new RegExp(`${NEEDED}: +is not set when it should be`)),
  text('not enabled', new RegExp(`${NEEDED}\\b.{0,40}\\bnot enabled`)),
  text('enabled in your kernel', /(CONFIG_\w{1,60}) (?:needs to|must) be enabled in your kernel/),
  text('is disabled', new RegExp(`${NEEDED}\\b.{0,40}\\bis disabled`)),
];

/** Whoever says that the kernel was built without an option; programs of BPF ask for BTF, which SystemTap does without. */
const LACKS_OPTION_WORDS =
  /^(?!.{0,80}\b(?:if|when|unless|whether)\b).{0,80}\bkernel\b.{0,60}?(?:does(?:n't| not) have|built without|missing) ["'`]?(CONFIG_(?!DEBUG_INFO_BTF)\w{1,60})/i;
export const LACKS_OPTION: readonly Pattern[] = ['have', 'without', 'missing'].flatMap((word) => [
  text(`${word} CONFIG_`, LACKS_OPTION_WORDS),
  text(`${word} 'CONFIG_`, LACKS_OPTION_WORDS),
]);

/** The first that is said to be off: of those that make debug information, or of the others. */
export function lackedOption({ captures }: Match, isOfDebuginfo: boolean): string | null {
  const names = captures.flatMap(([name]) => name ?? []);
  return names.find((name) => name.startsWith('CONFIG_DEBUG_INFO') === isOfDebuginfo) ?? null;
}

/** The directory of a tracepoint; perf adds what it makes of it. */
const NO_EVENT = text('/tracing/events/', /File (\/sys\/kernel\/(?:debug\/)?tracing\/events\/\S{1,160}) not found/);
const MISSES_OPTION = text('misses some CONFIG_');

/** What every kernel offers to modules, of any version and for any driver. */
const BASIC_SYMBOL = text(
  'undefined!',
  /["'](memcpy|memset|memmove|memcmp|str(?:n?cmp|n?len|chr|str)|v?s[cn]{0,2}printf|kfree|vfree|vmalloc|kstrdup|filp_(?:open|close)|kill_pid|find_vpid|mutex_(?:un)?lock|msleep|schedule|jiffies|param_ops_(?:int|uint|charp|bool)|init_net|proc_mkdir)["'] \[\S{1,300}\] undefined!/,
);
/** modpost says beforehand that it has no list of symbols at all. */
const NO_SYMBOL_LIST = text('Symbol version dump', /Symbol version dump .{1,300}Module\.symvers/);

export const COMPILE_RULES: readonly Rule[] = [
  {
    code: 'STAP_TOO_OLD',
    patterns: [WRAPPERS],
    hints: [POINT_OF_SCRIPT, POINT_OF_TAPSET],
    // A script of one's own that names the old function is wrong by every SystemTap.
    grade: ({ seen }) => (seen(POINT_OF_SCRIPT) && !seen(POINT_OF_TAPSET) ? null : 'proves'),
    cause: (match) =>
      `The tapset of ${stapName(match)} is from before Linux 4.17, which gave system calls wrappers of other names (__x64_sys_…): it does not know ${kernelName(match.situation)}.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [MEMBER_OF_TAPSET],
    hints: [CAST_OF_KERNEL],
    grade: ({ captures, lines, linesOf }) => {
      const isForKernel = captures.some(([, , directory]) => directory !== undefined);
      const source = linesOf(CAST_OF_KERNEL).map(({ position }) => position - 1);
      return isForKernel || lines.some(({ position }) => source.includes(position)) ? 'proves' : 'allows';
    },
    cause: (match) =>
      `The tapset of ${stapName(match)} reads the member ${match.groups[0] ?? ''} of ${match.groups[1] ?? 'a structure'}, which ${kernelName(match.situation)} does not have by that name: the two are not of one time.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [LOCAL_OF_TAPSET],
    grade: 'allows',
    cause: (match) =>
      `The tapset of ${stapName(match)} reads the variable ${match.groups[0] ?? ''}, which the function of ${kernelName(match.situation)} does not have by that name, or the compiler did not describe.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [NEWER_CONSTANT],
    grade: 'points',
    cause: (match) =>
      `${kernelName(match.situation)} is older than ${stapName(match)} expects: it does not have ${match.groups[0] ?? ''} yet, which came with a later kernel. A SystemTap of its own time fits, not a newer one.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [OUTSIDE],
    grade: 'proves',
    cause: ({ groups, situation }) =>
      `Kernel ${groups[0] ?? ''} lies outside ${groups[1] ?? ''}, the kernels that SystemTap ${situation.log.stapVersion ?? ''} was tested with.`.replace(
        '  ',
        ' ',
      ),
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [RUNTIME_ERROR],
    grade: ({ seen }) => (ownCause(seen) ? 'allows' : 'proves'),
    cause: (match) =>
      `${stapName(match)} does not compile against ${kernelName(match.situation)}: "${match.groups[0] ?? ''}" in its own runtime.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [GENERATED_ERROR],
    hints: [...IN_C_OF_SCRIPT, WITHIN],
    grade: (match) => {
      if (match.seen(NEWER_CONSTANT) || isOwnC(match)) return null;
      return ownCause(match.seen) || match.situation.log.guru || isInScriptAlone(match) ? 'allows' : 'points';
    },
    cause: (match) =>
      `The C code that ${stapName(match)} generates does not compile against ${kernelName(match.situation)}: "${match.groups[0] ?? ''}".`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: KNOWN_API,
    hints: [MENTIONED, OWN_C],
    grade: (match) => {
      const { seen, lines, linesOf, situation } = match;
      if (seen(NEWER_CONSTANT) || isOwnC(match) || lines.every((line) => linesOf(OWN_C).includes(line))) return null;
      const isStaps = seen(PASS4) || seen(KBUILD) || lines.some((line) => /systemtap|\bstap|runtime/.test(line.text));
      // The script's own C stands in what was generated, and no other SystemTap mends it.
      if (isStaps) {
        const isScripts = (situation.log.guru && !seen(RUNTIME_ERROR)) || isInScriptAlone(match);
        return ownCause(seen) || isScripts ? 'allows' : 'points';
      }
      // The sources of a driver grow old as well, and that is no matter of SystemTap's.
      if (lines.every((line) => OF_A_DRIVER.test(line.text))) return null;
      return seen(MENTIONED) || situation.log.stapVersion !== null || situation.log.commandSeen ? 'allows' : null;
    },
    cause: (match) =>
      `${stapName(match)} uses "${match.groups[0] ?? 'an interface'}" as older kernels had it; in ${kernelName(match.situation)} it changed.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [MODPOST, UNRESOLVED],
    grade: ({ lines, linesOf }) =>
      lines.every((line) => linesOf(UNDEFINED_BY_COMPILER).includes(line)) ? null : 'points',
    cause: (match) =>
      `${stapName(match)} needs the kernel function ${match.groups[0] ?? ''}, which ${kernelName(match.situation)} does not offer to modules.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [PASS4, KBUILD],
    hints: [OWN_C, ENDED],
    grade: (match) =>
      ownCause(match.seen) || match.seen(OWN_C) || match.seen(ENDED) || isOwnC(match) ? null : 'allows',
    cause: (match) =>
      `The module did not compile; most often ${stapName(match)} does not know ${kernelName(match.situation)} yet.`,
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [NO_KRETPROBES],
    hints: [WITHIN],
    grade: ({ seen }) => (seen(WITHIN) ? 'proves' : 'allows'),
    cause: ({ situation }) =>
      `${kernelName(situation)} seems to have been built without CONFIG_KPROBES and CONFIG_KRETPROBES, which SystemTap needs.`,
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [PASS4, KBUILD],
    grade: ({ situation }) => (optionOff(situation) === null ? null : 'proves'),
    cause: ({ situation }) =>
      `${kernelName(situation)} was built without ${optionOff(situation) ?? ''}, which SystemTap needs.`,
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: CONFIG_ERRORS,
    grade: 'proves',
    cause: ({ groups, situation }) =>
      `${kernelName(situation)} was built without ${groups[0] ?? 'CONFIG_DEBUG_FS'}, which SystemTap needs.`,
  },
  ...(['KERNEL_CONFIG', 'PERM_CONTROL_CHANNEL'] as const).map((code): Rule => ({
    code,
    patterns: [NO_EVENT],
    hints: [MISSES_OPTION],
    grade: ({ seen }) => (!seen(MISSES_OPTION) ? null : code === 'KERNEL_CONFIG' ? 'points' : 'allows'),
    cause: ({ situation, groups }) =>
      code === 'KERNEL_CONFIG'
        ? `${kernelName(situation)} has no ${groups[0] ?? 'such tracepoint'}: it was built without the option that brings it.`
        : `${groups[0] ?? 'The directory of the tracepoint'} cannot be seen: tracefs is not mounted in debugfs here, or closed to this user.`,
  })),
  ...(['KERNEL_CONFIG', 'DEVEL_INCOMPLETE'] as const).map((code): Rule => ({
    code,
    patterns: [BASIC_SYMBOL],
    hints: [NO_SYMBOL_LIST],
    grade: ({ captures, seen }) => {
      if (seen(NO_SYMBOL_LIST) || new Set(captures.map(([name]) => name)).size < 2) return null;
      return code === 'KERNEL_CONFIG' ? 'points' : 'allows';
    },
    cause: ({ situation, groups }) =>
      code === 'KERNEL_CONFIG'
        ? `${kernelName(situation)} does not even offer ${groups[0] ?? ''} to modules of others: CONFIG_TRIM_UNUSED_KSYMS took away what its own modules do not use.`
        : `Module.symvers of the build tree lacks even ${groups[0] ?? ''}: it may be empty, or of a tree that was not built to the end.`,
    ...(code === 'KERNEL_CONFIG' ? { remedies: seeTrimmed } : {}),
  })),
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [UNDEFINED_BY_COMPILER],
    hints: [BASIC_SYMBOL, NO_SYMBOL_LIST],
    // Where the plainest symbols are undefined as well the list of them is to blame.
    grade: ({ seen }) => (seen(NO_SYMBOL_LIST) || seen(BASIC_SYMBOL) ? null : 'points'),
    cause: ({ situation, groups }) =>
      `The compiler puts ${groups[0] ?? 'a symbol'} into the module, which ${kernelName(situation)} does not offer: it is another one than the kernel's, or the tree has another configuration.`,
    remedies: (situation) => [
      run(shellText`grep CONFIG_CC_VERSION_TEXT /lib/modules/${releaseWord(situation)}/build/.config`),
      run('env PATH=/usr/bin:/bin gcc --version'),
      EMPTY_CACHE,
    ],
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: OPTION_OFF,
    grade: 'points',
    cause: ({ captures, situation }) =>
      `${kernelName(situation)} was built without ${listed(captures.flatMap(([name]) => name ?? []))}, which SystemTap needs.`,
    remedies: (situation, { lines, captures }) => {
      const names = [...new Set(captures.flatMap(([name]) => name ?? []))];
      const isOfSources = lines.some((line) => line.text.includes('when it should be'));
      const config = isOfSources
        ? shellText`/usr/src/linux/.config`
        : shellText`/boot/config-${releaseWord(situation)}`;
      return [run(shellText`grep -wE ${quoteWord(names.join('|'))} ${config}`)];
    },
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: LACKS_OPTION,
    // Where stap fails beside it, the option may be another program's matter.
    grade: (match) =>
      lackedOption(match, false) === null ? null : match.situation.log.commandSeen ? 'allows' : 'points',
    cause: (match) =>
      `${kernelName(match.situation)} was built without ${lackedOption(match, false) ?? ''}, which the program that says so needs.`,
    remedies: (situation, match) => [
      run(shellText`grep -w ${quoteWord(lackedOption(match, false) ?? '')} /boot/config-${releaseWord(situation)}`),
    ],
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [
      text('process probes not available', /process probes not available without kernel (CONFIG_\w{1,60})/),
      text('not available on this kernel', /(CONFIG_\w{1,60}) not available on this kernel/),
      text('requires vmlinux.h in', /requires vmlinux\.h in the kernel build tree/),
      text('process-tracking is not available'),
      text('error::process-tracking'),
    ],
    grade: 'points',
    cause: ({ groups, situation }) =>
      `${kernelName(situation)} was built without ${groups[0] ?? 'an option that this probe needs'}.`,
  },
];

/** Each once, as words of a sentence. */
function listed(names: readonly string[]): string {
  const all = [...new Set(names)];
  return all.length < 2 ? (all[0] ?? 'an option') : `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`;
}

/** An option of the machine's kernel that no script compiles without. */
function optionOff({ host }: Match['situation']): string | null {
  return ['CONFIG_KPROBES', 'CONFIG_DEBUG_FS', 'CONFIG_RELAY'].find((name) => host?.config[name] === 'n') ?? null;
}

/** The option, and the list that it makes short. */
function seeTrimmed(situation: Match['situation']): readonly Remedy[] {
  const tree = shellText`/lib/modules/${releaseWord(situation)}/build`;
  return [run(shellText`grep CONFIG_TRIM_UNUSED_KSYMS ${tree}/.config`), run(shellText`wc -l ${tree}/Module.symvers`)];
}

/** SystemTap was tested with this kernel, and the compiler stops in no file of it, only in C of the script or of a tapset. */
function isInScriptAlone({ seen }: Match): boolean {
  return seen(WITHIN) && IN_C_OF_SCRIPT.some(seen) && !seen(RUNTIME_ERROR);
}

/** With -g, which lets a script bring C, no other SystemTap mends that. */
function isOwnC(match: Match): boolean {
  return match.situation.log.guru && isInScriptAlone(match);
}

function ownCause(seen: Match['seen']): boolean {
  return [...CONFIG_ERRORS, ...COMPILER, ...MISSING_LIBRARY, ...MISSING_TOOL, ...NO_MEMORY].some(seen);
}

function stapName({ situation }: Match): string {
  const version = situation.log.stapVersion ?? situation.host?.systemtap?.version ?? null;
  return version === null ? 'this SystemTap' : `SystemTap ${version}`;
}
