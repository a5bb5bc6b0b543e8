/** What the file name of an rpm says: the only index that some servers have. Pure. */
import { isPlainFileName } from './location.ts';

/** NAME-VERSION-RELEASE.ARCH.rpm taken apart. */
export interface RpmFileName {
  readonly name: string;
  /** version-release; a file name has no epoch. */
  readonly version: string;
  readonly arch: string;
}

/** Takes a file name apart from its end, because names may hold dashes; null for everything else. */
export function parseRpmFileName(fileName: string): RpmFileName | null {
  if (!isPlainFileName(fileName) || !fileName.endsWith('.rpm')) return null;
  const stem = fileName.slice(0, -'.rpm'.length);
  const dot = stem.lastIndexOf('.');
  const release = stem.lastIndexOf('-', dot);
  const version = stem.lastIndexOf('-', release - 1);
  if (version <= 0 || release <= version + 1 || dot <= release + 1 || dot === stem.length - 1) return null;
  return { name: stem.slice(0, version), version: stem.slice(version + 1, dot), arch: stem.slice(dot + 1) };
}

/** The file name of a package of this name, version-release (an epoch is left out) and architecture. */
export function formatRpmFileName({ name, version, arch }: RpmFileName): string {
  return `${name}-${version.replace(/^\d+:/, '')}.${arch}.rpm`;
}
