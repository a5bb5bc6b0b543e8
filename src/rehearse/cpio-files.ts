/** Reads chosen files out of a cpio stream in the "newc" format, which is what an rpm's payload is. */
import { TapprepError } from '../errors.ts';

const HEADER_BYTES = 110;
const MAX_NAME_BYTES = 4096;
const TRAILER = 'TRAILER!!!';

/** One file's content goes to `write` in pieces; `end` is called after the last, and after a failure. */
export interface FileSink {
  write(piece: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** The sink for an entry of that name; null where it is not wanted. */
export type OpenSink = (entry: string) => FileSink | Promise<FileSink> | null;

/**
 * Streams an archive and hands the content of regular files to the sinks that `open` gives for their names.
 * Names are compared, never used as paths. Memory is one piece of the stream.
 * @throws TapprepError BAD_PACKAGE for anything that is no complete newc archive
 */
export async function readCpioFiles(stream: AsyncIterable<Uint8Array>, name: string, open: OpenSink): Promise<void> {
  const bytes = createByteReader(stream, name);
  try {
    await readEntries(bytes, name, open);
  } finally {
    await bytes.close();
  }
}

async function readEntries(bytes: ByteReader, name: string, open: OpenSink): Promise<void> {
  for (;;) {
    const header = Buffer.from(await bytes.take(HEADER_BYTES)).toString('latin1');
    if (!/^07070[12][0-9A-Fa-f]{104}$/.test(header)) throw bad(name, 'has an entry without the newc magic');
    const field = (index: number): number => Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    if (nameSize < 1 || nameSize > MAX_NAME_BYTES) throw bad(name, `has an entry whose name has ${nameSize} bytes`);
    const entry = Buffer.from(await bytes.take(nameSize))
      .toString('utf8')
      .replace(/\0$/, '');
    await bytes.skip(padding(HEADER_BYTES + nameSize));
    if (entry === TRAILER) return;
    const isRegular = (mode & 0o170000) === 0o100000;
    const sink = isRegular ? await open(entry) : null;
    try {
      await bytes.pass(size, sink);
    } finally {
      await sink?.end();
    }
    await bytes.skip(padding(size));
  }
}

interface ByteReader {
  take(count: number): Promise<Uint8Array>;
  skip(count: number): Promise<void>;
  pass(count: number, sink: FileSink | null): Promise<void>;
  /** Ends the stream, of which something may be left behind the last entry. */
  close(): Promise<void>;
}

function createByteReader(stream: AsyncIterable<Uint8Array>, name: string): ByteReader {
  const pieces = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  const refill = async (): Promise<void> => {
    const next = await pieces.next();
    if (next.done === true) throw bad(name, 'ends in the middle of an entry');
    rest = next.value;
  };
  const pass = async (count: number, sink: FileSink | null): Promise<void> => {
    for (let left = count; left > 0;) {
      if (rest.length === 0) await refill();
      const piece = rest.subarray(0, left);
      rest = rest.subarray(piece.length);
      left -= piece.length;
      await sink?.write(piece);
    }
  };
  return {
    pass,
    close: async () => {
      await pieces.return?.();
    },
    skip: (count) => pass(count, null),
    take: async (count) => {
      const parts: Uint8Array[] = [];
      await pass(count, {
        write: (piece) => {
          parts.push(Uint8Array.from(piece));
          return Promise.resolve();
        },
        end: () => Promise.resolve(),
      });
      return Buffer.concat(parts);
    },
  };
}

/** Entries and their content begin at multiples of four. */
function padding(count: number): number {
  return (4 - (count % 4)) % 4;
}

function bad(name: string, what: string): TapprepError {
  return new TapprepError('BAD_PACKAGE', `the payload of ${name} ${what}`);
}
