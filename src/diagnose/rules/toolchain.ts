/** Symptoms of the tools that compile a module: missing, of another version, or misled by the environment. */
import { EMPTY_CACHE, install, run, runAsRoot } from '../../make-remedy.ts';
import { quoteCommand, shellLine, shellText } from '../../shell-words.ts';
import type { PackageSystem } from '../../package-system/package-system.ts';
import type { Remedy } from '../../types.ts';
import { findArchitecture } from '../../detect/architectures.ts';
import type { LogLine } from '../log-line.ts';
import { kernelName, releaseWord, text, type Pattern, type Rule, type Match } from '../rule.ts';
import { asksZypper, type Situation } from '../situation.ts';
import { NO_COMMAND } from '../strerror.ts';
import { KBUILD, PASS4, RUNTIME_ERROR } from './pass-4.ts';

/** No tree has a directory of that name: ARCH is a word of packages or of uname where make wants the kernel's own. */
const ARCH_SET: readonly Pattern[] = [
  text(
    '/Makefile',
    /(?:^|[\s/`'":])arch\/(?!(?:x86|arm|arm64|powerpc|s390|riscv|mips|sparc|loongarch|ia64|m68k|parisc|alpha|sh|um)\/)([\w-]{1,40})\/Makefile["'`]?\s{0,4}: /,
  ),
  text(
    "/Makefile'",
    /No rule to make target [`'"](?:\S{0,200}\/)?arch\/(amd64|x86_64|i[3-6]86|aarch64|armhf|ppc64le|ppc64el)\/Makefile/,
  ),
];

/** Programs that kbuild calls, with the prefix of a cross compiler and the version that the kernel was built with. */
const TOOL = String.raw`((?:[a-z0-9][\w.]{0,20}-){0,4}(?:gcc|g\+\+|cc|clang|ld|ld\.lld|ld\.bfd|as|ar|objcopy|make|bison|flex|bc)(?:-\d{1,2}(?:\.\d)?)?)`;
const BEFORE = String.raw`(?:^|[\s/:"'\`])`;
const WHERE = String.raw`(?:(?:line )?\d{1,5}: )?`;

/** A program that is called and is not there, as make and every shell say it. */
export const MISSING_TOOL: readonly Pattern[] = [
  text('ommand not found', new RegExp(`${BEFORE}${TOOL}["'\`]?: ${WHERE}[cC]ommand not found`)),
  text('command not found', new RegExp(`command not found: ${TOOL}(?:\\s|$)`)),
  text(': not found', new RegExp(`${BEFORE}${TOOL}: ${WHERE}not found`)),
  text('No such file or directory', new RegExp(`(?:^|make\\S{0,8}: |sh: |/env: )["'\`]?${TOOL}["'\`]?: No such file`)),
  ...NO_COMMAND.map((words) => text(words, new RegExp(`${BEFORE}${TOOL}["'\`]?\\s?: ${WHERE}${words}`))),
  text('cannot execute', /(?:gcc|cc|g\+\+)\S{0,8}: (?:fatal )?error: cannot execute ['"`](\w{1,20})['"`]/),
  text('linker `ld', /linker [`']ld'? .{0,40}not found/),
  text('exited with status: 127', /(?:kbuild|make)\S{0,20} exited with status: 127/),
];

/** The compiler that was called is not the kernel's, or lacks what the kernel's has. */
export const COMPILER: readonly Pattern[] = [
  text('CONFIG_RETPOLINE=y', /CONFIG_RETPOLINE=y, but not supported by the compiler/),
  text('does not support PIC mode', /code model kernel does not support PIC mode/),
  text(
    'unrecognized command',
    /(?:cc1|gcc\S{0,20}|g\+\+\S{0,20}): error: unrecognized command[- ]line option ["'](\S{1,80})["']/,
  ),
  text(
    'unknown argument',
    /clang\S{0,20}: error: (?:unknown argument|unsupported option)\S{0,2} ["'](-[fmW]\S{1,80}?)["']/,
  ),
  text('is too old', /(?:\b[Cc]ompiler|\bversion of (?:GCC|gcc|[Cc]lang)) is too old/),
  // A kernel of before 4.2 has a header for each gcc that it knows.
  text('compiler-gcc', /linux\/compiler-gcc(\d{1,2})\.h: No such file/),
  text('Compiler lacks asm-goto'),
  text('cannot load plugin', /cannot load plugin \S{0,200}gcc-plugins\//),
];

/** gcc 15 reads C23 where nothing says otherwise, in which these words cannot be defined any more; kernels before 6.14 do. */
const KEYWORDS_OF_C23: readonly Pattern[] = [
  text(
    'cannot use keyword',
    /(?:^|\/)(?:include|arch)\/\S{1,200}\.h:\d{1,6}:\d{1,5}: error: cannot use keyword ["'](?:false|true|bool|nullptr)["']/,
  ),
  text(
    'cannot be defined via',
    /(?:^|\/)(?:include|arch)\/\S{1,200}\.h:\d{1,6}:\d{1,5}: error: ["'](?:bool|true|false)["'] cannot be defined via/,
  ),
];

/** kbuild only remarks it, and goes on; it names both below. */
const COMPILER_NOTE = text(
  'compiler differs from the one',
  /the compiler differs from the one used to build the kernel/,
);
const BUILT_BY = text('kernel was built by', /[Tt]he kernel was built by: +(.{3,200})/);
/** The kernel's own banner: who built it, and in parentheses by what. */
const BANNER = text('Linux version ', /\bLinux version \S{1,80} \(.{1,120}?\) (\(.{0,60}\b(?:gcc|clang)\b.{1,200})/);
/** Of the banner and of the configuration. */
const BUILT_BY_CLANG: readonly Pattern[] = [
  text('Linux version ', /\bLinux version \S{1,80} \(.{1,120}?\) \((?:[\w.-]{1,30} )?clang version \d/),
  text('CONFIG_CC_', /^CONFIG_CC_(?:IS_CLANG=y|VERSION_TEXT="[^"]{0,40}\bclang version \d)/),
  // Options that gcc has never had.
  text('unrecognized command', /["'](?:-mretpoline-external-thunk|-fsplit-lto-unit|-flto=thin|-fsanitize=kcfi)["']/),
];
const YOU_USE = text('You are using:', /You are using: +(.{3,200})/);
/** A directory of the kernel's sources that is not there: of an architecture, in its own word. */
const NO_ARCH = text('/Makefile', /(?:^|[\s/`'":])arch\/([a-z]\w{1,15})\/(?:\S{0,60}\/)?Makefile["'`]?\s{0,4}: /);
/** A compiler that is for another architecture than make was told. */
const OWN_VALUES = text('unknown value', /unknown value ["'`]\S{1,40}["'`] for ["'`]-m(?:arch|cpu|abi)/);
const OWN_ARGUMENTS = text('valid arguments to', /valid arguments to ["'`]-mabi=["'`]? are/);

/** Packages by their names in each system. */
interface Library {
  readonly deb: readonly string[];
  readonly rpm: readonly string[];
  readonly zypper: readonly string[];
}
/** Headers of libraries that programs of the build tree are compiled with. */
const LIBRARIES: readonly (readonly [RegExp, Library])[] = [
  [/libdwfl/, { deb: ['libdw-dev'], rpm: ['elfutils-devel'], zypper: ['libdw-devel'] }],
  [/elf/, { deb: ['libelf-dev'], rpm: ['elfutils-libelf-devel'], zypper: ['libelf-devel'] }],
  [/openssl/, { deb: ['libssl-dev'], rpm: ['openssl-devel'], zypper: ['libopenssl-devel'] }],
];
export const MISSING_LIBRARY: readonly Pattern[] = [
  text('install libelf-dev', /please install (libelf-dev)/),
  text('elfutils/libdwfl.h', /(elfutils\/libdwfl\.h): No such file/),
  text(
    'No such file or directory',
    /^(?:\S{0,200}\/)?(?:scripts|tools|certs)\/\S{1,120}: (?:fatal )?error: ((?:openssl\/\w{1,30}|gelf|libelf)\.h): No such file/,
  ),
];

/** rpmbuild, of a package with the sources of modules, as akmods builds them: what compiles them is missing. */
const BUILD_REQUIRED = text(
  'is needed by',
  /(?:^|\s)(gcc(?:-c\+\+)?|g\+\+|clang|make|binutils|bison|flex|bc|(?:elfutils-)?libelf-devel|openssl-devel)(?: [<>=]{1,2} \S{1,80})? is needed by (?:\S{1,80}-)?kmod-\S/,
);

const BUILD_REFUSED = text('Failed build dependencies');

/** Whatever is built here is built for a kernel. */
export const FOR_A_KERNEL: readonly Pattern[] = [
  PASS4,
  KBUILD,
  text('/lib/modules/'),
  text('/usr/src/'),
  text('scripts/Makefile.'),
  text('CROSS_COMPILE'),
  text('linux-headers-'),
  text('Building modules'),
  text('The kernel was built by'),
  text('DKMS make.log'),
  text('kernel module'),
];

const UNSET_ARCH: Remedy = { kind: 'unset-variables', by: 'user', names: ['ARCH', 'CROSS_COMPILE'] };

export const TOOLCHAIN_RULES: readonly Rule[] = [
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: ARCH_SET,
    grade: 'proves',
    cause: ({ groups }) =>
      `ARCH=${groups[0] ?? ''} or CROSS_COMPILE stands in the environment, and make takes it for the kernel's: its word for this architecture is another.`,
    remedies: () => [UNSET_ARCH, EMPTY_CACHE],
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [NO_ARCH],
    grade: ({ situation, groups }) => {
      const own = findArchitecture(situation.arch ?? '')?.tree;
      return own !== undefined && groups[0] !== own ? 'proves' : null;
    },
    cause: ({ groups, situation }) =>
      `make builds for ${groups[0] ?? 'another architecture'}, and ${kernelName(situation)} is of ${situation.arch ?? 'this one'}: ARCH stands in the environment or on the command line.`,
    remedies: () => [UNSET_ARCH, EMPTY_CACHE],
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [OWN_ARGUMENTS, OWN_VALUES],
    grade: ({ situation, seen }) =>
      situation.log.toldArch === null ? null : seen(OWN_ARGUMENTS) ? 'proves' : 'points',
    cause: ({ situation }) =>
      `make is told ARCH=${situation.log.toldArch ?? ''}, and the compiler that it calls is of another architecture: it refuses the options of that one.`,
    remedies: () => [UNSET_ARCH, EMPTY_CACHE],
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: KEYWORDS_OF_C23,
    grade: 'proves',
    cause: ({ situation }) =>
      `The compiler is newer than the tree of ${kernelName(situation)}: it reads C23, where bool, true and false are words of the language, and a header of that tree still defines them.`,
    remedies: ({ system }) => [
      run('gcc --version'),
      ...(system?.hasCompilersByVersion === true ? [install(['gcc-14'], 'toolchain')] : []),
      run("make CC='gcc -std=gnu11'"),
    ],
    otherwise:
      'gcc 14 is the last that reads older C by itself ("make CC=gcc-14"); kernels from 6.14 on, and later updates of older ones, say which C is meant.',
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [COMPILER_NOTE],
    hints: [BUILT_BY, YOU_USE, ...COMPILER],
    grade: (match) => (isOtherCompiler(match) || COMPILER.some(match.seen) ? 'allows' : null),
    cause: ({ situation, linesOf }) =>
      `${kernelName(situation)} was built by ${nameOfCompiler(linesOf(BUILT_BY)) ?? 'another compiler'}, and ${nameOfCompiler(linesOf(YOU_USE)) ?? 'another one'} is used: kbuild remarks it and goes on.`,
    remedies: (situation, { lines, linesOf }) =>
      installTool(kernelsCompiler(linesOf(BUILT_BY), situation.system), lines, situation),
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: MISSING_TOOL,
    hints: FOR_A_KERNEL,
    grade: ({ seen, lines }) => {
      if (seen(RUNTIME_ERROR)) return 'points';
      if (FOR_A_KERNEL.some(seen)) return 'proves';
      // Programs of other kinds call compilers as well; only kernels ask for one by its version.
      if (/\b(?:gcc|clang)-\d/.test(lines[0]?.text ?? '')) return 'points';
      return /\b(?:gcc|cc|make)\b/.test(lines[0]?.text ?? '') ? 'allows' : null;
    },
    cause: (match) => {
      const prefix = crossPrefix(match.groups[0]);
      return prefix === null
        ? `${match.groups[0] ?? 'The compiler or make'}, which building a module needs, is not installed, or not under the name the kernel was built with.`
        : `${match.groups[0] ?? ''} is not installed: CROSS_COMPILE=${prefix} asks for it.`;
    },
    remedies: (situation, { groups, lines }) =>
      !situation.log.crossAsked && isForeignPrefix(groups[0], situation.arch)
        ? [UNSET_ARCH, EMPTY_CACHE]
        : installTool(groups[0] ?? null, lines, situation),
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [BUILD_REQUIRED],
    hints: [BUILD_REFUSED],
    // rpm says the same of a package that is to be installed.
    grade: ({ seen }) => (seen(BUILD_REFUSED) ? 'proves' : null),
    cause: ({ captures }) => `rpmbuild cannot build the module: ${namesIn(captures).join(', ')} is not installed.`,
    remedies: ({ system }, { captures }) => {
      const names = namesIn(captures);
      return [
        system === null ? runAsRoot(shellText`dnf install -y ${quoteCommand(names)}`) : install(names, 'toolchain'),
        EMPTY_CACHE,
      ];
    },
    otherwise: 'Then build it again; where akmods does, that is "akmods --force".',
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: MISSING_LIBRARY,
    grade: 'proves',
    cause: ({ groups }) =>
      `The programs of the build tree cannot be compiled: ${groups[0] ?? 'a header'} of a library is not installed.`,
    remedies: ({ system, place }, { groups }) => {
      const names = LIBRARIES.find(([header]) => header.test(groups[0] ?? ''))?.[1];
      if (names === undefined) return [];
      if (system === null) return [...ofEachSystem(names), EMPTY_CACHE];
      const wanted = asksZypper(place) ? names.zypper : names[system.family];
      return [install(wanted, 'toolchain'), EMPTY_CACHE];
    },
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: COMPILER.filter((pattern) => pattern.needle !== 'unknown argument'),
    grade: ({ seen }) => (isOfClang(seen) ? 'proves' : null),
    cause: ({ situation, groups }) =>
      `${kernelName(situation)} was built with clang, and gcc is called for its modules${groups[0] === undefined ? '' : `, which does not know ${groups[0]}`}.`,
    remedies: ({ system }) => [
      ...(system === null
        ? ofEachSystem({
            deb: ['clang', 'lld', 'llvm'],
            rpm: ['clang', 'lld', 'llvm'],
            zypper: ['clang', 'lld', 'llvm'],
          })
        : [install(['clang', 'lld', 'llvm'], 'toolchain')]),
      run("stap -B LLVM=1 -v -e 'probe begin { exit() }'"),
      EMPTY_CACHE,
    ],
    otherwise:
      'The clang has to be of the major version that /proc/version names: "LLVM=-19" calls clang-19. A make of one\'s own takes LLVM=1 as well.',
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: COMPILER,
    hints: [...BUILT_BY_CLANG, BANNER],
    grade: ({ seen }) => (seen(RUNTIME_ERROR) || isOfClang(seen) ? 'points' : 'proves'),
    cause: ({ situation, groups }) =>
      `The compiler in the PATH is not the one ${kernelName(situation)} was built with${groups[0] === undefined ? '' : ` (it does not know ${groups[0]})`}.`,
    remedies: (situation, { lines, linesOf }) =>
      installToolset(builtBy(linesOf), situation) ??
      installTool(kernelsCompiler(builtBy(linesOf), situation.system), lines, situation),
  },
];

/** What the first group captured, each once. */
function namesIn(captures: Match['captures']): readonly string[] {
  return [...new Set(captures.flatMap(([name]) => name ?? []))];
}

function isOfClang(seen: Match['seen']): boolean {
  return BUILT_BY_CLANG.some(seen);
}

/** What kbuild tells of the kernel's compiler, else its banner. */
function builtBy(linesOf: Match['linesOf']): readonly Told[] {
  const told = linesOf(BUILT_BY);
  const banners = linesOf(BANNER).flatMap(({ text: line }) => BANNER.regex?.exec(line)?.[1] ?? []);
  return told.length > 0 ? told : banners.map((banner) => ({ text: banner }));
}

type Told = Pick<LogLine, 'text'>;

/** Brand and major version: `x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0-23ubuntu4) 13.2.0` is gcc 13. */
function nameOfCompiler(lines: readonly Told[]): string | null {
  const text = lines[0]?.text ?? '';
  const brand = /\b(gcc|clang)\b/.exec(text)?.[1];
  const version = /(?:\) |version )(\d{1,2})\.\d/.exec(text)?.[1] ?? /\b(?:gcc|clang)-(\d{1,2})\b/.exec(text)?.[1];
  return brand === undefined || version === undefined ? null : `${brand} ${version}`;
}

/** The note speaks of any other text, be it only a prefix of the program's name. */
function isOtherCompiler({ linesOf }: Match): boolean {
  const [built, used] = [BUILT_BY, YOU_USE].map((pattern) => nameOfCompiler(linesOf(pattern)));
  return built === null || used === null || built !== used;
}

/** A line for each system, where nothing tells which it is. */
function ofEachSystem({ deb, rpm, zypper }: Library): readonly Remedy[] {
  return [
    runAsRoot(shellText`apt-get install -y ${quoteCommand(deb)}    # where there is apt`),
    runAsRoot(shellText`dnf install -y ${quoteCommand(rpm)}    # where there is dnf`),
    runAsRoot(shellText`zypper --non-interactive install ${quoteCommand(zypper)}    # where there is zypper`),
  ];
}

/** What stands before the compiler's own name, as CROSS_COMPILE holds it. */
function crossPrefix(tool: string | undefined): string | null {
  return /^(\S+-)(?:gcc|g\+\+|cc|ld|as|ar|objcopy|clang)(?:-\d[\d.]*)?$/.exec(tool ?? '')?.[1] ?? null;
}

/** A cross compiler for anything else than the kernel in question cannot help it. */
function isForeignPrefix(tool: string | undefined, arch: string | null): boolean {
  const target = crossPrefix(tool)?.split('-', 1)[0] ?? null;
  return target !== null && findArchitecture(target)?.tree !== (findArchitecture(arch ?? '')?.tree ?? null);
}

/** The compiler of the kernel by the name that packages have, where kbuild told it. */
function kernelsCompiler(lines: readonly Told[], system: PackageSystem | null): string | null {
  const named = /(?<![\w-])(?:[\w]+-linux-gnu-)?((?:gcc|clang)-\d{1,2})\b/.exec(lines[0]?.text ?? '')?.[1];
  const isClang = nameOfCompiler(lines)?.startsWith('clang') === true;
  if (named !== undefined || system?.hasCompilersByVersion !== true) return named ?? (isClang ? 'clang' : null);
  // Before gcc 5 the second number was part of the name.
  const [brand, major] = nameOfCompiler(lines)?.split(' ') ?? [];
  return brand === undefined || Number(major) < 5 ? null : `${brand}-${major ?? ''}`;
}

/** Packages are named after the program, with the target of a cross compiler behind it. */
function packageOf(tool: string): readonly string[] {
  const prefix = crossPrefix(tool);
  if (prefix !== null) return /-linux-gnu\w*-$/.test(prefix) ? [`gcc-${prefix.slice(0, -1)}`] : [];
  if (/^(?:ld|as|ar|objcopy)/.test(tool)) return ['binutils'];
  return tool === 'cc' || tool === 'g++' ? ['gcc'] : [tool];
}

/** The gcc of each release of Red Hat's kin, by its major version. */
const GCC_OF_RELEASE: Readonly<Record<string, number>> = { 6: 4, 7: 4, 8: 8, 9: 11, 10: 14 };

/** Oracle's UEK and ELRepo's kernels are built with a gcc of a toolset, which is newer than the distribution's own; null where that is not seen. */
function installToolset(lines: readonly Told[], { release }: Pick<Situation, 'release'>): readonly Remedy[] | null {
  const [brand, major] = nameOfCompiler(lines)?.split(' ') ?? [];
  const [, system = ''] = /\.el(\d{1,2})/.exec(release ?? '') ?? [];
  const own = GCC_OF_RELEASE[system];
  if (brand !== 'gcc' || own === undefined || Number(major) <= own) return null;
  const toolset = `${Number(system) < 8 ? 'devtoolset' : 'gcc-toolset'}-${major ?? ''}`;
  const name = Number(system) < 8 ? `${toolset}-gcc` : toolset;
  return [install([name], 'toolchain'), run(shellLine`scl enable ${toolset} 'gcc --version'`), EMPTY_CACHE];
}

/** The compiler by the name that kbuild asks for it, where it does. */
function installTool(
  tool: string | null,
  lines: readonly LogLine[],
  situation: Pick<Situation, 'release' | 'system'>,
): readonly Remedy[] {
  const named = lines.map((line) => /\b(gcc-\d{1,2}): (?:\d+: )?(?:[cC]ommand )?not found/.exec(line.text)?.[1]);
  const wanted = named.find((name) => name !== undefined) ?? tool ?? 'gcc';
  const names = [...new Set([...packageOf(wanted), 'make'])];
  const config = shellText`/lib/modules/${releaseWord(situation)}/build/.config`;
  return [
    ...(situation.system === null
      ? ofEachSystem({ deb: names, rpm: names, zypper: names })
      : [install(names, 'toolchain')]),
    run(shellText`grep CONFIG_CC_VERSION_TEXT ${config}`),
    crossPrefix(wanted) === null
      ? run(shellLine`env PATH=/usr/bin:/bin ${wanted.startsWith('clang') ? wanted : 'gcc'} --version`)
      : run(shellLine`command -v ${wanted}`),
    EMPTY_CACHE,
  ];
}
