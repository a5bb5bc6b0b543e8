/** Ubuntu's releases and which archive has their newest packages: the one place that says how long each was supported. Pure. */

/**
 * archive: every mirror, the standard support goes on or it is not known to have moved. esm: every mirror has what there was when the
 * standard support ended, and what came later is for subscribers. old-releases: no mirror has it any more.
 */
type Archive = 'archive' | 'esm' | 'old-releases';

interface UbuntuRelease {
  readonly version: string;
  readonly codename: string;
  readonly archive: Archive;
}

// oxfmt-ignore
export const UBUNTU_RELEASES: readonly UbuntuRelease[] = [
  ...rows('8.04 8.10 9.04 9.10 10.04 10.10 11.04 11.10', 'hardy intrepid jaunty karmic lucid maverick natty oneiric', 'old-releases'),
  ...rows('12.04', 'precise', 'archive'),
  ...rows('12.10 13.04 13.10 14.10 15.04 15.10', 'quantal raring saucy utopic vivid wily', 'old-releases'),
  ...rows('16.10 17.04 17.10 18.10 19.04 19.10', 'yakkety zesty artful cosmic disco eoan', 'old-releases'),
  ...rows('20.10 21.04 21.10 22.10 23.04 23.10 24.10 25.04', 'groovy hirsute impish kinetic lunar mantic oracular plucky', 'old-releases'),
  // https://ubuntu.com/about/release-cycle: five years, to 2019-04, 2021-04, 2023-05 and 2025-05.
  ...rows('14.04 16.04 18.04 20.04', 'trusty xenial bionic focal', 'esm'),
  ...rows('22.04 24.04 25.10 26.04 26.10', 'jammy noble questing resolute stonking', 'archive'),
];

function rows(versions: string, codenames: string, archive: Archive): readonly UbuntuRelease[] {
  const names = codenames.split(' ');
  return versions.split(' ').map((version, index) => ({ version, codename: names[index] ?? '', archive }));
}

/** The row of a version or a code name; null for none. */
export function findUbuntuRelease(word: string | null | undefined): UbuntuRelease | null {
  return UBUNTU_RELEASES.find(({ version, codename }) => word === version || word === codename) ?? null;
}
