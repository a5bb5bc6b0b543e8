/** Finds in filelists.xml who has some paths: only the packages that name one of them are parsed. */
import { createHash } from 'node:crypto';
import { TapprepError } from '../../errors.ts';
import { unpackFile } from '../../fetch/unpack.ts';
import { formatEvr } from '../../version/evr.ts';
import { scanFrames } from './frames.ts';
import type { PrimaryIndex } from './repomd.ts';
import { readXml } from './xml.ts';

/** Several times the largest known one, Fedora's. */
const MAX_OPEN_BYTES = 4 * 1024 ** 3;

/**
 * Owners by path, `name evr arch`, in the order of the list. Nothing is returned before the digest of the whole was found
 * to be the stated one.
 * @param name of the file, for messages
 * @throws TapprepError BAD_METADATA | TOO_LARGE | TOOL_MISSING
 */
export async function findOwners(
  path: string,
  index: PrimaryIndex,
  name: string,
  paths: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const owners = new Map<string, string[]>();
  const scanner = scanFrames({
    name,
    root: 'filelists',
    wantsName: () => false,
    needles: [...paths].map((wanted) => `>${escapeXml(wanted)}<`),
    onFrame: (frame) => readFrame(frame.toString('utf8'), name, paths, owners),
  });
  const hash = createHash(index.openDigest.algorithm);
  const limit = Math.min(index.openBytes ?? MAX_OPEN_BYTES, MAX_OPEN_BYTES);
  let bytes = 0;
  for await (const piece of unpackFile(path)) {
    bytes += piece.length;
    if (bytes > limit) throw new TapprepError('TOO_LARGE', `${name} unpacks to more than ${limit} bytes`);
    hash.update(piece);
    scanner.push(piece);
  }
  const hex = hash.digest('hex');
  if (hex !== index.openDigest.hex) {
    throw new TapprepError(
      'BAD_METADATA',
      `${name} unpacked has the ${index.openDigest.algorithm} ${hex}, repomd.xml says ${index.openDigest.hex}`,
    );
  }
  scanner.end();
  return owners;
}

function readFrame(text: string, name: string, paths: ReadonlySet<string>, owners: Map<string, string[]>): void {
  let owner = { name: '', arch: '', evr: '' };
  readXml(text, name, {
    open({ attributes }, path) {
      if (path === 'package') owner = { ...owner, name: attributes['name'] ?? '', arch: attributes['arch'] ?? '' };
      if (path !== 'package/version') return;
      const { epoch, ver = '', rel = '' } = attributes;
      owner = { ...owner, evr: formatEvr(epoch ?? null, ver, rel) };
    },
    close(_element, path, file) {
      if (path !== 'package/file' || !paths.has(file)) return;
      owners.set(file, [...(owners.get(file) ?? []), `${owner.name} ${owner.evr} ${owner.arch}`]);
    },
  });
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
