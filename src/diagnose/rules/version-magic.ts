/** What the kernel says when a module was made for another: both sides stand in the line. Pure. */
import { type Match, text } from '../rule.ts';

export const VERMAGIC = text('version magic', /version magic ["'](.{1,160}?)["'] should be ["'](.{1,160}?)["']/);
/** What modinfo shows of a module: its release, then the options that every kernel with modules that unload has. */
export const MODINFO = text(
  'mod_unload',
  /(?:^|\bvermagic: {0,40})(\d\.\d{1,3}[\w.+~-]{0,64}) (?:\w{1,20} ){0,6}mod_unload\b/,
);

/** A release or version differs, not only a build option. */
export function differs(match: Match): boolean {
  const [mine = '', kernels = ''] = magics(match);
  return mine.split(' ')[0] !== kernels.split(' ')[0];
}

/** What tells a kernel's variants apart in its release; the rest of the name is the version. */
const VARIANT_WORDS = /^(?:rt\d*|cloud|debug|dbg|16k|64k|lowlatency|generic|pae|xen|kdump|nvidia|uek|lt|ml)$/i;

/** Only the words for the variant differ. */
export function isOtherVariant(match: Match): boolean {
  const [mine = '', kernels = ''] = magics(match).map((magic) => magic.split(' ')[0] ?? '');
  return mine !== kernels && withoutVariant(mine) === withoutVariant(kernels);
}

/** The module's own and the kernel's; empty where no line shows them. */
export function magics(match: Match): readonly string[] {
  for (const line of match.lines) {
    const found = VERMAGIC.regex?.exec(line.text);
    if (found) return [found[1] ?? '', found[2] ?? ''];
  }
  return [];
}

function withoutVariant(release: string): string {
  return release
    .split(/[-+.]/)
    .filter((word) => !VARIANT_WORDS.test(word))
    .join('-');
}

/**
 * How the modules that modinfo shows stand to the kernel that uname names: of the same release, of another variant of
 * the same version, or of another version; null where one of both is not shown.
 */
export function besideUname({ situation, linesOf }: Match): 'same' | 'variant' | 'other' | null {
  const kernel = situation.log.unameRelease;
  const modules = new Set(linesOf(MODINFO).map((line) => MODINFO.regex?.exec(line.text)?.[1] ?? ''));
  const [module = ''] = modules;
  if (kernel === null || modules.size !== 1) return null;
  if (module === kernel) return 'same';
  return withoutVariant(module) === withoutVariant(kernel) ? 'variant' : 'other';
}
