/** Reads filelists.xml for one question: which packages hold the build tree or the modules of a kernel release. */
import { TapprepError } from '../../errors.ts';
import type { PrimaryIndex } from './repomd.ts';
import { unpackIndex } from './unpack-index.ts';

/** Where a build tree or the modules of a release lie, whoever packs them. */
const PLACES = ['/usr/src/kernels/', '/usr/src/linux-headers-', '/usr/src/linux-', '/lib/modules/'];
const END = Buffer.from('</package>');
/** Fedora's is the largest known. */
export const FILELISTS_LIMITS = { mostBytes: 4 * 1024 ** 3, unstatedBytes: 4 * 1024 ** 3 };
/** Of one package: a kernel's source has 90,000 files. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
/** A kernel is cut into some twenty packages. */
const MAX_HOLDERS = 200;
/** createrepo writes the attributes in this order; another form only means that a package is not found this way. */
const HEAD = /<package pkgid="([0-9a-f]{32,128})"/;

/**
 * The pkgid (the digest in primary.xml) of every package that has a file of the release. Nothing is returned before
 * length and digest of what was unpacked were found to be the stated ones.
 * @throws TapprepError BAD_METADATA | TOO_LARGE | TOOL_MISSING
 */
export async function findHolders(
  path: string,
  index: PrimaryIndex,
  name: string,
  release: string,
): Promise<ReadonlySet<string>> {
  const needles = PLACES.flatMap((place) => ['/', '<'].map((end) => Buffer.from(`${place}${release}${end}`)));
  const found = new Set<string>();
  let carry: Buffer = Buffer.alloc(0);
  await unpackIndex(path, index, name, FILELISTS_LIMITS, (piece) => {
    carry = takeFrames(Buffer.concat([carry, piece]), (frame) => {
      const id = needles.some((needle) => frame.includes(needle)) ? HEAD.exec(frame.toString('latin1', 0, 4096)) : null;
      if (id?.[1] !== undefined && found.size < MAX_HOLDERS) found.add(id[1]);
    });
    if (carry.length > MAX_FRAME_BYTES) {
      throw new TapprepError('TOO_LARGE', `${name} has a package of more than ${MAX_FRAME_BYTES} bytes`);
    }
  });
  return found;
}

/** Calls back for each whole package and returns the rest. */
function takeFrames(data: Buffer, onFrame: (frame: Buffer) => void): Buffer {
  let at = 0;
  for (let end = data.indexOf(END); end !== -1; end = data.indexOf(END, at)) {
    onFrame(data.subarray(at, end));
    at = end + END.length;
  }
  return data.subarray(at);
}
