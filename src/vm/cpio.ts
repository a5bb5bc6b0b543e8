/** The archive that the kernel unpacks as its first file system: cpio "newc" (Linux: Documentation/driver-api/early-userspace/buffer-format.rst). */

export type CpioEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const TYPE_BITS = { file: 0o100000, directory: 0o040000, link: 0o120000, device: 0o020000 } as const;

/**
 * The whole archive in order, piece by piece; paths are taken without leading slash, owner is root, all times are 0.
 * Parents must come before what lies in them.
 */
export function* packCpio(entries: Iterable<CpioEntry>): Generator<Uint8Array> {
  // Inode 0 means nothing to the kernel, but equal ones of several links would: every entry has one of its own.
  let inode = 1;
  for (const entry of entries) {
    const data = contentOf(entry);
    yield header(entry, inode, data.length);
    if (data.length > 0) yield data;
    yield padding(data.length);
    inode += 1;
  }
  yield header({ kind: 'file', path: 'TRAILER!!!', mode: 0, data: new Uint8Array() }, 0, 0);
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.kind === 'file') return entry.data;
  return entry.kind === 'link' ? Buffer.from(entry.target) : new Uint8Array();
}

function header(entry: CpioEntry, inode: number, size: number): Uint8Array {
  const name = Buffer.from(`${entry.path.replace(/^\/+/, '')}\0`);
  const mode = inode === 0 ? 0 : TYPE_BITS[entry.kind] | (entry.kind === 'link' ? 0o777 : entry.mode & 0o7777);
  const [major, minor] = entry.kind === 'device' ? [entry.major, entry.minor] : [0, 0];
  const fields = [inode, mode, 0, 0, entry.kind === 'directory' ? 2 : 1, 0, size, 0, 0, major, minor, name.length, 0];
  const head = Buffer.from(`070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([head, name, padding(head.length + name.length)]);
}

function padding(size: number): Uint8Array {
  return new Uint8Array((4 - (size % 4)) % 4);
}
