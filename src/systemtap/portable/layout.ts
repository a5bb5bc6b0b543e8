/** Which files of Debian packages make a portable SystemTap, and where each lies in its folder. Pure. */

/** Programs of the folder: the wrapper is bin/NAME, the program itself libexec/NAME. */
export const PORTABLE_PROGRAMS = ['stap', 'staprun', 'stapio', 'stap-merge', 'stapbpf'] as const;

/** Without these there is no SystemTap; the others are taken along where the packages have them. */
export const REQUIRED_FILES: readonly string[] = [
  'libexec/stap',
  'libexec/staprun',
  'libexec/stapio',
  'share/systemtap/runtime/runtime.h',
  'share/systemtap/tapset/logging.stp',
];

const PLACES: readonly (readonly [RegExp, (match: readonly string[]) => string])[] = [
  [/^usr\/bin\/(stap|staprun|stap-merge|stapbpf)$/, ([, name = '']) => `libexec/${name}`],
  [/^usr\/(?:lib|libexec)\/systemtap\/(stapio)$/, ([, name = '']) => `libexec/${name}`],
  [/^usr\/share\/systemtap\/((?:runtime|tapset)\/[\w.+@/-]+)$/, ([, rest = '']) => `share/systemtap/${rest}`],
  [/^usr\/share\/doc\/([\w.+-]+)\/copyright$/, ([, name = '']) => `share/doc/${name}/copyright`],
  [/^usr\/share\/common-licenses\/([\w.+-]+)$/, ([, name = '']) => `share/common-licenses/${name}`],
];

/** Where a file of a package goes, relative to the folder; null for what is left out. Paths without a leading slash. */
export function placeOf(path: string): string | null {
  for (const [pattern, place] of PLACES) {
    const match = pattern.exec(path);
    if (match !== null) return place(match);
  }
  return null;
}

/** The file name of a shared library or loader in a directory that the loader searches by itself; null for any other path. */
export function libraryNameOf(path: string): string | null {
  return (
    /^(?:usr\/)?lib(?:64)?\/(?:[a-z0-9_]+-linux-gnu[a-z0-9_]*\/)?([\w.+-]+\.so(?:\.[\w.+-]+)?)$/.exec(path)?.[1] ?? null
  );
}

/** Whether a path is a package's own documentation directory, which may be a link to that of another package. */
export function documentationOf(path: string): string | null {
  return /^usr\/share\/doc\/([^/]+)$/.exec(path)?.[1] ?? null;
}

/** Programs may be executed, as may the loader; nothing is setuid: a portable staprun is for root. */
export function modeOf(place: string): number {
  return /^(?:bin|libexec)\/|^lib\/ld[^/]*$/.test(place) ? 0o755 : 0o644;
}
