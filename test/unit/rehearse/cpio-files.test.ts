import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCpioFiles } from '../../../src/rehearse/cpio-files.ts';
import { packCpio } from '../../../src/vm/cpio.ts';

const FILES = { 'boot/vmlinuz-1': 'kernel', 'lib/x': 'y'.repeat(1001), empty: '' };

function archive(): Buffer {
  return Buffer.concat([
    ...packCpio(
      Object.entries(FILES).map(([path, text]) => ({
        kind: 'file' as const,
        path,
        mode: 0o644,
        data: Buffer.from(text),
      })),
    ),
  ]);
}

async function read(pieces: readonly Uint8Array[], wanted: string): Promise<string | null> {
  let found: string | null = null;
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* pieces;
  }
  await readCpioFiles(stream(), 'x.rpm', (entry) => {
    if (entry.replace(/^\.\//, '') !== wanted) return null;
    found = '';
    return {
      write: (piece) => {
        found += Buffer.from(piece).toString();
        return Promise.resolve();
      },
      end: () => Promise.resolve(),
    };
  });
  return found;
}

test('wherever the stream is cut, the same file comes out', async () => {
  const bytes = archive();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(await read(pieces, 'lib/x')).toBe(FILES['lib/x']);
    }),
    { numRuns: 50 },
  );
});

const wanted = (entry: string): boolean => entry.endsWith('lib/x');

test('a sink is closed where the archive ends too early, and one that cannot be opened is the failure', async () => {
  const bytes = archive();
  const cut = bytes.subarray(0, bytes.indexOf(FILES['lib/x']) + 1);
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield cut;
  }
  let isClosed = false;
  const sink = { write: () => Promise.resolve(), end: () => Promise.resolve(void (isClosed = true)) };
  await expect(readCpioFiles(stream(), 'x.rpm', (entry) => (wanted(entry) ? sink : null))).rejects.toMatchObject({
    code: 'BAD_PACKAGE',
  });
  expect(isClosed).toBe(true);
  const full = Promise.reject(new Error('the disk is full'));
  await expect(readCpioFiles(stream(), 'x.rpm', (entry) => (wanted(entry) ? full : null))).rejects.toThrow('is full');
});

test('a name that is not asked for is passed over', async () => {
  expect(await read([archive()], 'lib/y')).toBeNull();
});

test('cut or foreign data is refused', async () => {
  const bytes = archive();
  await expect(read([bytes.subarray(0, 200)], 'lib/x')).rejects.toMatchObject({ code: 'BAD_PACKAGE' });
  await expect(read([Buffer.from('not a cpio archive at all'.repeat(10))], 'lib/x')).rejects.toMatchObject({
    code: 'BAD_PACKAGE',
  });
});
