/** The release that a misspelt one was likely meant to be: one of its words is nearly one of the tables. Pure. */
import { findNearest } from '../nearest-name.ts';
import { ARCHITECTURES } from './architectures.ts';
import { DEBIAN_LEAVES, RPM_FAMILIES, UBUNTU_FLAVOURS } from './kernel-families.ts';

/** What parts the words of a release; a point parts the architecture from the rest. */
const BETWEEN = /([.+-])/;

const WORDS: readonly string[] = [
  ...new Set(
    [
      ...ARCHITECTURES.flatMap(({ machine, rpm, deb }) => [deb, machine, rpm]),
      'cloud',
      ...[...Object.keys(DEBIAN_LEAVES), ...UBUNTU_FLAVOURS].flatMap((flavour) => flavour.split('-')),
      ...Object.values(RPM_FAMILIES).flatMap(({ variants }) => variants),
    ].filter((word) => !/^\d/.test(word)),
  ),
];

/** @param isKnown whether a release has a form of the target's distribution. Null where none is near that has one. */
export function findNearestRelease(release: string, isKnown: (release: string) => boolean): string | null {
  const parts = release.split(BETWEEN);
  const candidates = parts.flatMap((part, at) => {
    const meant = /^[a-z]\w+$/i.test(part) && !WORDS.includes(part) ? findNearest(part, WORDS) : null;
    return meant === null ? [] : [parts.with(at, meant).join('')];
  });
  return candidates.find(isKnown) ?? null;
}
