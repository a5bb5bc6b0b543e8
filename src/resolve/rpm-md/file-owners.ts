/** Finds in filelists.xml who has some paths: only the packages that name one of them are parsed. */
import { formatEvr } from '../../version/evr.ts';
import { FILELISTS_LIMITS } from './filelists.ts';
import { scanFrames } from './frames.ts';
import type { PrimaryIndex } from './repomd.ts';
import { unpackIndex } from './unpack-index.ts';
import { readXml } from './xml.ts';

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
  await unpackIndex(path, index, name, FILELISTS_LIMITS, (piece) => scanner.push(piece));
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
