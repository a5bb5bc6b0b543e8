/** Symptoms of pass 5: the kernel or staprun refuses the module, or cannot talk to it. */
import { EMPTY_CACHE, OVERRIDE_FIPS, REBOOT, reinstall, run, runAsRoot } from '../../make-remedy.ts';
import { shellLine, shellText } from '../../shell-words.ts';
import { isOlderThan, kernelName, releaseWord, text, type Pattern, type Rule, type Match } from '../rule.ts';
import { TRANSLATED } from '../strerror.ts';
import { trustWithoutMok } from '../common-remedies.ts';
import type { LogLine } from '../log-line.ts';
import { baseRelease, newerKernel } from '../other-packages.ts';
import { isInContainer } from '../situation.ts';
import { besideUname, differs, isOtherVariant, magics, MODINFO, VERMAGIC } from './version-magic.ts';
import { UTS_MISMATCH } from './build-tree.ts';
import { UNKNOWN_BY_COMPILER } from './compiler-symbols.ts';

/** The prefix is never translated, what follows the last colon may be. */
const INSERT = text("Couldn't insert module");
const INSERT_FIPS = text('in FIPS mode', /Couldn't insert module in FIPS mode/);
const BAD_FORMAT = text('nvalid module format', /[iI]nvalid module format/);
/** insmod and modprobe, which load what was built by hand; stap names its own modules. */
const NOT_STAPS: readonly Pattern[] = [
  text(
    'could not insert',
    /could not insert (?:module )?["']?(?!\S{0,200}stap)\S{1,300}["']?: (?:[iI]nvalid module format|Exec format error)/,
  ),
  text('error inserting', /rror inserting ["'](?!\S{0,200}stap)\S{1,300}["']: (?:-1 )?[iI]nvalid module format/),
  text("can't insert '", /can't insert '(?!\S{0,200}stap)[^']{1,300}': (?:invalid module format|Exec format error)/i),
  text(
    "can't load module ",
    /can't load module (?!\S{0,200}stap)\S{1,80}(?: \((?!\S{1,300}\.ko\.)\S{1,300}\))?: (?:invalid module format|Exec format error)/i,
  ),
];
/** The kernel has no other number for two modules that export one symbol than for a wrong format. */
const DUPLICATE = text('exports duplicate symbol', /exports duplicate symbol \w{1,80} \(owned by /);
/** The modprobe of busybox cannot read what is compressed: the module itself may be right. */
const COMPRESSED = text("can't load module ", /can't load module \S{1,80} \(\S{1,300}\.ko\.(?:zst|xz|gz)\)/);
const CRC = text('disagrees about version of symbol', /disagrees about version of symbol ([\w.]{0,79}\w)/);
const NO_CRC = text('no symbol version for', /no symbol version for ([\w.]{0,79}\w)/);
const NO_CRC_OF_OTHERS = /^(?:module )?(?!(?:stap|tapprep)_)[a-zA-Z][\w-]{1,60}: no symbol version for /;
/** The first symbol of all, by its name of today and that of old: without it the module has no versions at all. */
const NO_CRC_AT_ALL = text('no symbol version for', /no symbol version for (?:module_layout|struct_module)/);
const UNKNOWN_SYMBOL = text('nknown symbol', /Unknown symbol(?: in module| (\w{1,80}) \(err)/);
/** The kernel has the symbol, and gives it to no module whose licence is another than its own. */
const FOR_GPL_ALONE = text('uses GPL-only symbol', /uses GPL-only symbol ["'](\w{1,80})["']/);
/** A kernel module of somebody else's, loaded by insmod, which brings nothing along that it depends on. */
const INSMOD_ALONE = text(
  'could not insert',
  /insmod: ERROR: could not insert module (?!-|\S{0,200}stap)(\S{1,300}): Unknown symbol in module/,
);
/** By the module's own name: stap and tapprep name theirs so. */
const OF_OTHERS =
  /(?:^|[\s\]])(?!(?:stap|tapprep|uprobes)\w*:)[a-zA-Z]\w{1,60}: Unknown symbol |could not insert (?:module )?["']?(?!\S{0,200}(?:stap|tapprep|uprobes))\S{1,300}: Unknown symbol /;
/** modprobe has one word for a symbol and for a parameter of its command line; only dmesg tells which it was. */
const SYMBOL_OR_PARAMETER = /Unknown symbol in module, or unknown parameter/;
/** libkmod, of an alias that leads to no module: /etc/modprobe.d turns modules off so. */
const NO_SUCH_MODULE = text('could not find module by name=');
/** The symbol is there in another version. */
const OTHER_VERSION = text('nknown symbol', /Unknown symbol \S{1,80} \(err -22\)/);
const STRUCT_SIZE = text('.gnu.linkonce.this_module', /this_module section size must match/);
/** What apply_relocate_add() says of a type that the compiler or linker of the module makes and this kernel does not know. */
const RELOCATIONS: readonly Pattern[] = [
  text(
    'relocation',
    /(?:^|[\s\]:])(?!ld:)[\w-]{1,80}: (?:unsupported RELA relocation|[uU]nknown (?:rela? )?relocation(?: type)?):? \d{1,5}/,
  ),
  text('Skipping invalid relocation target'),
];
/** btf_module_notify(): the types of the module were made against a vmlinux that is not the kernel's. */
const OTHER_BTF = text('failed to validate module', /failed to validate module \[([\w-]{1,80})\] BTF: -\d{1,3}/);
/** The module that insmod or modprobe could not insert, without its directory and its suffix. */
const NOT_INSERTED = text(
  'could not insert',
  /could not insert (?:module )?["']?(?:\S{0,300}\/)?([\w-]{1,80})(?:\.ko\S{0,4})?["']?: /,
);
const GURU_WORD = text('MODVERSIONS', /MODVERSIONS/);

/** The kernel takes the module all the same, unless something enforces signatures. */
const UNTRUSTED = text('PKCS#7 signature not signed with a trusted key');
const TAKEN = text('module verification failed', /module verification failed: .{1,80}tainting kernel/);
const NO_DEVICE = text('could not insert', /could not insert .{1,300}: No such device/);
const LOCKED_DOWN = text('module loading is restricted', /Lockdown: .{0,80}unsigned module loading is restricted/);
const NO_KEY: readonly Pattern[] = [
  text('key not available', /[rR]equired {1,3}key not available/),
  text('was rejected by service', /\b[kK]ey was rejected by service/),
  ...[...TRANSLATED.ENOKEY, ...TRANSLATED.EKEYREJECTED].map((words) => text(words)),
  text('Key has been revoked'),
  text('Key has expired'),
  text('Loading of unsigned module'),
  text('Loading of module with un', /Loading of module with (?:unsupported|unavailable)/),
  LOCKED_DOWN,
  text('modules to be signed for loading'),
  text('machine owner key (MOK)'),
  text('machine owner keys (MOK)'),
  text('klíč vlastníka stroje (MOK)'),
  text('lze zavést jen podepsaný jaderný modul'),
  text('Unable to verify the signature for the module'),
  UNTRUSTED,
  text('module verification failed: signature', /Loading .{0,80}rejected/),
];
/** What loads modules by name, which are below /lib/modules: there dkms and its like put what they build and sign. */
const BY_NAME_REFUSED: readonly Pattern[] = [
  text('could not insert', refusedByName(String.raw`modprobe: (?:ERROR: )?could not insert (?:module )?["']`)),
  text('Failed to insert module', refusedByName("Failed to insert module '")),
  text('rror inserting', refusedByName(String.raw`modprobe: .{0,40}rror inserting ["']?(?:\S{0,200}\/)?`)),
];
/** What lockdown takes away from everybody; what a desktop asks for at every boot stops nobody. */
const RESTRICTED = text(
  'is restricted; see',
  /Lockdown: (?!.{0,80}(?:[hH]ibernation|io port access|MSR|bpf to read))(.{1,120}) is restricted; see /,
);
/** What comes whole from a vendor, with its signature: /opt is where packages of others put what they bring. */
const OF_VENDOR = text(
  'could not insert',
  new RegExp(
    String.raw`could not insert module (\/opt\/(?!\S{0,300}(?:stap_|tapprep_))\S{1,300}?\.ko\S{0,4}): (?:${keyWords()})`,
  ),
);
/** The file was changed after it was signed: no key mends that. */
const BROKEN_SIGNATURE = text('PKCS#7 digest mismatch');
const DKMS: readonly Pattern[] = [text('dkms status'), text('/updates/dkms'), text('DKMS: install')];
const AKMODS = text('/akmods/');
/** EPERM: lockdown, enforced signatures, modules_disabled, a right that the user lacks. */
const NOT_PERMITTED = refusedWith(`(?:Operation not permitted|${TRANSLATED.EPERM.join('|')})`);
/** SUSE's modprobe refuses by itself what SUSE does not support; the kernel was never asked. */
const UNSUPPORTED: readonly Pattern[] = [
  text(' is unsupported', /modprobe: (?:ERROR: )?module ["']?[\w-]{1,64}["']? is unsupported/),
  text('--allow-unsupported'),
];
/** EACCES: a security module of the kernel, whose rules say who may load what from where; none of the above. */
const DENIED = refusedWith('Permission denied');
const DENIED_BY_SELINUX = text('module_load', /avc: {1,2}denied {1,2}\{ [^}]{0,80}\bmodule_load\b/);
const OTHER_WORDS = text("Couldn't insert module", /Couldn't insert module\s?["'][^"']{1,400}["']: [^\u0000-\u007f]/);
/** The second path is where relayfs was mounted before debugfs; both fail where the kernel has neither. */
const CLOSED_DEBUGFS = text('no access to debugfs');
const NO_DEBUGFS = text("Couldn't mount /", /Couldn't mount \/(?:sys\/kernel\/debug|mnt\/relay): (.{1,80})/);
/** A word of the module's own about what ended the run. */
const RUN_STOPPED: readonly Pattern[] = [
  text('exceeded', /^ERROR: (?:probe overhead|MAXACTION).{0,80}exceeded/),
  text('Skipped too many probes'),
];
const RUN_FAILED = text('Pass 5: run failed');
const CACHED = text('using cached ', /Pass 4: using cached \S{1,400}\.ko/);

/** What a module of stap calls and only some options bring, with the option; err -22 is said of one that is there in another version. */
const OPTION_OF: readonly (readonly [string, string])[] = [
  ['register_kprobe', 'CONFIG_KPROBES'],
  ['register_kretprobe', 'CONFIG_KRETPROBES'],
  ['relay_', 'CONFIG_RELAY'],
  ['debugfs_', 'CONFIG_DEBUG_FS'],
  ['tracepoint', 'CONFIG_TRACEPOINTS'],
];
const OPTIONAL_SYMBOL =
  '((?:un)?register_k(?:ret)?probes?|relay_\\w{1,40}|debugfs_\\w{1,40}|tracepoint_probe_(?:un)?register|for_each_kernel_tracepoint)';

/** What a module lacks, as the kernel and as modpost say it: the module stands before the one and behind the other. */
const UNKNOWN_IN = /([\w-]{1,80}): Unknown symbol (\w{1,80}) \(err/;
const UNDEFINED_IN = /["'`]?(\w{1,80})["'`]? \[(\S{1,300})\] undefined!/;
const MISSING_SYMBOL = text('undefined!', UNDEFINED_IN);
const IS_OPTIONAL = new RegExp(`^${OPTIONAL_SYMBOL}$`);

/** A module lacks nothing but what options bring: one that lacks more is built for a kernel that exports more. */
function isOptionAlone({ lines, linesOf }: Match): boolean {
  const wanted = new Set(lines.map((line) => missingOf(line)?.module));
  const missing = [...linesOf(UNKNOWN_SYMBOL), ...linesOf(MISSING_SYMBOL)].map(missingOf);
  return missing.every((one) => one === null || !wanted.has(one.module) || IS_OPTIONAL.test(one.symbol));
}

function missingOf({ text }: LogLine): { readonly module: string; readonly symbol: string } | null {
  const [, module = '', symbol = ''] = UNKNOWN_IN.exec(text) ?? [];
  if (symbol !== '') return { module, symbol };
  const [, undefinedSymbol = '', file = ''] = UNDEFINED_IN.exec(text) ?? [];
  return undefinedSymbol === '' ? null : { module: file, symbol: undefinedSymbol };
}

/** Debug, real-time and large-page kernels carry the same version. */
function isVariantTreeUsed(match: Match): boolean {
  const { release, log } = match.situation;
  return isOtherTreeUsed(match) && baseRelease(log.enteredTree?.release ?? '') === baseRelease(release ?? '');
}

/** The first symbol that is compared: with symbol versions, a module of another kernel fails here, before its release is. */
function isLayout({ linesOf }: Match): boolean {
  return linesOf(CRC).some((line) => CRC.regex?.exec(line.text)?.[1] === 'module_layout');
}

/** The log shows the release of the tree that the module was compiled against, and it is another. */
function isOtherTreeUsed({ situation }: Match): boolean {
  const { enteredTree } = situation.log;
  return enteredTree !== null && situation.release !== null && enteredTree.release !== situation.release;
}

/** No line of a kind is about a module of stap's, which may have any name where stap itself is seen. */
function isOfOthersAlone({ situation, linesOf, seen }: Match, pattern: Pattern, ofOthers: RegExp): boolean {
  return !seen(INSERT) && !situation.log.commandSeen && linesOf(pattern).every((line) => ofOthers.test(line.text));
}

/** Every symbol that is named as unknown is one that the licence of the module shuts out. */
function isForLicence(match: Match): boolean {
  return match.seen(FOR_GPL_ALONE) && notOffered(match) === null;
}

/** The first symbol that is unknown for another reason than the module's licence. */
function notOffered({ linesOf }: Match): string | null {
  const refused = linesOf(FOR_GPL_ALONE).map((line) => FOR_GPL_ALONE.regex?.exec(line.text)?.[1]);
  const unknown = linesOf(UNKNOWN_SYMBOL).flatMap((line) => missingOf(line)?.symbol ?? []);
  return unknown.find((symbol) => !refused.includes(symbol)) ?? null;
}

/** The kernel writes an underscore where a file may have a hyphen. */
function moduleName(name: string | undefined): string {
  return (name ?? '').replaceAll('-', '_');
}

/** The kernel did not take the module, and does not say more of it than that. */
function isRefused({ seen }: Match): boolean {
  return (seen(CRC) || NOT_STAPS.some(seen)) && !seen(VERMAGIC) && !seen(NO_CRC);
}

/** modinfo and uname name one version. */
function isOfThisVersion(match: Match): boolean {
  const found = besideUname(match);
  return found === 'same' || found === 'variant';
}

function treeIsOfThisRelease({ situation }: Match): boolean {
  const tree = situation.host?.buildTree?.release;
  return tree != null && tree === situation.release;
}

export const LOAD_RULES: readonly Rule[] = [
  {
    code: 'GURU_MODVERSIONS',
    patterns: [BAD_FORMAT, NO_CRC, VERMAGIC],
    hints: [GURU_WORD, COMPRESSED, DUPLICATE, ...RELOCATIONS],
    grade: (match) => {
      const { situation, seen } = match;
      if (seen(VERMAGIC)) {
        const [mine = '', kernels = ''] = magics(match);
        return !differs(match) && kernels.includes('modversions') && !mine.includes('modversions') ? 'proves' : null;
      }
      if (seen(NO_CRC)) return isOfOthersAlone(match, NO_CRC, NO_CRC_OF_OTHERS) ? null : 'proves';
      if (seen(CRC) || seen(STRUCT_SIZE)) return 'allows';
      if (NOT_STAPS.some(seen) || seen(COMPRESSED) || seen(DUPLICATE)) return null;
      if (RELOCATIONS.some(seen)) return 'allows';
      if (situation.log.guru || seen(GURU_WORD)) return 'points';
      if (seen(CACHED) || isTypedWithoutGuru(situation.log)) return 'allows';
      if (situation.host?.config['CONFIG_MODVERSIONS'] === 'n') return null;
      // stap compiles against the running release unless told otherwise, so another release is the rarer cause.
      return situation.log.releaseOption === null ? 'points' : 'allows';
    },
    cause: ({ situation }) =>
      `stap -g compiles without symbol versions (CONFIG_MODVERSIONS= ), and ${kernelName(situation)}, built with them, does not load such a module.`,
  },
  {
    code: 'DEVEL_INCOMPLETE',
    patterns: [NO_CRC_AT_ALL],
    grade: (match) => (isOfOthersAlone(match, NO_CRC, NO_CRC_OF_OTHERS) ? 'points' : null),
    cause: ({ situation }) =>
      `The module has no symbol versions, and ${kernelName(situation)} wants them: it was built in a tree without Module.symvers, or with CONFIG_MODVERSIONS off.`,
    remedies: (situation) => [
      run(shellText`wc -l /lib/modules/${releaseWord(situation)}/build/Module.symvers`),
      reinstall(situation.packages.devel, 'kernel'),
    ],
    otherwise:
      'Where the tree has a whole Module.symvers, build the module again in it. A module that was built elsewhere has to come from whoever built it, for this kernel.',
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [VERMAGIC],
    grade: (match) => (isOtherVariant(match) ? 'proves' : null),
    cause: (match) => {
      const [mine = '', kernels = ''] = magics(match);
      return `The module was compiled for the variant "${mine.split(' ')[0] ?? ''}" but the kernel that runs is "${kernels.split(' ')[0] ?? ''}": the same version, another variant.`;
    },
  },
  {
    code: 'DEVEL_VERSION_MISMATCH',
    patterns: [VERMAGIC],
    grade: (match) => (differs(match) && !isOtherVariant(match) ? 'proves' : null),
    cause: (match) => {
      const [mine = '', kernels = ''] = magics(match);
      return `The module was compiled for "${mine}" but the kernel that runs is "${kernels}".`;
    },
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [VERMAGIC],
    grade: (match) => {
      const [mine = '', kernels = ''] = magics(match);
      return differs(match) || mine.includes('modversions') !== kernels.includes('modversions') ? null : 'points';
    },
    cause: (match) =>
      `The module was built with other options ("${magics(match)[0] ?? ''}") than the kernel ("${magics(match)[1] ?? ''}").`,
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [BAD_FORMAT, ...NOT_STAPS, CRC],
    grade: (match) => (!match.seen(VERMAGIC) && isVariantTreeUsed(match) ? 'points' : null),
    cause: ({ situation }) =>
      `The module was compiled in the build tree of ${situation.log.enteredTree?.release ?? 'another variant'}, but ${kernelName(situation)} runs: the same version, another variant.`,
    evidence: ({ situation }) => (situation.log.enteredTree === null ? [] : [situation.log.enteredTree.line]),
  },
  {
    code: 'DEVEL_VERSION_MISMATCH',
    patterns: [BAD_FORMAT, ...NOT_STAPS],
    hints: [COMPRESSED, DUPLICATE, MODINFO, ...RELOCATIONS],
    grade: (match) => {
      const { situation, seen } = match;
      if (seen(VERMAGIC) || seen(NO_CRC) || seen(COMPRESSED) || seen(DUPLICATE)) return null;
      if (RELOCATIONS.some(seen) || besideUname(match) === 'same') return null;
      if (isVariantTreeUsed(match) || isOfThisVersion(match)) return 'allows';
      if (NOT_STAPS.some(seen) || isTypedWithoutGuru(situation.log)) return 'points';
      return situation.log.guru || situation.log.releaseOption === null ? 'allows' : 'points';
    },
    cause: ({ situation }) =>
      `The module may have been compiled against the build tree of another kernel than ${kernelName(situation)}; dmesg names both under "version magic".`,
  },
  {
    code: 'DEVEL_VERSION_MISMATCH',
    patterns: [MODINFO],
    grade: (match) => (isRefused(match) && besideUname(match) === 'other' ? 'proves' : null),
    cause: ({ groups, situation }) =>
      `modinfo shows a module that was compiled for ${groups[0] ?? 'another kernel'}, but ${situation.log.unameRelease ?? 'another'} runs.`,
  },
  {
    code: 'WRONG_VARIANT',
    patterns: [MODINFO],
    grade: (match) => (isRefused(match) && besideUname(match) === 'variant' ? 'proves' : null),
    cause: ({ groups, situation }) =>
      `modinfo shows a module that was compiled for the variant ${groups[0] ?? ''}, but ${situation.log.unameRelease ?? 'another'} runs: the same version, another variant.`,
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [MODINFO],
    grade: (match) => (isRefused(match) && besideUname(match) === 'same' ? 'points' : null),
    cause: ({ groups }) =>
      `The module was compiled for ${groups[0] ?? 'this release'}, which is the one that runs, and the kernel refuses it all the same: the tree was of another build or configuration.`,
  },
  {
    code: 'DEVEL_VERSION_MISMATCH',
    patterns: [CRC],
    grade: (match) => {
      if (besideUname(match) === 'same') return null;
      if (!isLayout(match) || treeIsOfThisRelease(match) || isOfThisVersion(match)) return 'allows';
      return isOtherTreeUsed(match) ? 'proves' : 'points';
    },
    cause: ({ situation }) =>
      `The module was compiled against the build tree of another kernel than ${kernelName(situation)}: even the first thing that the kernel compares, the layout of struct module, differs.`,
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [CRC, STRUCT_SIZE],
    grade: (match) => (isLayout(match) ? 'points' : 'proves'),
    cause: ({ groups, situation }) =>
      `The symbol versions of the build tree (${groups[0] ?? 'struct module'}) are not those of ${kernelName(situation)}: its Module.symvers comes from another build.`,
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: RELOCATIONS,
    grade: 'proves',
    cause: ({ situation }) =>
      `${kernelName(situation)} does not take a relocation in the module: it was made by another compiler, assembler or linker, or with other options, than the kernel; those of its own distribution fit.`,
    remedies: () => [run('command -v gcc ld as'), run('env PATH=/usr/bin:/bin ld --version'), EMPTY_CACHE],
    otherwise: null,
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [OTHER_BTF],
    hints: [NOT_INSERTED],
    // Many kernels say so of a module that they take all the same.
    grade: ({ captures, linesOf }) => {
      const named = captures.map(([name]) => moduleName(name));
      const refused = linesOf(NOT_INSERTED).map((line) => moduleName(NOT_INSERTED.regex?.exec(line.text)?.[1]));
      return named.some((name) => /^(?:stap|tapprep)_/.test(name) || refused.includes(name)) ? 'points' : null;
    },
    cause: ({ situation }) =>
      `The types (BTF) of the module do not fit those of ${kernelName(situation)}: the vmlinux in the build tree is of another build.`,
    remedies: (situation) => [
      run(shellText`ls -l /lib/modules/${releaseWord(situation)}/build/vmlinux /sys/kernel/btf/vmlinux`),
      EMPTY_CACHE,
    ],
    otherwise: 'A tree without a vmlinux gives a module no BTF, and the kernel takes it as it is.',
  },
  {
    code: 'DEVEL_VENDOR_MISMATCH',
    patterns: [CRC],
    grade: 'allows',
    cause: () => 'The build tree may carry the right release but come from another vendor or another build.',
  },
  {
    code: 'KERNEL_NOT_LATEST_INSTALLED',
    patterns: [UNKNOWN_BY_COMPILER],
    grade: ({ situation }) => (newerKernel(situation) === null ? null : 'points'),
    cause: ({ situation }) =>
      `${kernelName(situation)} runs, but the newer ${newerKernel(situation)?.release ?? 'kernel'} is installed, and the module seems to have been built for that one: a reboot is due.`,
    evidence: ({ situation }) => newerKernel(situation)?.lines ?? [],
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [UNKNOWN_BY_COMPILER],
    grade: 'points',
    cause: ({ groups, situation }) =>
      `The module needs ${groups[0] ?? 'a symbol'}, which only a compiler asks for, and ${kernelName(situation)} does not offer it: it was built by another compiler or with another configuration than the kernel.`,
    // It is built already: a compiler to install changes nothing about it.
    remedies: (situation) => [
      run('cat /proc/version'),
      run(shellText`grep CONFIG_CC_VERSION_TEXT /lib/modules/${releaseWord(situation)}/build/.config`),
      EMPTY_CACHE,
    ],
    otherwise:
      'Build the module again, with the compiler that is named there and in the build tree of this very kernel.',
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [INSMOD_ALONE],
    hints: [OTHER_VERSION, FOR_GPL_ALONE],
    grade: (match) => (match.seen(OTHER_VERSION) || isForLicence(match) ? null : 'allows'),
    cause: ({ situation }) =>
      `insmod loads nothing that the module depends on, which modprobe does; else the module needs a symbol that ${kernelName(situation)} does not offer.`,
    remedies: (_situation, { groups }) => [run(shellLine`modinfo -F depends ${groups[0] ?? 'MODULE.ko'}`)],
    otherwise:
      'Load what it names with modprobe first, or put the module below /lib/modules, run depmod, and use modprobe.',
  },
  {
    code: 'GCC_OR_BUILD_MISMATCH',
    patterns: [UNKNOWN_SYMBOL],
    hints: [INSMOD_ALONE, OTHER_VERSION, NO_SUCH_MODULE, FOR_GPL_ALONE],
    grade: (match) => {
      const { seen, lines } = match;
      if (isForLicence(match)) return null;
      if (seen(INSMOD_ALONE) && !seen(OTHER_VERSION)) return null;
      const isUnsure = lines.every((line) => SYMBOL_OR_PARAMETER.test(line.text));
      if (isUnsure && seen(NO_SUCH_MODULE)) return null;
      return isUnsure || seen(BAD_FORMAT) ? 'allows' : 'points';
    },
    cause: (match) =>
      `The module needs ${notOffered(match) ?? 'a symbol'} that ${kernelName(match.situation)} does not offer: it was built with another compiler or against the Module.symvers of another build.`,
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [
      text('nknown symbol', new RegExp(`Unknown symbol ${OPTIONAL_SYMBOL}\\b(?! \\(err -22\\))`)),
      text('undefined!', new RegExp(`["'\`]?${OPTIONAL_SYMBOL}["'\`]? \\[\\S{1,300}\\] undefined!`)),
    ],
    hints: [MISSING_SYMBOL],
    grade: (match) => (isOptionAlone(match) ? 'points' : null),
    cause: ({ groups, situation }) =>
      `${kernelName(situation)} offers no ${groups[0] ?? ''}, which every kernel has that was built with ${OPTION_OF.find(([prefix]) => groups[0]?.includes(prefix) === true)?.[1] ?? 'the option'}.`,
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [text('unknown filesystem type', /unknown filesystem type ["']?debugfs/)],
    grade: 'proves',
    cause: ({ situation }) =>
      `${kernelName(situation)} does not know debugfs: it was built without CONFIG_DEBUG_FS, through which staprun talks to its module.`,
  },
  {
    code: 'STAP_TOO_OLD',
    patterns: [UNKNOWN_SYMBOL],
    grade: ({ seen, lines }) =>
      seen(INSMOD_ALONE) || lines.every((line) => OF_OTHERS.test(line.text)) ? null : 'allows',
    cause: ({ situation }) => `This SystemTap may use a function that ${kernelName(situation)} no longer exports.`,
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: NO_KEY,
    hints: [...BY_NAME_REFUSED, ...DKMS, AKMODS],
    grade: (match) => (isBuiltHere(match) ? 'proves' : null),
    cause: ({ situation, linesOf }) =>
      `${kernelName(situation)} only loads modules signed with a key it trusts (Secure Boot, lockdown or module.sig_enforce), and that of ${refusedModule(linesOf) ?? 'the module'} is not enrolled.`,
    remedies: ({ distribution }, { seen }) => {
      const isAkmods = seen(AKMODS) && !DKMS.some(seen);
      const key = isAkmods ? KEYS.akmods : distribution === 'ubuntu' ? KEYS.ubuntu : KEYS.dkms;
      return [runAsRoot(`mokutil --import ${key}`), REBOOT];
    },
    otherwise:
      'The firmware asks at the next boot whether to enrol the key. Where that file is not there the module is not signed at all: dkms, akmods or sign-file has to sign it first.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: [OF_VENDOR],
    hints: [BROKEN_SIGNATURE],
    grade: ({ situation, seen }) =>
      seen(BROKEN_SIGNATURE) || seen(INSERT) || situation.log.commandSeen || !takesOwnKeys(situation) ? null : 'proves',
    cause: ({ groups, situation }) =>
      `${kernelName(situation)} only loads modules signed with a key it trusts (Secure Boot, lockdown or module.sig_enforce), and that of whoever made ${groups[0] ?? 'the module'} is not enrolled.`,
    remedies: (_situation, { groups }) => [
      run(shellLine`modinfo -F signer ${groups[0] ?? 'MODULE.ko'}`),
      runAsRoot('mokutil --import VENDOR.der'),
      REBOOT,
    ],
    otherwise:
      'VENDOR.der is the certificate that comes with the product or from its maker; the firmware asks at the next boot whether to enrol it. Where modinfo names no signer the module is not signed at all.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: NO_KEY,
    hints: [TAKEN, NO_DEVICE],
    grade: (match) => (isBuiltHere(match) || isOnlyRemarked(match) ? null : 'proves'),
    cause: ({ situation }) =>
      `${kernelName(situation)} only loads modules signed with a key it trusts (Secure Boot, lockdown or module.sig_enforce), and the module of stap is not.`,
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: [RESTRICTED],
    grade: ({ situation }) => (trustWithoutMok(situation) === null ? 'points' : null),
    cause: ({ groups, situation }) =>
      `${kernelName(situation)} is locked down, as Secure Boot makes it: ${groups[0] ?? 'what was asked for'} is restricted.`,
    // A signature brings nothing back that is restricted altogether.
    remedies: () => [run('mokutil --sb-state'), run('cat /sys/kernel/security/lockdown')],
    otherwise:
      'No key changes that: it works again where Secure Boot is off ("mokutil --disable-validation" and a reboot) or where the kernel is booted without lockdown=.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: [RESTRICTED],
    grade: ({ situation }) => (trustWithoutMok(situation) === null ? null : 'points'),
    cause: ({ groups, situation }) =>
      `${kernelName(situation)} is locked down: ${groups[0] ?? 'what was asked for'} is restricted.`,
    remedies: (situation) => trustWithoutMok(situation)?.remedies ?? [],
    otherwise:
      'No key changes that: it works again where the kernel is booted without lockdown=, and without what sets it: the secure boot or secure IPL of the machine.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: [
      text('bpf to read kernel RAM', /Lockdown: (.{1,60}): use of bpf to read kernel RAM is restricted; see /),
    ],
    grade: 'points',
    cause: ({ groups, situation }) =>
      `${kernelName(situation)} is locked down for confidentiality, which keeps ${groups[0] ?? 'programs'} from reading the kernel by bpf.`,
    remedies: () => [run('cat /sys/kernel/security/lockdown'), run('cat /proc/cmdline')],
    otherwise:
      'Lockdown for integrity lets bpf read: boot with lockdown=integrity instead of confidentiality. Or use a module in its place, which reads whatever it likes once it is signed by a key that the kernel trusts.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: NOT_PERMITTED,
    grade: ({ situation }) => (situation.log.modulesDisabled === null ? null : 'proves'),
    cause: () =>
      'kernel.modules_disabled is 1: nobody can load a module until the next boot, whatever key has signed it.',
    evidence: ({ situation }) => (situation.log.modulesDisabled === null ? [] : [situation.log.modulesDisabled]),
    remedies: () => [
      run('grep -rs modules_disabled /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d'),
      REBOOT,
    ],
    otherwise:
      'Take the setting out where it is found before the reboot; where it is in none of these files a service or a script writes it.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: NOT_PERMITTED,
    hints: UNSUPPORTED,
    grade: ({ situation, seen }) => {
      if (UNSUPPORTED.some(seen) || situation.log.modulesDisabled !== null) return null;
      const { host } = situation;
      const locked =
        host?.security.moduleSigEnforce === true || ![undefined, null, 'none'].includes(host?.security.lockdown);
      if (locked || host?.security.modulesDisabled === true) return 'proves';
      return isInContainer(situation) ? 'allows' : 'points';
    },
    cause: ({ situation }) =>
      situation.host?.security.modulesDisabled === true
        ? 'kernel.modules_disabled is 1: until the next boot nobody can load a module.'
        : 'The kernel refused the module by policy: lockdown, enforced signatures or kernel.modules_disabled=1.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: DENIED,
    hints: [DENIED_BY_SELINUX],
    grade: 'allows',
    cause: ({ seen }) =>
      seen(DENIED_BY_SELINUX)
        ? 'SELinux refused the module (avc: denied { module_load }): its policy does not let this domain load a file of that type; no key and no package changes that.'
        : 'A security module of the kernel refused the module (EACCES): SELinux, whose log names what it denied, or IMA, which asks for a signature of the file.',
    remedies: () => [runAsRoot('ausearch -m avc -ts recent'), run('cat /sys/kernel/security/lsm')],
    otherwise: null,
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: [INSERT_FIPS],
    grade: 'proves',
    cause: () => 'The kernel runs in FIPS mode, where staprun refuses modules unless STAP_FIPS_OVERRIDE is set.',
    remedies: () => [OVERRIDE_FIPS],
  },
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: NOT_PERMITTED,
    grade: ({ situation, seen }) => {
      if (UNSUPPORTED.some(seen)) return null;
      if (situation.log.userNamespace) return 'proves';
      if (isInContainer(situation)) return 'points';
      // The kernel says which rule it was.
      return seen(LOCKED_DOWN) ? null : 'allows';
    },
    cause: ({ situation }) =>
      situation.log.userNamespace
        ? 'Root is root of a user namespace here (/proc/self/uid_map), as in a rootless container: it may load no module, privileged or not.'
        : 'A container without --privileged may not load modules into the kernel of its host.',
  },
  {
    code: 'PERM_GROUPS',
    patterns: NOT_PERMITTED,
    grade: ({ situation, seen }) => {
      if (UNSUPPORTED.some(seen) || seen(LOCKED_DOWN)) return null;
      return situation.host !== null && situation.host.user.uid !== 0 ? 'points' : 'allows';
    },
    cause: () => 'The user may lack the right to load modules: staprun must be set-uid root and the user in stapdev.',
  },
  {
    code: 'SECUREBOOT_SIGNATURE',
    patterns: [OTHER_WORDS],
    grade: ({ seen }) => (seen(UTS_MISMATCH) ? null : 'points'),
    cause: () =>
      'The kernel refused the module; the reason is in the language of the user, so run "LC_ALL=C stap" to have it named. Enforced signatures are the most frequent one.',
  },
  {
    code: 'STALE_CACHE',
    patterns: [CACHED],
    grade: ({ situation, seen }) => {
      const repaired = situation.host?.buildTree?.utsVersion;
      if (seen(UTS_MISMATCH) && repaired != null && repaired === situation.host?.kernel.unameV) return 'proves';
      if (seen(UTS_MISMATCH) || seen(BAD_FORMAT) || seen(UNKNOWN_SYMBOL))
        return treeWasRepaired(situation.log, seen)
          ? 'proves'
          : isFormatAlone(situation.log, seen)
            ? 'points'
            : 'allows';
      return seen(INSERT) ? 'allows' : null;
    },
    cause: () =>
      'The module was taken from the cache and not compiled again, so it still is what an earlier environment made.',
  },
  {
    code: 'PERM_CONTROL_CHANNEL',
    patterns: [CLOSED_DEBUGFS],
    grade: 'proves',
    cause: () =>
      'debugfs is mounted, and /sys/kernel/debug is closed to all but root (mode 0700): staprun reaches the control files of its module there with the rights of the user.',
    remedies: () => [runAsRoot('chmod 0755 /sys/kernel/debug')],
    otherwise: 'It lasts until the next boot. Where nobody but root may look in there, run stap as root.',
  },
  {
    code: 'PERM_CONTROL_CHANNEL',
    hints: [CLOSED_DEBUGFS],
    patterns: [
      text('control channel; not running', /Cannot attach to module (\S{1,200}) control channel/),
      text('is not a zombie systemtap module'),
      NO_DEBUGFS,
      text(
        '/sys/kernel/debug/systemtap',
        /(?:couldn't|cannot|can't|unable to|failed to) (?:open|access|stat)\S{0,40} .{0,80}\/sys\/kernel\/debug\/systemtap/i,
      ),
      text(
        '/proc/systemtap',
        /(?:couldn't|cannot|can't|unable to|failed to) (?:open|access|stat).{0,80}\/proc\/systemtap/i,
      ),
    ],
    grade: ({ situation, seen }) => {
      if (seen(CLOSED_DEBUGFS)) return null;
      return situation.log.container === null ? 'proves' : 'points';
    },
    cause: ({ lines }) =>
      /mount/.test(lines[0]?.text ?? '')
        ? 'debugfs could not be mounted on /sys/kernel/debug, so staprun cannot reach the control files of its module.'
        : 'The module was loaded, but staprun cannot open its control files: debugfs is closed to this user or not mounted here, or the module file was renamed.',
  },
  {
    code: 'CONTAINER_KERNEL_NOT_IN_IMAGE',
    patterns: [NO_DEBUGFS],
    grade: ({ situation }) => (isInContainer(situation) ? 'points' : 'allows'),
    cause: () => 'A container without --privileged can neither mount debugfs nor load modules of its host.',
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [NO_DEBUGFS],
    // ENODEV: the kernel does not know the file system at all.
    grade: ({ groups }) => (groups[0]?.startsWith('No such device') === true ? 'proves' : 'allows'),
    cause: ({ situation }) =>
      `${kernelName(situation)} seems to have been built without CONFIG_DEBUG_FS, through which staprun talks to its module.`,
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [text('cannot open /proc/kallsyms'), text('No load address found _stext')],
    grade: 'allows',
    cause: () =>
      'The addresses in /proc/kallsyms are hidden (kptr_restrict or lockdown=confidentiality) or CONFIG_KALLSYMS is off.',
  },
  {
    code: 'KERNEL_CONFIG',
    // Of a function of the kernel; programs, counters and hooks are refused for reasons of their own.
    patterns: [
      text(
        'registration error',
        /probe (?:kernel|module\([^)]{1,80}\)|kprobe)\.\S.{0,300} registration error.{0,80}\(rc (-\d{1,4})\)/,
      ),
    ],
    hints: [...RUN_STOPPED, RUN_FAILED],
    // One that is left out stops no run.
    grade: ({ lines, seen }) => {
      if (!lines.every((line) => line.text.startsWith('WARNING'))) return 'allows';
      return seen(RUN_FAILED) && !RUN_STOPPED.some(seen) ? 'allows' : null;
    },
    cause: ({ groups }) =>
      `The kernel refused to place the probe (rc ${groups[0] ?? ''}): the function is on its blacklist, or kprobes are restricted.`,
  },
  {
    code: 'KERNEL_CONFIG',
    patterns: [
      text("Couldn't insert module", /Couldn't insert module.{0,400}: Function not implemented/),
      text('could not insert', /could not insert .{1,300}: Function not implemented/),
      text("can't insert '", /can't insert '.{1,300}': Function not implemented/i),
    ],
    grade: 'proves',
    cause: ({ situation }) => `${kernelName(situation)} was built without CONFIG_MODULES: it cannot load any module.`,
  },
];

/** staprun's words, and those of insmod, modprobe and busybox, before what the kernel answered. */
function refusedWith(answer: string): readonly Pattern[] {
  return [
    text("Couldn't insert module", new RegExp(`Couldn't insert module.{0,400}: ${answer}`)),
    text('could not insert', new RegExp(`could not insert (?:module )?["']?\\S{1,300}?["']?: ${answer}`)),
    text("can't insert '", new RegExp(`can't insert '[^']{1,300}': ${answer}`, 'i')),
    text('error inserting', new RegExp(`(?:[eE]rror inserting) ['"]\\S{1,300}?['"]: (?:-1 )?${answer}`)),
  ];
}

/** A header that the log shows is the running kernel's, and none is the other build's. */
function treeWasRepaired(log: Match['situation']['log'], seen: Match['seen']): boolean {
  return (
    seen(UTS_MISMATCH) &&
    log.treeUtsVersions.length > 0 &&
    log.unameV !== null &&
    log.treeUtsVersions.every((one) => one === log.unameV)
  );
}

/** The command line is there and has no -g, which is what takes the symbol versions away. */
function isTypedWithoutGuru({ commandSeen, guru }: Match['situation']['log']): boolean {
  return commandSeen && !guru;
}

/** Nothing tells more than that the kernel does not take the module. */
function isFormatAlone({ guru }: Match['situation']['log'], seen: Match['seen']): boolean {
  return seen(BAD_FORMAT) && !guru && !seen(GURU_WORD) && !seen(VERMAGIC) && !seen(CRC) && !seen(NO_CRC);
}

/** Certificates of the keys that sign modules on their own: dkms(8), Ubuntu's update-secureboot-policy, akmods. */
const KEYS = {
  dkms: '/var/lib/dkms/mok.pub',
  ubuntu: '/var/lib/shim-signed/mok/MOK.der',
  akmods: '/etc/pki/akmods/certs/public_key.der',
} as const;

/** A module that is loaded by its name and refused for its key; stap names its own otherwise. The group is the name. */
function refusedByName(before: string): RegExp {
  return new RegExp(
    String.raw`${before}(?!stap_|tapprep_)([\w-]{1,64})(?:\.ko\S{0,4})?["']?: (?:-1 )?(?:${keyWords()})`,
  );
}

/** What the kernel answers where the key is none that it takes, in every language. */
function keyWords(): string {
  const words = [
    '[rR]equired {1,3}key not available',
    '[kK]ey was rejected by service',
    'Key has (?:been revoked|expired)',
  ];
  return [...words, ...TRANSLATED.ENOKEY, ...TRANSLATED.EKEYREJECTED].join('|');
}

function refusedModule(linesOf: Match['linesOf']): string | null {
  for (const pattern of BY_NAME_REFUSED) {
    const [line] = linesOf(pattern);
    if (line !== undefined) return pattern.regex?.exec(line.text)?.[1] ?? null;
  }
  return null;
}

/** How many lines the kernel may put between its two remarks about one module. */
const REMARKS_APART = 3;

/** The key is not known, and the kernel took the module all the same, or refused it for something else. */
function isOnlyRemarked({ lines, linesOf, seen }: Match): boolean {
  const remarks = linesOf(UNTRUSTED);
  if (lines.some((line) => !remarks.includes(line))) return false;
  const taken = linesOf(TAKEN).map(({ position }) => position);
  const isTaken = ({ position }: LogLine): boolean =>
    taken.some((at) => at > position && at - position <= REMARKS_APART);
  return seen(NO_DEVICE) || remarks.every(isTaken);
}

/** What was refused was built and signed on this machine by dkms or akmods, and is not stap's. */
function isBuiltHere({ situation, linesOf, seen }: Match): boolean {
  const isStaps = seen(INSERT) || situation.log.commandSeen;
  return !isStaps && takesOwnKeys(situation) && refusedModule(linesOf) !== null;
}

/** Keys of one's own came with 3.7, and the firmware has to keep them. */
function takesOwnKeys(situation: Match['situation']): boolean {
  return !isOlderThan(situation.release, 3, 7) && trustWithoutMok(situation) === null;
}
