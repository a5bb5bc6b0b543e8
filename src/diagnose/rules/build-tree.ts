/** Symptoms of a build tree that is missing, another kernel's, incomplete, or of another build. */
import { installDevel } from '../common-remedies.ts';
import { EMPTY_CACHE, install, reinstall, run, runAsRoot } from '../../make-remedy.ts';
import { makeIn, MAKE_WHOLE } from '../make-in-tree.ts';
import type { Remedy, ShellText } from '../../types.ts';
import { shellLine, shellText } from '../../shell-words.ts';
import { isOlderThan, kernelName, releaseWord, text, type Pattern, type Rule, type Match } from '../rule.ts';
import { patternsOf } from '../package-manager/templates.ts';
import { NOT_CONFIGURED as HALF_CONFIGURED_TEMPLATES, NOT_INSTALLED } from '../package-manager/translations.ts';
import { NO_TREE } from './neighbours.ts';
import { isOnlyCutShort } from '../release-option.ts';
import { isInContainer } from '../situation.ts';
import { newerKernel, otherDevel, otherTree, wrongVariantDevel } from '../other-packages.ts';

/** Pass 0: the frame around strerror's words, which come in the user's language. */
export const NO_CONFIG = text('/.config', /["'] ?([^"'\s]{0,400})\/\.config ?["'][^:]{0,80}:/);
const HINT = text('kernel-devel package, use', /Incorrect version or missing kernel-devel package, use/);
const NO_SYMVERS = text('/Module.symvers', /["'] ?([^"'\s]{1,400})\/Module\.symvers ?["'][^:]{0,80}:/);
const NO_MAKEFILE = text('/Makefile', /["'] ?([^"'\s]{1,400})\/Makefile ?["'][^:]{0,80}:/);
/** Gentoo's, which asks for the sources of a kernel and not for a package. */
const UNCONFIGURED: readonly Pattern[] = [
  text('Kernel not configured; no .config', /Kernel not configured; no \.config found in (\/\S{1,200}\w)/),
  text('find a usable .config in', /not find a usable \.config in/),
];
/** A list of files that the sources have at their top, and no package of headers has; and the file that every built tree has. */
const SOURCES_LISTED = text('MAINTAINERS', /^(?!.*(?:["'=]|: )).{0,300}(?<![\w/])MAINTAINERS(?:\s|$)/);
const HAS_SYMBOLS = text('Module.symvers', /^(?!.*(?:No such|not found|missing|["'])).{0,300}\bModule\.symvers\b/);
/** A configure script that was shown a tree, or found one, and looks for what every tree has. */
const CHECKED_IN_VAIN = text(
  'checking for /',
  /checking for (\/\S{1,300}?)\/+(\.config|Module\.symvers|Makefile|include\/generated\/autoconf\.h)\.{3} no\b/,
);
/** What the flavours share, which is no kernel's build tree: Ubuntu's without a flavour, Debian's with this word for one. */
const COMMON_HALF = /\/linux-headers-(?:\d+(?:\.\d+)+-\d+|\d\S{1,60}-common(?:-rt)?)$/;
const ENSURE = text('development headers & makefiles');
export const UTS_MISMATCH = text(
  'version mismatch (',
  // Debian's and Ubuntu's own carry parentheses: "#1 SMP Debian 5.10.223-1 (2024-08-10)".
  /module version mismatch \((#.{4,120}?) vs (#.{4,120}?)\)(?=,|\s*$)/,
);
const RELEASE_MISMATCH = text('release mismatch (', /module release mismatch \((\S{1,80}) vs (\S{1,80})\)/);

/** What dpkg says of headers that it could not finish, and how it lists them. */
const HALF_CONFIGURED: readonly Pattern[] = [
  text(
    'prevent configuration of',
    /dependency problems prevent configuration of (linux-(?:headers|kbuild)-\S{1,120}?):/,
  ),
  text('error processing package', /error processing package (linux-(?:headers|kbuild)-\S{1,120})/),
  text('linux-headers-', /^i[UFHW]R?\s+(linux-headers-\S{1,120})/),
];

/** Headers need a newer library than the system has: they are of a newer release of it, and no repair brings that. */
const LIBRARY = '(?:libc6|libssl\\d[\\w.]*|libelf1\\w*|libdw1\\w*|zlib1g)';
const FOR_NEWER_RELEASE: readonly Pattern[] = [
  text('on system is', new RegExp(`^()Version of (${LIBRARY})(?::\\w{1,10})? on system is (\\S{1,60}?)\\.?$`)),
  text(
    'is to be installed',
    new RegExp(
      `(linux-headers-\\S{1,120}) : Depends: (${LIBRARY}) \\(>=? ?\\S{1,60}\\) but (\\S{1,60}) is to be installed`,
    ),
  ),
];

/** The headers are there and whole; what runs behind them, dkms, did not come to an end: a driver's source does not compile. */
const HOOK_FAILED: readonly Pattern[] = [
  text('header_postinst.d', /header_postinst\.d\/\S{1,60} exited with return code/),
  text('header_postinst.d', /Failed to process \S{0,60}\/header_postinst\.d/),
];
const DEPENDENCY = text('prevent configuration of');

/** dpkg in other languages, where any package may stand. */
const HALF_CONFIGURED_ELSEWHERE = patternsOf(HALF_CONFIGURED_TEMPLATES);

/** A file by its path below some directory that has not the directories of a kernel tree. */
const OUTSIDE = /^(?!(?:\.\/)?(?:include\/[\w-]{1,40}\/|arch\/|scripts\/))(?:\.{1,2}\/|\w)\S{0,200}:\d/;
/** make in German, French and Chinese. */
const NO_RULE_ELSEWHERE: readonly Pattern[] = [
  text('Keine Regel, um', /Keine Regel, um ["'`]?(?:modules|scripts\/\S{1,100}?)["'`]? /),
  text(
    'Aucune règle pour fabriquer',
    /Aucune règle pour fabriquer la cible ["'`] ?(?:modules|scripts\/\S{1,100}?) ?["'`]/,
  ),
  text('没有规则可制作目标', /没有规则可制作目标 ?["'`]?(?:modules|scripts\/\S{1,100}?)["'`]/),
];
/** A program of the tree that was built for a newer C library than is here. */
const OTHER_LIBRARY = text(
  '(required by',
  /version .{1,40} not found \(required by \S{0,200}(?:tools\/objtool\/objtool|scripts\/[\w./-]{1,80})\)/,
);
const NO_SYMBOL_DUMP = text(
  'Symbol version dump',
  /Symbol version dump .{1,300}Module\.symvers["'`]?\s*(?:is missing|$)/,
);
const HEADERS_UNPACKED = text(
  'linux-headers-',
  /(?:Unpacking|Setting up|Preparing to unpack) \S{0,120}linux-headers-\d/,
);
const INVALID = text('Kernel configuration is invalid');
const NO_GENERATED = text('generated/', /\bgenerated\/[\w/-]{1,60}\.h\b.{0,80}(?:missing|[nN]o such file)/);
/** Whose configuration headers are not there. */
const NOT_CONFIGURED: readonly Pattern[] = [
  INVALID,
  text('auto.conf', /include\/(?:generated\/autoconf\.h|config\/auto\.conf)\b.{0,80}(?:missing|[nN]o such file)/),
  NO_GENERATED,
];
const FOREIGN_PROGRAM = text(
  'Exec format error',
  /scripts\/(?:basic\/fixdep|mod\/modpost|genksyms\/genksyms|recordmcount|sign-file)["']?: (?:\d+: )?(?:cannot execute binary file: )?Exec format error/,
);
/** Trees that only packages make: one's own lies elsewhere, and /lib/modules links to it. */
const PACKAGED_TREE = text(
  'Entering directory',
  /Entering directory ["'`]?(?:\/usr\/src\/(?:linux-headers-|kernels\/)|(?:\/usr)?\/lib\/modules\/[^\s/]{3,80}\/build)/,
);
/** A header of a configuration that was found. */
const BUILT_TREE = text(
  '/build/include/',
  /^((?:\/usr)?\/lib\/modules\/[^\s/]{3,80}\/build)\/include\/(?:config\/auto\.conf|generated\/autoconf\.h)$/,
);
const NO_KCONFIG = text("can't find file", /can't find file ["'`]?Kconfig/);

/** A configure script that tries to build a module, whatever was in the way. */
const NO_EMPTY_MODULE: readonly Pattern[] = [
  text('whether modules can be built', /checking whether modules can be built\.{3} no\b/),
  text('Unable to build an empty module'),
];
const ASK_CONFIG_LOG = run('grep -n -i error config.log');

const PREFIX_OF_MODULES = /^\/(?:usr\/)?lib\/modules\//;

export const BUILD_TREE_RULES: readonly Rule[] = [
  {
    code: 'DEVEL_MISSING',
    patterns: [NO_CONFIG, HINT],
    grade: ({ situation, lines, seen }) => {
      const tree = situation.host?.buildTree;
      // What the link leads to is there.
      if (tree === undefined && seen(SOURCES_LISTED) && !seen(HAS_SYMBOLS)) return 'allows';
      if (tree?.exists === true || isOnlyCutShort(situation)) return null;
      if (tree === undefined) return wasInstalledLater(situation, lines) ? 'allows' : 'points';
      return otherDevel(situation) === null ? 'proves' : 'points';
    },
    cause: ({ situation }) =>
      situation.packages.custom !== null
        ? `There is no build tree for ${kernelName(situation)}, and no distribution has a package that would bring one.`
        : `There is no build tree for ${kernelName(situation)}: /lib/modules/${situation.release ?? 'RELEASE'}/build holds no .config, so its kernel-devel or linux-headers package is not installed.`,
  },
  {
    code: 'DEVEL_VERSION_MISMATCH',
    patterns: [NO_CONFIG, HINT, ...NO_TREE],
    grade: (match) => {
      const { host } = match.situation;
      if (isOnlyCutShort(match.situation)) return null;
      const other = otherDevel(match.situation);
      if (other === null) {
        if (otherTree(match.situation) !== null) return 'points';
        return match.seen(NO_CONFIG) || match.seen(HINT) ? 'allows' : null;
      }
      if (host === null || host.buildTree?.exists === true) return 'points';
      const dangling = host.buildTree?.linksTo != null;
      // The packages of a kernel that only waits for a reboot are no mistake.
      return !dangling && newerKernel(match.situation)?.release === other.release ? 'points' : 'proves';
    },
    cause: ({ situation }) => {
      const other = otherDevel(situation)?.release ?? otherTree(situation)?.release ?? null;
      return other === null
        ? `A kernel-devel package may be installed, but not that of ${kernelName(situation)}.`
        : `The build tree that is installed is for ${other}, but ${kernelName(situation)} needs its own.`;
    },
    evidence: ({ situation }) => {
      const tree = otherTree(situation);
      return otherDevel(situation)?.lines ?? (tree === null ? [] : [tree.line]);
    },
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [NO_CONFIG, HINT, ...NO_TREE],
    grade: ({ situation }) =>
      wrongVariantDevel(situation) === null ? null : situation.host === null ? 'points' : 'proves',
    cause: ({ situation }) =>
      `${wrongVariantDevel(situation)?.name ?? 'kernel-debug-devel'} is installed, but ${kernelName(situation)} is not of that variant and needs its own kernel-devel.`,
    evidence: ({ situation }) => wrongVariantDevel(situation)?.lines ?? [],
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [NO_CONFIG],
    grade: ({ situation }) => {
      const tree = situation.host?.buildTree;
      return tree?.exists === true && !tree.hasConfig ? 'proves' : null;
    },
    cause: ({ situation }) =>
      `The build tree ${situation.host?.buildTree?.link ?? ''} exists but holds no .config, so it is incomplete.`,
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: [NO_CONFIG, NO_SYMVERS, NO_MAKEFILE],
    grade: (match) => (isOwnTree(match) ? 'points' : null),
    cause: ({ groups }) => `The kernel source tree ${groups[0] ?? ''} was not configured and built.`,
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: [NO_CONFIG],
    hints: [SOURCES_LISTED, HAS_SYMBOLS],
    grade: ({ seen }) => (seen(SOURCES_LISTED) && !seen(HAS_SYMBOLS) ? 'points' : null),
    cause: ({ situation, groups }) =>
      `${groups[0] ?? 'The build tree'} leads to sources as they are published: nobody configured and built them, so there is neither .config nor Module.symvers of ${kernelName(situation)}.`,
    remedies: (situation, { groups }) => [
      run(shellText`ls -l /boot/config-${releaseWord(situation)} /proc/config.gz`),
      ...makeIn(groups[0] ?? '/usr/src/linux', MAKE_WHOLE),
    ],
    otherwise:
      'With the configuration of the kernel that runs as its .config and the same compiler the tree fits that kernel; else copy the tree from where the kernel was built.',
    evidence: ({ linesOf }) => linesOf(SOURCES_LISTED),
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: UNCONFIGURED,
    grade: 'proves',
    cause: ({ captures }) =>
      `The kernel's sources were found${unconfigured(captures) === null ? '' : ` in ${unconfigured(captures) ?? ''}`}, and they hold no .config: nobody configured and built them.`,
    remedies: (_situation, { captures }) => makeIn(unconfigured(captures) ?? '/usr/src/linux', MAKE_WHOLE),
    otherwise:
      'Configured as the kernel that runs is ("make olddefconfig", then "make"), the tree fits that kernel: /proc/config.gz or /boot has its configuration. What make does in a tree, its owner wrote.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [NO_SYMVERS, NO_MAKEFILE],
    grade: 'proves',
    cause: ({ groups, lines }) =>
      `The build tree ${groups[0] ?? ''} exists but lacks ${/symvers/.test(lines[0]?.text ?? '') ? 'Module.symvers' : 'its Makefile'}, so only a part of the development package is there.`,
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [CHECKED_IN_VAIN],
    grade: ({ groups: [path = ''] }) => (isOwnPath(path) ? null : PREFIX_OF_MODULES.test(path) ? 'allows' : 'points'),
    cause: ({ groups, situation }) =>
      COMMON_HALF.test(groups[0] ?? '')
        ? `${groups[0] ?? ''} is the half of the headers that several flavours share, and no build tree: ${groups[1] ?? ''} is in that of ${kernelName(situation)}.`
        : `The build tree ${groups[0] ?? ''} lacks ${groups[1] ?? ''}, which every development package of a kernel has.`,
    remedies: (situation, { groups }) =>
      COMMON_HALF.test(groups[0] ?? '')
        ? [
            ...installDevel(situation).remedies,
            run(shellText`ls -l /lib/modules/${releaseWord(situation)}/build/.config`),
          ]
        : [reinstall(situation.packages.devel, 'kernel')],
    otherwise:
      'What configure is given has to be the directory that /lib/modules/RELEASE/build leads to; nothing has to be configured in it.',
  },
  {
    code: 'DEVEL_MISSING',
    patterns: [CHECKED_IN_VAIN],
    // The link may lead nowhere.
    grade: ({ groups: [path = ''] }) => (PREFIX_OF_MODULES.test(path) ? 'points' : null),
    cause: ({ groups, situation }) =>
      `There is no build tree for ${kernelName(situation)}: configure found no ${groups[1] ?? '.config'} in ${groups[0] ?? ''}.`,
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: [CHECKED_IN_VAIN],
    grade: ({ groups }) => (isOwnPath(groups[0] ?? '') ? 'points' : null),
    cause: ({ groups }) => `The kernel source tree ${groups[0] ?? ''} was not configured and built.`,
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [
      text(
        'Module.symvers',
        /(?<!\b(?:if|when|because|since|unless)\s(?:[^.,;:]|\.(?=\S)){0,120})Module\.symvers["'`]? (?:file )?(?:is missing|not found|does(?: not|n't) exist)/,
      ),
      text('module_symvers_sanity_check'),
      NO_SYMBOL_DUMP,
    ],
    grade: ({ situation }) => (situation.log.ownTree === null ? 'points' : null),
    cause: () =>
      'The build tree lacks Module.symvers, the list of what the kernel offers to modules, so every symbol is undefined.',
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: [NO_SYMBOL_DUMP],
    grade: ({ situation }) => (situation.log.ownTree === null ? null : 'points'),
    cause: ({ situation }) =>
      `The tree ${situation.log.ownTree ?? ''} has no Module.symvers: it was never compiled to the end.`,
    remedies: ({ log }) => makeIn(log.ownTree ?? '/usr/src/linux', [shellText`${toldTo(log)}-j"$(nproc)"`]),
    otherwise:
      'Its owner compiles it completely (make, without a target), with the configuration of the kernel that the module is for and by the compiler that the module is compiled by (ARCH, CROSS_COMPILE): modules_prepare alone makes no Module.symvers.',
  },
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: [OTHER_LIBRARY],
    grade: ({ situation }) => (isInContainer(situation) ? 'points' : null),
    cause: () =>
      'The build tree is of the host, and its programs need a newer C library than the image has: an image of the host’s own release fits, or the host itself.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [ENSURE],
    grade: ({ seen }) => (seen(NO_CONFIG) ? null : 'points'),
    cause: () => 'The build tree exists but lacks files that every development package of a kernel has.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [
      text(
        'scripts/',
        /scripts\/(?:basic\/fixdep|mod\/modpost|genksyms\/genksyms|recordmcount|sign-file|gcc-plugins|Makefile\.\w+)["']?: (?:\d+: )?(?:not found|No such file|Permission denied|cannot execute)/,
      ),
      FOREIGN_PROGRAM,
      text(
        'No rule to make target',
        /No rule to make target ["'`]?(?:scripts\/|tools\/objtool|(?!\S{0,200}\/arch\/)(?!["'`]?\/(?!usr\/src\/(?:linux-headers-|kernels\/|linux-\d)|(?:usr\/)?lib\/modules\/))\S{0,200}\/(?:module\.lds|Makefile(?:\.\w+)?|auto\.conf)|modules['"`])/,
      ),
      OTHER_LIBRARY,
      // The shell reads a program of another architecture as a script.
      text(
        'scripts/',
        /scripts\/(?:basic\/fixdep|mod\/modpost): \d+: (?:scripts\/\S{1,60}: )?(?:Syntax error|\S{1,40}: not found)/,
      ),
      text('tools/objtool', /tools\/objtool\/objtool["']?: (?:\d+: )?(?:not found|No such file|Permission denied)/),
      text(
        'No such file or directory',
        /^\/(?:usr\/src\/(?:linux-headers-|kernels\/)|lib\/modules\/)\S{1,250}: (?:fatal )?error: (?!generated\/)[\w/.-]{1,120}\.h: No such file/,
      ),
      // clang's words for the same.
      text(
        'file not found',
        /^\/(?:usr\/src\/(?:linux-headers-|kernels\/)|lib\/modules\/)\S{1,250}: (?:fatal )?error: ["'](?!generated\/)[\w/.-]{1,120}\.h["'] file not found/,
      ),
      // What kbuild itself includes before any source.
      text(
        'include/linux/',
        /^cc1: (?:fatal )?error: \S{0,200}include\/linux\/(?:kconfig|compiler_types|compiler-version)\.h: /,
      ),
      ...NO_RULE_ELSEWHERE,
      // make -C went into the tree, and it has no Makefile.
      text('Makefile: No such file', /^make(?:\[\d\])?: Makefile: No such file/),
      // Debian's Makefile of one flavour includes the one of linux-headers-…-common.
      text('/Makefile', /\bMakefile:\d{1,5}: (?!(?:\S{1,300}\/)?arch\/)\S{1,300}\/Makefile: /),
    ],
    grade: ({ situation, seen }) => {
      if (situation.log.usesSubdirs && !isOlderThan(situation.release, 5, 3)) return null;
      return isCrossBuilt(situation, seen) ? 'allows' : 'points';
    },
    cause: () =>
      'The build tree lacks the programs or makefiles that compile a module, or has them for another architecture or C library (scripts/, often a package of its own such as linux-kbuild).',
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [FOREIGN_PROGRAM],
    grade: ({ situation, seen }) => (isCrossBuilt(situation, seen) ? 'points' : null),
    cause: ({ situation }) =>
      `The build tree of ${kernelName(situation)} is whole, and the programs in it are for its own architecture: on the machine that compiles for it they do not run.`,
    remedies: (situation) => [...installKbuild(situation), EMPTY_CACHE],
    otherwise:
      'The headers are those of the kernel, and what kbuild runs (fixdep, modpost) is of this machine: "make ARCH=… CROSS_COMPILE=… scripts" builds it where the whole sources are at hand.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [text('no makefile found', /^make\[\d\]: \*\*\* No targets specified and no makefile found/)],
    grade: ({ situation }) => (situation.log.enteredTree === null ? null : 'points'),
    cause: () => 'make entered the build tree and found no Makefile there: the directory is empty or was made by hand.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: FOR_NEWER_RELEASE,
    grade: (match) => (newerHeaders(match) === null ? null : 'points'),
    cause: (match) =>
      `${newerHeaders(match) ?? 'The package'} is made for a newer release of the distribution: it needs a later ${match.groups[1] ?? 'library'} than ${match.groups[2] ?? 'the one'} that this system has, so it cannot be configured here.`,
    remedies: (_situation, match) => [
      run(shellLine`apt-cache policy ${match.groups[1] ?? 'libc6'}`),
      // apt refuses them before they come; dpkg has unpacked them.
      ...(match.groups[0] ? [] : [runAsRoot(shellLine`dpkg --remove ${newerHeaders(match) ?? ''}`)]),
    ],
    otherwise:
      'Headers and kernel have to be of the release that is installed here: boot a kernel of its own, or upgrade the system.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [text('dpkg was interrupted')],
    hints: [HEADERS_UNPACKED],
    grade: ({ seen }) => (seen(HEADERS_UNPACKED) ? 'points' : null),
    cause: () =>
      'dpkg was interrupted while it installed the headers of a kernel, which are unpacked and not configured.',
    remedies: () => [runAsRoot('dpkg --configure -a'), runAsRoot('apt-get --fix-broken install'), EMPTY_CACHE],
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: HALF_CONFIGURED,
    hints: [...HOOK_FAILED, DEPENDENCY],
    grade: ({ seen }) => (HOOK_FAILED.some(seen) && !seen(DEPENDENCY) ? null : 'points'),
    cause: ({ groups }) =>
      `dpkg has unpacked ${groups[0] ?? 'the headers'} and not configured it: a package that it needs is missing, half installed or of another version.`,
    remedies: () => [runAsRoot('dpkg --configure -a'), runAsRoot('apt-get --fix-broken install'), EMPTY_CACHE],
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: HALF_CONFIGURED_ELSEWHERE,
    hints: HOOK_FAILED,
    grade: ({ captures, seen }) => (headersAmong(captures) === null || HOOK_FAILED.some(seen) ? null : 'points'),
    cause: ({ captures }) =>
      `dpkg has unpacked ${headersAmong(captures) ?? 'the headers'} and not configured it: a package that it needs is missing, half installed or of another version.`,
    remedies: () => [runAsRoot('dpkg --configure -a'), runAsRoot('apt-get --fix-broken install'), EMPTY_CACHE],
  },
  {
    code: 'DEVEL_MISSING',
    patterns: patternsOf(NOT_INSTALLED),
    grade: ({ captures }) => (headersAmong(captures) === null ? null : 'points'),
    cause: ({ captures }) => `${headersAmong(captures) ?? 'The package of the headers'} is not installed.`,
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: NOT_CONFIGURED,
    hints: [BUILT_TREE],
    grade: (match) => (isPackagedTree(match) || builtTree(match) === null ? null : 'points'),
    cause: (match) =>
      `The kernel tree that make went into is sources only; the one that was configured and built is ${builtTree(match) ?? ''}.`,
    remedies: (_situation, match) => [run(shellLine`make -C ${builtTree(match) ?? ''} M="$PWD" modules`)],
    otherwise: 'Sources need no configuration of their own where the distribution has a built tree beside them.',
  },
  {
    code: 'KERNEL_TREE_NOT_BUILT',
    patterns: NOT_CONFIGURED,
    hints: [PACKAGED_TREE, NO_KCONFIG],
    grade: (match) => (isPackagedTree(match) || isTreeless(match) || NO_TREE.some(match.seen) ? 'allows' : 'points'),
    cause: () => 'The kernel tree is sources only: its configuration headers were never generated.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: NOT_CONFIGURED,
    grade: (match) => (!isPackagedTree(match) ? null : NO_TREE.some(match.seen) ? 'allows' : 'points'),
    cause: () =>
      'The build tree is of a package and lacks the configuration headers that every such package has: it was changed or is only partly there.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [NO_KCONFIG],
    hints: [PACKAGED_TREE],
    // Without M=, or with SUBDIRS= since 5.3, make would build the kernel itself, for which no package has the files.
    grade: ({ situation, seen }) => {
      if (!seen(PACKAGED_TREE)) return null;
      return situation.log.usesSubdirs && !isOlderThan(situation.release, 5, 3) ? 'allows' : 'points';
    },
    cause: () =>
      'The build tree is of a package, and make wants to configure it anew, for which packages lack the Kconfig files: it was changed or is only partly there, or make was not told of a module (M=).',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [text('make scripts', /run ["'`]make scripts["'`] inside the kernel source tree/)],
    grade: 'points',
    cause: () => 'The programs that compile a module (scripts/) were not built in the kernel tree.',
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: NO_EMPTY_MODULE,
    grade: 'allows',
    cause: () =>
      'Not even an empty module could be built: the build tree may be incomplete. config.log has what the compiler said.',
    remedies: () => [ASK_CONFIG_LOG],
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: NO_EMPTY_MODULE,
    grade: 'allows',
    cause: () =>
      'Not even an empty module could be built: a compiler or a tool may be missing or not the one that the kernel was built with. config.log has what the compiler said.',
    remedies: () => [ASK_CONFIG_LOG],
  },
  {
    code: 'DEVEL_MISSING',
    patterns: [NO_GENERATED],
    grade: (match) => (isTreeless(match) ? 'points' : null),
    cause: ({ situation }) =>
      `A program's own sources are compiled without the build tree of ${kernelName(situation)}: it was not found, or has no configuration headers.`,
  },
  {
    code: 'DEVEL_VENDOR_MISMATCH',
    patterns: [UTS_MISMATCH],
    grade: ({ situation, groups }) => {
      if (groups[0] === groups[1]) return null;
      const repaired = situation.host?.buildTree?.utsVersion;
      return repaired != null && repaired === situation.host?.kernel.unameV ? 'points' : 'proves';
    },
    cause: ({ groups }) =>
      `The build tree was made by "${groups[0] ?? ''}" but the kernel that runs is "${groups[1] ?? ''}": same release, two different builds, usually by two vendors.`,
  },
  {
    code: 'DEVEL_VERSION_MISMATCH',
    patterns: [RELEASE_MISMATCH],
    grade: 'proves',
    cause: ({ groups }) => `The module was compiled for ${groups[0] ?? ''} but ${groups[1] ?? ''} runs.`,
  },
];

/** Somebody compiles for another machine on purpose, and a program of the tree is one for that machine. */
function isCrossBuilt({ log }: Match['situation'], seen: Match['seen']): boolean {
  return seen(FOREIGN_PROGRAM) && log.crossAsked;
}

/** Debian has kbuild's programs in a package of their own, named after the version without the flavour. */
function installKbuild({ release, distribution }: Match['situation']): readonly Remedy[] {
  const [, version, series] = /^((\d+\.\d+)\.\d+(?:\+deb\d+\w*)?)-/.exec(release ?? '') ?? [];
  if (version === undefined || series === undefined || distribution !== 'debian') return [];
  return [install([`linux-kbuild-${version.includes('+') ? version : series}`], 'toolchain')];
}

/** The build tree of the kernel in question, as a list shows it. */
function builtTree({ linesOf, situation }: Match): string | null {
  const found = linesOf(BUILT_TREE).flatMap((line) => BUILT_TREE.regex?.exec(line.text)?.[1] ?? []);
  return found.find((tree) => tree.includes(`/${situation.release ?? ''}/`)) ?? null;
}

/** What make was told of another architecture. */
function toldTo({ toldArch }: Match['situation']['log']): ShellText {
  return toldArch === null ? shellText`` : shellLine`ARCH=${toldArch} `;
}

/** Where the sources lie, of the line that says it. */
function unconfigured(captures: Match['captures']): string | null {
  return captures.flat().find((path) => path !== undefined) ?? null;
}

/** The headers that the library is too old for; dpkg names them on lines of their own. */
function newerHeaders({ groups, linesOf }: Match): string | null {
  if (groups[0]) return groups[0];
  const [line] = HALF_CONFIGURED.flatMap(linesOf);
  return line === undefined ? null : (/linux-(?:headers|kbuild)-[^\s:]{1,120}/.exec(line.text)?.[0] ?? null);
}

/** The very package is seen to be installed after the failure: what is shown of it is over. */
function wasInstalledLater({ log, release }: Match['situation'], lines: Match['lines']): boolean {
  const last = lines.at(-1)?.position ?? 0;
  return log.packages.some(
    (one) => one.installed && one.kind === 'devel' && one.release === release && one.line.position > last,
  );
}

/** The first name that is of headers of a kernel or of what they consist of. */
function headersAmong(captures: Match['captures']): string | null {
  return captures.flat().find((name) => /^linux-(?:headers|kbuild)-\d/.test(name ?? '')) ?? null;
}

function isPackagedTree({ seen }: Match): boolean {
  return seen(PACKAGED_TREE) || seen(NO_KCONFIG);
}

/** The file that includes the header is of no kernel tree, and make went into none. */
function isTreeless({ situation, seen, linesOf }: Match): boolean {
  const lines = linesOf(NO_GENERATED);
  const isOutside = lines.every(({ text: line }) => OUTSIDE.test(line));
  return lines.length > 0 && isOutside && situation.log.enteredTree === null && !seen(INVALID) && !seen(PACKAGED_TREE);
}

/** A tree that was named by its path (stap -r) and lies where no package puts one. */
function isOwnTree({ groups }: Match): boolean {
  return isOwnPath(groups[0] ?? '');
}

function isOwnPath(path: string): boolean {
  return path.startsWith('/') && !PREFIX_OF_MODULES.test(path) && !/^\/usr\/src\/(?:kernels|linux-headers)/.test(path);
}
