/** Symptoms of pass 4: SystemTap, compiler or configuration that do not fit the kernel. */
import { EMPTY_CACHE, install, run } from '../../make-remedy.ts';
import type { Remedy } from '../../types.ts';
import type { LogLine } from '../log-line.ts';
import { kernelName, text, type Pattern, type Rule, type Sight } from '../rule.ts';

const OUTSIDE = text(
  'tested range',
  /Kernel version (\S{1,80}) is outside (?:the )?tested range (\S{1,40} \.\.\. \S{1,40})/,
);
/** The compiler stops in SystemTap's own runtime: its code does not know this kernel's. */
const RUNTIME_ERROR: Pattern = text(
  '/runtime/',
  /\/runtime\/[\w./-]{1,120}\.[chS]:\d{1,6}(?::\d{1,5})?: (?:fatal )?(?:error|erreur|Fehler|错误|エラー)\s?:\s*(.{0,300})/,
);
const GENERATED_ERROR = text(
  ': error: ',
  /\/stap(?:\w{6}\/|_)[\w.-]{1,80}\.c:\d{1,9}(?::\d{1,5})?: (?:fatal )?error: (.{0,300})/,
);
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
/** Constants of system calls and their flags only ever come to be: a kernel that lacks one is older than who names it. */
const NEWER_CONSTANT = text(
  'undeclared',
  /["']((?:PR|MAP|MADV|CLONE|FUTEX|BPF|AF|PF|SO|MSG|SCHED|F|O|AT|IPPROTO|TCP|MCL|MS|SECCOMP|RENAME|STATX|EPOLL|IORING)_[A-Z][A-Z0-9_]{1,60}|__NR_\w{1,60})["'] undeclared/,
);
const PASS4 = text('compilation failed', /Pass 4: compilation failed/);
const KBUILD = text('kbuild exited with status');

const WITHIN = text('within tested range', /is within (?:the )?tested range/);
/** Older SystemTaps stumble here as well; one that knows such kernels only does where kretprobes are off. */
const NO_KRETPROBES = text('kretprobe_instance', /kretprobe_instance["'] has no member named/);

/** Compiler output that has a cause of its own. */
const CONFIG_ERRORS: readonly Pattern[] = [
  text('Need CONFIG_', /Need (CONFIG_\w{1,60})/),
  text('DebugFS is required', /DebugFS is required/),
  text('not to be built without CONFIG_', /not to be built without (CONFIG_\w{1,60})/),
];
/** No tree has a directory of that name: ARCH is a word of packages or of uname where make wants the kernel's own. */
const ARCH_SET: readonly Pattern[] = [
  text(
    '/Makefile',
    /\/arch\/(?!(?:x86|arm|arm64|powerpc|s390|riscv|mips|sparc|loongarch|ia64|m68k|parisc|alpha|sh|um)\/)([\w-]{1,40})\/Makefile["'`]?\s{0,4}: /,
  ),
  text(
    "/Makefile'",
    /No rule to make target [`'"]\S{0,200}\/arch\/(amd64|x86_64|i[3-6]86|aarch64|armhf|ppc64le|ppc64el)\/Makefile/,
  ),
];
const COMPILER: readonly Pattern[] = [
  text('CONFIG_RETPOLINE=y', /CONFIG_RETPOLINE=y, but not supported by the compiler/),
  text('does not support PIC mode', /code model kernel does not support PIC mode/),
  text('Cannot generate ORC metadata', /Cannot (?:generate ORC metadata|use CONFIG_STACK_VALIDATION)/),
  text('unrecognized command', /(?:cc1|gcc\S{0,20}): error: unrecognized command[- ]line option ["'](\S{1,80})["']/),
  text('compiler differs from the one', /the compiler differs from the one used to build the kernel/),
  text('compiler is too old', /(?:C |Your )?compiler is too old/),
  text('elfutils/libdwfl.h', /elfutils\/libdwfl\.h: No such file/),
  text('Compiler lacks asm-goto'),
  text(': not found', /(?:^|[\s/:])(?:gcc|cc|x86_64-linux-gnu-gcc|aarch64-linux-gnu-gcc)(?:-\d{1,2})?: not found/),
  text('gcc: No such file'),
  text('-gcc: not found', /(?:^|[\s/:])[a-z][\w-]{2,40}-gcc(?:-\d{1,2})?: (?:\d+: )?not found/),
  text('-gcc: command not found'),
  text('make: No such file'),
  text('command not found', /\b(?:gcc(?:-\d{1,2})?|make|cc): command not found|command not found: (?:gcc|make|cc)\b/),
  text('make: not found', /\bmake: not found/),
  text('gcc: not found', /\bgcc(?:-\d{1,2})?: not found/),
  text('linker `ld', /linker [`']ld'? .{0,40}not found/),
  text('exited with status: 127', /(?:kbuild|make)\S{0,20} exited with status: 127/),
];

export const COMPILE_RULES: readonly Rule[] = [
  {
    code: 'STAP_TOO_OLD',
    patterns: [WRAPPERS],
    grade: 'proves',
    cause: (sight) =>
      `The tapset of ${stapName(sight)} is from before Linux 4.17, which gave system calls wrappers of other names (__x64_sys_…): it does not know ${kernelName(sight.situation)}.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [NEWER_CONSTANT],
    grade: 'points',
    cause: (sight) =>
      `${kernelName(sight.situation)} is older than ${stapName(sight)} expects: it does not have ${sight.groups[0] ?? ''} yet, which came with a later kernel. A SystemTap of its own time fits, not a newer one.`,
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
    cause: (sight) =>
      `${stapName(sight)} does not compile against ${kernelName(sight.situation)}: "${sight.groups[0] ?? ''}" in its own runtime.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [GENERATED_ERROR],
    grade: ({ seen, situation }) =>
      seen(NEWER_CONSTANT) ? null : ownCause(seen) ? 'allows' : situation.log.guru ? 'allows' : 'points',
    cause: (sight) =>
      `The C code that ${stapName(sight)} generates does not compile against ${kernelName(sight.situation)}: "${sight.groups[0] ?? ''}".`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: KNOWN_API,
    grade: ({ seen, lines }) => {
      if (seen(NEWER_CONSTANT)) return null;
      if (ownCause(seen)) return 'allows';
      return seen(PASS4) || seen(KBUILD) || lines.some((line) => /systemtap|\bstap|runtime/.test(line.text))
        ? 'points'
        : 'allows';
    },
    cause: (sight) =>
      `${stapName(sight)} uses "${sight.groups[0] ?? 'an interface'}" as older kernels had it; in ${kernelName(sight.situation)} it changed.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [MODPOST, UNRESOLVED],
    grade: 'points',
    cause: (sight) =>
      `${stapName(sight)} needs the kernel function ${sight.groups[0] ?? ''}, which ${kernelName(sight.situation)} does not offer to modules.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [PASS4, KBUILD],
    grade: ({ seen }) => (ownCause(seen) ? null : 'allows'),
    cause: (sight) =>
      `The module did not compile; most often ${stapName(sight)} does not know ${kernelName(sight.situation)} yet.`,
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
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: ARCH_SET,
    grade: 'proves',
    cause: ({ groups }) =>
      `ARCH=${groups[0] ?? ''} or CROSS_COMPILE stands in the environment, and make takes it for the kernel's: its word for this architecture is another.`,
    remedies: () => [{ kind: 'unset-variables', by: 'user', names: ['ARCH', 'CROSS_COMPILE'] }, EMPTY_CACHE],
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: COMPILER,
    grade: ({ seen }) => (seen(RUNTIME_ERROR) ? 'points' : 'proves'),
    cause: ({ situation, groups, lines }) =>
      /not found|No such file|127/.test(lines[0]?.text ?? '') && !/libdwfl/.test(lines[0]?.text ?? '')
        ? 'The compiler or make that building a module needs is not installed, or not under the name the kernel was built with.'
        : `The compiler in the PATH is not the one ${kernelName(situation)} was built with${groups[0] === undefined ? '' : ` (it does not know ${groups[0]})`}.`,
    remedies: ({ release }, { lines }) => installCompiler(lines, release),
  },
];

/** An option of the machine's kernel that no script compiles without. */
function optionOff({ host }: Sight['situation']): string | null {
  return ['CONFIG_KPROBES', 'CONFIG_DEBUG_FS', 'CONFIG_RELAY'].find((name) => host?.config[name] === 'n') ?? null;
}

/** The compiler by the name that kbuild asks for it, where it does. */
function installCompiler(lines: readonly LogLine[], release: string | null): readonly Remedy[] {
  const named = lines.map((line) => /\b(gcc-\d{1,2}): (?:\d+: )?(?:command )?not found/.exec(line.text)?.[1]);
  const compiler = named.find((name) => name !== undefined) ?? 'gcc';
  const config = `/lib/modules/${release ?? '"$(uname -r)"'}/build/.config`;
  return [
    install([compiler, 'make'], 'toolchain'),
    run(`grep CONFIG_CC_VERSION_TEXT ${config}`),
    run('env PATH=/usr/bin:/bin gcc --version'),
    EMPTY_CACHE,
  ];
}

function ownCause(seen: Sight['seen']): boolean {
  return [...CONFIG_ERRORS, ...COMPILER].some(seen);
}

function stapName({ situation }: Sight): string {
  const version = situation.log.stapVersion ?? situation.host?.systemtap?.version ?? null;
  return version === null ? 'this SystemTap' : `SystemTap ${version}`;
}
