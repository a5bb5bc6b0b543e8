/** manifest.json of a portable SystemTap: every file traced to a package, every package to a signed index. Pure. */
import { TapprepError } from '../../errors.ts';
import type { Fingerprint } from '../../types.ts';

/** The marker of a complete folder; written last, and what `remove` looks for. */
export const MANIFEST_NAME = 'manifest.json';

/** A package that files were taken from. */
export interface PortablePackage {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly fileName: string;
  readonly sha256: string;
  /** The signed index that names the digest, and who signed it. */
  readonly index: string;
  readonly signer: Fingerprint | null;
}

export interface PortableFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mode: number;
  /** Name of its package; null for what tapprep itself wrote. */
  readonly package: string | null;
}

export interface PortableManifest {
  readonly schema: 'tapprep-systemtap/1';
  /** "5.1" */
  readonly version: string;
  /** "5.1-5" */
  readonly packageVersion: string;
  readonly distro: string;
  readonly suite: string;
  /** uname -m */
  readonly arch: string;
  /** Oldest Linux that its C library starts on, "3.2.0"; null where the library does not say. */
  readonly minimumKernel: string | null;
  /** File name of the loader in lib/. */
  readonly loader: string;
  /** Digest over the packages and the wrapper: the same key, the same folder. */
  readonly key: string;
  readonly packages: readonly PortablePackage[];
  readonly files: readonly PortableFile[];
}

/** @throws TapprepError BAD_PACKAGE when the text is no such manifest, or names a path outside its folder */
export function parseManifest(text: string, name: string): PortableManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    value = null;
  }
  if (isManifest(value)) return value;
  throw new TapprepError('BAD_PACKAGE', `${name} is no manifest of a portable SystemTap`);
}

const TEXTS = ['version', 'packageVersion', 'distro', 'suite', 'arch', 'loader', 'key'] as const;

function isManifest(value: unknown): value is PortableManifest {
  if (!isRecord(value) || value['schema'] !== 'tapprep-systemtap/1') return false;
  if (!TEXTS.every((key) => typeof value[key] === 'string')) return false;
  if (value['minimumKernel'] !== null && typeof value['minimumKernel'] !== 'string') return false;
  const [packages, files] = [value['packages'], value['files']];
  return Array.isArray(packages) && packages.every(isPackage) && Array.isArray(files) && files.every(isFile);
}

function isPackage(value: unknown): boolean {
  const keys = ['name', 'version', 'arch', 'fileName', 'sha256', 'index'];
  return isRecord(value) && keys.every((key) => typeof value[key] === 'string');
}

function isFile(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value['path'] === 'string' &&
    /^[^/].*[^/]$/s.test(value['path']) &&
    !value['path'].split('/').some((part) => part === '' || part === '.' || part === '..') &&
    typeof value['sha256'] === 'string' &&
    /^[0-9a-f]{64}$/.test(value['sha256']) &&
    typeof value['bytes'] === 'number' &&
    [0o644, 0o755].includes(value['mode'] as number) &&
    (value['package'] === null || typeof value['package'] === 'string')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
