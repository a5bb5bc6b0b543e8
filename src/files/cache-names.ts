/**
 * What tapprep keeps in a cache, and every name that it gives there or gave in an earlier version. Whatever takes a directory for
 * a cache, closes, lists or cleans one goes by this table alone: any other name is somebody else's, is not removed, and makes the
 * directory theirs. scripts/build-single.js puts CACHE_FORM and PROOF_FORM into scripts/single.sh, whose grep -E has to read
 * them as JavaScript does. A path ends in "/" where a directory itself, and no link to one, has it.
 */

/** The name that backup programs know (Cache Directory Tagging Specification). */
export const CACHE_MARK = 'CACHEDIR.TAG';

/**
 * What becomes of a folder that others could write to. It stays where it is digested whenever it is read (sha256), holds no
 * content (locks), is checked before it starts (program), or is only for people to read (cases). Of another program's, as the
 * Ansible role is one, nothing is dropped, and a cache that has it is not closed.
 */
export type Fate = 'dropped' | 'stays' | 'is of others';

interface FolderRow {
  /** From the root of the cache. */
  readonly place: string;
  readonly fate: Fate;
  readonly files?: string;
  /** A run that was ended half-way leaves one under a name of its own. */
  readonly directories?: string;
  /** Goes as a whole when everything is cleaned: its files are no downloads, and no lock of their own protects them. */
  readonly isCleaned?: true;
  /** Hardly anybody else gives such names: one of them is enough to know a cache by. */
  readonly isProof?: true;
}

const HEX_16 = '[0-9a-f]{16}';
const HEX_64 = '[0-9a-f]{64}';
/** As mkdtemp adds. */
const RANDOM = '[0-9A-Za-z]{6}';
/** Of a download: by its digest, or by its address. */
const KEY = '(sha[0-9]{1,3}|url)-[0-9a-f]{40,128}';
const WORD = '[0-9A-Za-z._+~-]+';
const DISTRO = '[A-Za-z][A-Za-z_-]*';
/** With the release of a kernel that is packaged. */
const ROOT = `${DISTRO}-[0-9A-Za-z._+~]+-[0-9]+([.][0-9]+)+[.+-]${WORD}`;
const BASE = `base-${DISTRO}-${WORD}-[0-9a-z_]+(-[0-9a-f]{12})?`;
const ROOTS = {
  files: `(${ROOT}[.]json|${BASE}[.]tar)`,
  directories: `((${ROOT}|${BASE}[.]tar)([.]making)?|making-base-${RANDOM}|(headers|debug)-${RANDOM})`,
};
const IMAGES = { directories: `${HEX_16}(-${HEX_16})*([.]making-${RANDOM})?` };
const TMP = { directories: `(verify|bundle|compiled)-${RANDOM}` };
const CLEANED = { fate: 'dropped', isCleaned: true } as const;

const FOLDERS: readonly FolderRow[] = [
  { place: 'sha256', fate: 'stays', directories: '[0-9a-f]{2}' },
  { place: 'sha256/[0-9a-f]{2}', fate: 'stays', files: HEX_64, directories: `[.]signed-${RANDOM}` },
  { place: 'locks', fate: 'stays', files: `(${KEY}|root-${ROOT}|${BASE})([.]${HEX_16})*` },
  { place: 'index', fate: 'dropped', files: `${HEX_64}[.]json`, isProof: true },
  { place: 'partial', fate: 'dropped', files: `${KEY}[.]part([.]json)?`, isProof: true },
  {
    place: 'program',
    fate: 'stays',
    directories: `[0-9]+[.][0-9]+[.][0-9]+(${WORD})?-${HEX_16}([.][0-9]+)?`,
    isCleaned: true,
    isProof: true,
  },
  { place: 'cases', fate: 'stays', files: `systemtap-${WORD}-[0-9a-f]{12}[.]txt` },
  { place: 'kernels', fate: 'dropped', files: `[0-9A-Za-z._-]+%3A[^/]*` },
  { place: 'guest', fate: 'dropped', files: `busybox-[0-9a-z_]+-${HEX_16}`, directories: `busybox-${RANDOM}` },
  {
    place: 'systemtap',
    fate: 'dropped',
    directories: `(verdicts|logs|[0-9][0-9A-Za-z.+~]*-[0-9a-z_]+-[0-9a-f]+|[.]making-${RANDOM})`,
  },
  { place: 'systemtap/verdicts', fate: 'dropped', files: `${WORD}[.]json` },
  { place: 'systemtap/logs', fate: 'dropped', files: `build-${WORD}[.]log` },
  { place: 'roots', ...CLEANED, ...ROOTS },
  { place: 'images', ...CLEANED, ...IMAGES },
  { place: 'tmp', ...CLEANED, ...TMP },
  // What `cache clean` was ended at.
  { place: 'roots[.]gone', ...CLEANED, ...ROOTS },
  { place: 'images[.]gone', ...CLEANED, ...IMAGES },
  { place: 'tmp[.]gone', ...CLEANED, ...TMP },
  { place: `debug-files-${RANDOM}`, ...CLEANED, files: '[^/]+', directories: '[^/]+' },
  { place: 'ansible', fate: 'is of others', directories: '(facts|bundles)' },
];

/** Of a file until it is whole: as writeWhole names it, and as it was named before. */
function halfOf(file: string): string {
  return `([.]${file}[.]tapprep-[0-9]+|[.]?${file}([.][0-9a-f]{1,64})?[.]tmp)`;
}

function formsOf({ place, files, directories }: FolderRow): readonly string[] {
  return [
    ...(files === undefined ? [] : [`${place}/${files}`, `${place}/${halfOf(files)}`]),
    // What clearLeft was ended at.
    ...(directories === undefined ? [] : [`${place}/${directories}([.]gone)*/`]),
  ];
}

function anyOf(forms: readonly string[]): string {
  return `^(${forms.join('|')})$`;
}

/** All that may be in a cache. The root of a new file system has lost+found, and is empty all the same. */
export const CACHE_FORM: string = anyOf([
  CACHE_MARK,
  'lost[+]found/([^/]+/?)?',
  ...FOLDERS.flatMap((folder) => [`${folder.place}/`, ...formsOf(folder)]),
]);
export const PROOF_FORM: string = anyOf(FOLDERS.filter(({ isProof }) => isProof).flatMap(formsOf));

const CACHE = new RegExp(CACHE_FORM);
const PROOF = new RegExp(PROOF_FORM);
const HALF = new RegExp(
  anyOf(FOLDERS.flatMap(({ place, files }) => (files === undefined ? [] : [`${place}/${halfOf(files)}`]))),
);

/** Whether tapprep gives such a name. @param path from the root of the cache, with "/" at its end for a directory */
export function isCacheName(path: string): boolean {
  return CACHE.test(path);
}

export function isProof(path: string): boolean {
  return PROOF.test(path);
}

/** Whether it is of a file that is being written, or was when its writer was ended. */
export function isHalf(path: string): boolean {
  return HALF.test(path);
}

/** The row of a directory of the cache; null for one that is none. */
export function findFolder(place: string): FolderRow | null {
  return FOLDERS.find((folder) => new RegExp(anyOf([folder.place])).test(place)) ?? null;
}

/** As readdir tells it. */
interface Entry {
  readonly name: string;
  isDirectory(): boolean;
}

/** How the table names what lies in a directory of the cache. @param place '' for the root of the cache */
export function pathOf(place: string, entry: Entry): string {
  return `${place === '' ? '' : `${place}/`}${entry.name}${entry.isDirectory() ? '/' : ''}`;
}
