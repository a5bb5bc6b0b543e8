/** What a bundle holds, for whom it was made, and what was checked of it: manifest.json and the texts that follow from it. Pure. */
import { TapprepError } from '../errors.ts';
import { describeOtherVersion, listFaults } from '../foreign-form.ts';
import type { Fingerprint, MatchEvidence, Role, RpmExpectation, Sha256, Target, TrustRequirement } from '../types.ts';
import { upstreamVersion } from '../version/upstream.ts';
import { manifestSchema } from './manifest-schema.ts';
import type { TarFile } from './tar-entry.ts';
import { forFamily } from '../package-system/systems.ts';

/** A file of a bundle that is no package. */
export interface BundledFile {
  /** Relative to the bundle's directory. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
  readonly mode: 0o644 | 0o755;
}

/** A package of a bundle with the evidence of the machine that made it, to be checked again where it is installed. */
export interface BundledPackage {
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly installedBytes: number | null;
  readonly role: Role;
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly match: MatchEvidence;
  /** rpm: the relation that it is needed for, and the name of the package that has it. */
  readonly because?: { readonly needs: string; readonly by: string };
  readonly wave: number;
  /** False for the kernel image that only a virtual machine boots. */
  readonly install: boolean;
  readonly replaces: string | null;
  /** Repository id, and the addresses it had, without user names, passwords and tokens. */
  readonly repository: string;
  readonly urls: readonly string[];
  readonly trust: {
    readonly kind: TrustRequirement['kind'];
    readonly digest: TrustRequirement['digest'];
    /** URL of the signed index that names the digest; null where the package itself is signed. */
    readonly index: string | null;
  };
  readonly expects: RpmExpectation | null;
  readonly signer: Fingerprint | null;
  readonly checks: readonly string[];
}

/** A signed index that travels along, so that the chain from its signature to a package can be walked again. */
export interface BundledIndex {
  readonly repository: string;
  readonly suite: string;
  readonly url: string;
  readonly signer: Fingerprint | null;
  /** InRelease or Release in the bundle, and Release.gpg beside the latter. */
  readonly release: string;
  readonly signature: string | null;
  /** `name`: below the suite, as the Release file lists it. */
  readonly packages: readonly { readonly path: string; readonly name: string }[];
}

/** A portable SystemTap: ready as an archive, and the packages that it was made of, to be traced to their signatures again. */
export interface BundledFolder {
  /** "systemtap-5.1", which is its name below /opt/tapprep. */
  readonly name: string;
  readonly version: string;
  /** ID of os-release, and the suite. */
  readonly distro: string;
  readonly suite: string;
  readonly archive: string;
  /** Digests of what is in the archive. */
  readonly list: string;
  readonly installedBytes: number;
  readonly packages: readonly BundledPackage[];
  readonly indexes: readonly BundledIndex[];
}

/** A module that was compiled for exactly this kernel, and seen to work in it. */
export interface BundledModule {
  readonly name: string;
  readonly module: string;
  readonly path: string;
  readonly script: string;
  readonly sha256: Sha256;
  /** By which key, and over which digest; absent where it is not signed. keyId: subject key identifier, hex. */
  readonly signedBy?: { readonly name: string; readonly keyId: string | null; readonly hash: string };
  /** What may be given to it when it is loaded: values of its globals. */
  readonly arguments: readonly { readonly name: string; readonly type: 'integer' | 'file' }[];
  readonly proven: { readonly expected: readonly string[]; readonly seconds: number };
}

export interface BundleManifest {
  readonly schema: 'tapprep-bundle/1';
  readonly kind: 'packages' | 'compiled';
  /** Version of tapprep that made it. */
  readonly tapprep: string;
  readonly target: Target;
  /** Whether the target's package list was asked for what it lacks; "none" where nothing is installed. */
  readonly dependencies: 'asked' | 'unknown' | 'none';
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly packages: readonly BundledPackage[];
  readonly present: readonly { readonly role: string; readonly name: string; readonly version: string }[];
  readonly indexes: readonly BundledIndex[];
  readonly modules: readonly BundledModule[];
  /** Portable SystemTaps; left out where there are none. */
  readonly folders?: readonly BundledFolder[];
  /** Names of folders, and "distro", in the order in which they are tried; left out with them. */
  readonly tries?: readonly string[];
  /** Everything else, sorted by path. */
  readonly files: readonly BundledFile[];
}

export const MANIFEST_NAME = 'manifest.json';
export const SUMS_NAME = 'SHA256SUMS';
export const SIGNATURE_NAME = 'SHA256SUMS.asc';
export const TEXT_NAME = 'bundle.txt';
export const TARGET_NAME = 'target.json';

/** Written or checked apart from the manifest's own list. */
const RESERVED: readonly string[] = [MANIFEST_NAME, SUMS_NAME, SIGNATURE_NAME];

/** The directory that a bundle unpacks to. */
export function rootOf({ kind, target }: Pick<BundleManifest, 'kind' | 'target'>): string {
  return kind === 'compiled' ? `tapprep-compiled-${target.release}` : `tapprep-${target.release}`;
}

/** Every file that the manifest names, packages among them, sorted by path. */
export function listFiles({ files, packages, folders = [] }: BundleManifest): readonly BundledFile[] {
  const carried = [...packages, ...folders.flatMap((folder) => folder.packages)];
  const all = [
    ...files,
    ...carried.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256, mode: 0o644 as const })),
  ];
  return all.toSorted((a, b) => compareText(a.path, b.path));
}

/** A bundled file as an entry of the tar. */
export function toTarFile(manifest: BundleManifest, { path, sizeBytes, mode }: Omit<BundledFile, 'sha256'>): TarFile {
  return { path: `${rootOf(manifest)}/${path}`, sizeBytes, mode };
}

/** The text of manifest.json. */
export function renderManifest(manifest: BundleManifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

/** The text of SHA256SUMS: the manifest first, then every file it names. */
export function renderSums(manifest: BundleManifest, manifestSha256: string): string {
  const rows = listFiles(manifest).map(({ sha256, path }) => `${sha256}  ${path}\n`);
  return `${manifestSha256}  ${MANIFEST_NAME}\n${rows.join('')}`;
}

/** The text of target.json, the target of every report: one line. */
export function renderTarget({ target }: Pick<BundleManifest, 'target'>): string {
  return `${JSON.stringify(target)}\n`;
}

/**
 * The text of bundle.txt: what the scripts need of the manifest, one "KEY WORD..." a line, since a POSIX shell reads no
 * JSON.
 */
export function renderText(manifest: Omit<BundleManifest, 'files'>, fileCount: number): string {
  const { target, kind, packages, modules } = manifest;
  const rows: (readonly [string, string | number | null])[] = [
    ['tapprep-bundle', 1],
    ['kind', kind],
    ['made-by', manifest.tapprep],
    // What SHA256SUMS must list, so that lines cut off its end are missed.
    ['sums', fileCount + 1],
    ['family', target.family],
    ['distro', target.distro],
    ['version', target.version],
    ['release', target.release],
    ['arch', target.arch],
    ['package-arch', target.packageArch],
    ['uname-v', target.unameV],
    ['build-id', target.buildId],
    ['kernel-version', kernelVersionOf(manifest)],
    ['dependencies', manifest.dependencies],
    ...manifest.warnings.map((text): [string, string] => ['warning', text]),
    ...packages.filter(({ install }) => install).map((item): [string, string] => ['package', packageWords(item)]),
    ...(manifest.folders ?? []).map((item): [string, string] => ['folder', folderWords(item)]),
    ...(manifest.tries ?? []).map((name): [string, string] => ['try', name]),
    ...modules.map((item): [string, string] => ['module', moduleWords(item)]),
    ...modules.flatMap(({ module, signedBy }): readonly [string, string][] =>
      signedBy === undefined ? [] : [['signed', `${module} ${signedBy.keyId ?? '-'} ${signedBy.name}`]],
    ),
  ];
  return rows.flatMap(([key, value]) => (value === null ? [] : [`${key} ${value}\n`])).join('');
}

function folderWords({ name, version, distro, suite, archive, list, installedBytes }: BundledFolder): string {
  const kibibytes = Math.ceil(installedBytes / 1024);
  return [name, upstreamVersion(version), kibibytes, archive, list, `${distro}/${suite}`].join(' ');
}

function moduleWords({ name, module, path, arguments: known }: BundledModule): string {
  return [name, module, path, ...known.map((argument) => `${argument.name}:${argument.type}`)].join(' ');
}

/** The package version that Debian's own kernels name in uname -v; null for every other kernel. */
function kernelVersionOf({ target, packages }: Pick<BundleManifest, 'target' | 'packages'>): string | null {
  return forFamily(target, {
    rpm: () => null,
    deb: ({ kernelFamily, packageVersion, release }) => {
      if (kernelFamily !== 'debian') return null;
      const headers = packages.find(({ name }) => name === `linux-headers-${release}`);
      // A rebuild of the packages alone does not make another kernel.
      return (packageVersion ?? headers?.version ?? null)?.replace(/\+b\d+$/, '') ?? null;
    },
  });
}

function packageWords(item: BundledPackage): string {
  const kibibytes = Math.ceil((item.installedBytes ?? item.sizeBytes * 5) / 1024);
  return [item.wave, item.role, item.name, item.version, item.arch, kibibytes, item.path].join(' ');
}

/**
 * A manifest from its text.
 * @throws TapprepError BAD_BUNDLE with the place and the reason of each fault
 */
export function parseManifest(text: string, source: string): BundleManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TapprepError('BAD_BUNDLE', `the manifest of ${source} is no JSON`, { cause });
  }
  const other = describeOtherVersion(value, 'tapprep-bundle/1');
  if (other !== null) {
    throw new TapprepError('BAD_BUNDLE', `the manifest of ${source} ${other}`, { hint: 'tapprep --version' });
  }
  const result = manifestSchema.safeParse(value);
  if (!result.success) {
    const faults = listFaults(result.error);
    throw new TapprepError('BAD_BUNDLE', `the manifest of ${source} is not of this form: ${faults.join('; ')}`, {
      facts: { faults },
    });
  }
  // The value itself and not the copy of the schema: the order of its keys is part of the texts that follow from it.
  const manifest = value as BundleManifest;
  requirePaths(manifest, source);
  return manifest;
}

/** Every path once, none reserved, none a directory of another, and all that is referred to is there. */
function requirePaths(manifest: BundleManifest, source: string): void {
  const paths = new Set<string>(RESERVED);
  const directories = new Set<string>();
  for (const { path } of listFiles(manifest)) {
    if (paths.has(path)) throw bad(source, `names ${path} twice`);
    paths.add(path);
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) directories.add(path.slice(0, at));
  }
  const both = [...directories].find((path) => paths.has(path));
  if (both !== undefined) throw bad(source, `names ${both} as a file and as a directory`);
  const wanted = [
    TEXT_NAME,
    TARGET_NAME,
    ...manifest.indexes.flatMap(pathsOfIndex),
    ...manifest.modules.flatMap(({ path, script }) => [path, script]),
    ...(manifest.folders ?? []).flatMap(({ archive, list }) => [archive, list]),
    ...(manifest.folders ?? []).flatMap(({ indexes }) => indexes.flatMap(pathsOfIndex)),
  ];
  const missing = wanted.find((path) => !paths.has(path));
  if (missing !== undefined) throw bad(source, `does not list ${missing}, which it needs`);
}

function pathsOfIndex({ release, signature, packages }: BundledIndex): readonly string[] {
  return [release, ...(signature === null ? [] : [signature]), ...packages.map(({ path }) => path)];
}

function bad(source: string, what: string): TapprepError {
  return new TapprepError('BAD_BUNDLE', `the manifest of ${source} ${what}`);
}

/** Order of bytes, the same in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
