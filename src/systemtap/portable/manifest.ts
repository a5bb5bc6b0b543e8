/** manifest.json of a portable SystemTap: every file traced to a package, every package to a signed index. Pure. */
import { TapprepError } from '../../errors.ts';
import { describeOtherVersion } from '../../foreign-form.ts';
import type { Fingerprint } from '../../types.ts';
import { portableManifestSchema } from './manifest-schema.ts';

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
  const value = parseJson(text);
  const { data } = portableManifestSchema.safeParse(value);
  if (data !== undefined) return data;
  const other = describeOtherVersion(value, 'tapprep-systemtap/1');
  if (other !== null) throw new TapprepError('BAD_PACKAGE', `${name} ${other}`, { hint: 'tapprep --version' });
  throw new TapprepError('BAD_PACKAGE', `${name} is no manifest of a portable SystemTap`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}
