import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isTemporaryName } from '../../../src/files/write-whole.ts';
import { listFiles } from '../../../src/bundle/manifest.ts';
import { openBundle } from '../../../src/bundle/read.ts';
import { armorSignature } from '../../../src/bundle/signature-armor.ts';
import { ERROR_CODES, isTapprepError, type ErrorCode } from '../../../src/errors.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { SAMPLE_TARGET, writeSample } from '../../helpers/sample-bundle.ts';

const work = mkdtempSync(join(tmpdir(), 'bundle-tar-'));
const { signal } = new AbortController();
const contents = { alpha: randomBytes(70_000), beta: Buffer.from('beta'), gamma: Buffer.alloc(0) };
const root = `tapprep-${SAMPLE_TARGET.release}`;
let good: string;
let count = 0;

function freshDirectory(): string {
  count += 1;
  const path = join(work, `d${count}`);
  mkdirSync(path);
  return path;
}

/** Opens a bundle in a directory that is removed again. */
async function read(path: string): Promise<Awaited<ReturnType<typeof openBundle>>> {
  const directory = freshDirectory();
  try {
    return await openBundle(path, directory, signal);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

beforeAll(async () => {
  good = (await writeSample(work, 'good', contents, { sign: () => Promise.resolve(armorSignature(randomBytes(200))) }))
    .path;
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('what is written', () => {
  test('is the same bytes for the same contents', async () => {
    const first = await writeSample(freshDirectory(), 'a', contents);
    const second = await writeSample(freshDirectory(), 'b', contents);
    expect(sha256(first.path)).toBe(sha256(second.path));
  });

  test('is a tar to GNU tar, with fixed owners and times, and its sums hold for sha256sum', () => {
    const listing = execFileSync('tar', ['--numeric-owner', '-tvf', good], { encoding: 'utf8', env: { TZ: 'UTC' } });
    const lines = listing.trim().split('\n');
    expect(lines[0]).toMatch(new RegExp(`^-rw-r--r-- 0/0 +\\d+ 1970-01-01 00:00 ${root}/manifest\\.json$`));
    expect(lines.every((line) => / 0\/0 +\d+ 1970-01-01 00:00 /.test(line))).toBe(true);
    const directory = freshDirectory();
    execFileSync('tar', ['-C', directory, '-xf', good]);
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: join(directory, root) });
    expect(statSync(join(directory, root, 'install.sh')).mode & 0o777).toBe(0o755);
  });

  test('is nothing but the finished file: no part is left beside it', () => {
    expect(readdirSync(work).filter((name) => name.includes('.part') || isTemporaryName(name))).toEqual([]);
  });

  test('is not there where a file changed since it was verified', async () => {
    const directory = freshDirectory();
    const { manifest } = await writeSample(directory, 'first', contents);
    const { writeBundle } = await import('../../../src/bundle/write.ts');
    const changed = join(directory, 'changed.deb');
    writeFileSync(changed, Buffer.concat([contents.alpha.subarray(1), Buffer.from('x')]));
    const texts = join(directory, 'unpacked');
    mkdirSync(texts);
    execFileSync('tar', ['-C', texts, '-xf', join(directory, 'first.tar')]);
    const sources = new Map(
      listFiles(manifest).map(({ path }) => [
        path,
        { file: path.includes('alpha') ? changed : join(texts, root, path) },
      ]),
    );
    const out = join(directory, 'second.tar');
    const failure = await failureOf(writeBundle({ out, manifest, sources, sign: null, signal }));
    expect(failure.code).toBe('DIGEST_MISMATCH');
    expect(readdirSync(directory).filter((name) => name.startsWith('second'))).toEqual([]);
  });

  test('holds a path that the plain header cannot', async () => {
    const long = `${'l'.repeat(180)}.txt`;
    const { path } = await writeSample(freshDirectory(), 'long', contents, {
      extra: { [`scripts/${long}`]: 'text\n' },
    });
    expect(execFileSync('tar', ['-tf', path], { encoding: 'utf8' })).toContain(`${root}/scripts/${long}\n`);
    expect((await read(path)).manifest.files.some((file) => file.path.endsWith(long))).toBe(true);
  });
});

test('what was written is read again, every file where it says', async () => {
  const directory = freshDirectory();
  const bundle = await openBundle(good, directory, signal);
  for (const { path, sha256: wanted } of listFiles(bundle.manifest)) expect(sha256(bundle.pathOf(path))).toBe(wanted);
  expect(bundle.signature).toContain('BEGIN PGP SIGNATURE');
});

/** Codes that may answer a spoiled bundle: each ends in exit 4, and never as a fault of tapprep's own. */
function assertRefused(error: unknown): void {
  if (!isTapprepError(error)) throw error;
  expect([error.code, ERROR_CODES[error.code].exit]).toEqual([error.code, 'verification']);
}

describe('refused before anything is changed:', () => {
  test('one flipped bit at any place', async () => {
    const bytes = readFileSync(good);
    const path = join(work, 'flipped.tar');
    // Every kind of place is hit: headers, manifest, sums, signature, payload, padding, trailer.
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.nat(bytes.length - 1),
          fc.nat(20_000),
          fc.integer({ min: bytes.length - 4096, max: bytes.length - 1 }),
        ),
        fc.nat(7),
        async (at, bit) => {
          const spoiled = Buffer.from(bytes);
          spoiled.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
          writeFileSync(path, spoiled);
          await read(path).then(
            () => expect.fail(`bit ${bit} of byte ${at} was flipped, and the bundle was taken`),
            assertRefused,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  test('every byte of the first blocks, one after the other', async () => {
    const bytes = readFileSync(good);
    const path = join(work, 'first.tar');
    for (let at = 0; at < 512; at += 1) {
      const spoiled = Buffer.from(bytes);
      spoiled.writeUInt8(bytes.readUInt8(at) ^ 0x20, at);
      writeFileSync(path, spoiled);
      await read(path).then(() => expect.fail(`byte ${at}`), assertRefused);
    }
  });

  test('truncated at any length', async () => {
    const size = statSync(good).size;
    const path = join(work, 'cut.tar');
    const lengths = [
      0,
      1,
      511,
      512,
      513,
      size - 1,
      size - 512,
      size - 1024,
      ...Array.from({ length: 40 }, (_, n) => Math.floor((size * n) / 40)),
    ];
    for (const length of lengths) {
      writeFileSync(path, readFileSync(good));
      truncateSync(path, length);
      await read(path).then(() => expect.fail(`${length} bytes`), assertRefused);
    }
  });

  test('bytes behind its end', async () => {
    const path = join(work, 'longer.tar');
    writeFileSync(path, readFileSync(good));
    appendFileSync(path, Buffer.alloc(512));
    expect((await failureOf(read(path))).code).toBe('BAD_BUNDLE');
  });

  type Change = (directory: string) => readonly string[];
  const changes: readonly (readonly [string, Change, readonly string[]])[] = [
    ['an entry that nobody named', (directory) => [add(directory, `${root}/packages/extra.deb`)], []],
    ['an entry outside of its directory', (directory) => [add(directory, 'elsewhere.txt')], []],
    ['an entry with ".." in its path', (directory) => [add(directory, `${root}/../up.txt`)], ['-P']],
    ['an absolute path', () => ['/etc/hostname'], ['-P']],
    [
      'a link',
      (directory) => {
        symlinkSync('/etc/passwd', join(directory, root, 'link'));
        return [`${root}/link`];
      },
      [],
    ],
    [
      'a link in the place of a file',
      (directory) => {
        rmSync(join(directory, root, 'install.sh'));
        symlinkSync('/etc/passwd', join(directory, root, 'install.sh'));
        return [];
      },
      [],
    ],
    [
      'a device',
      (directory) => {
        execFileSync('mknod', [join(directory, root, 'device'), 'c', '1', '3']);
        return [`${root}/device`];
      },
      [],
    ],
    ['an entry twice', () => [`${root}/install.sh`], ['--hard-dereference']],
    ['a directory', () => [`${root}/packages`], []],
    [
      'a file that was made longer',
      (directory) => {
        appendFileSync(join(directory, root, 'install.sh'), '# more\n');
        return [];
      },
      [],
    ],
    [
      'a hole of a gigabyte in the place of a file',
      (directory) => {
        truncateSync(join(directory, root, 'packages/beta_1.0-1_amd64.deb'), 2 ** 30);
        return [];
      },
      ['--sparse', '--format=gnu'],
    ],
  ];
  test.each(changes)('%s', async (_name, change, more) => {
    const path = repack(change, more);
    const failure = await failureOf(read(path));
    expect(['BAD_BUNDLE', 'DIGEST_MISMATCH']).toContain(failure.code);
    expect(existsSync(join(work, 'up.txt'))).toBe(false);
  });

  test('a file swapped for that of another bundle', async () => {
    const other = await writeSample(freshDirectory(), 'other', { ...contents, alpha: randomBytes(70_000) });
    const [mine, theirs] = [readFileSync(good), readFileSync(other.path)];
    const header = Buffer.from(`${root}/packages/alpha_1.0-1_amd64.deb`);
    const [to, from] = [mine.indexOf(header) + 512, theirs.indexOf(header) + 512];
    theirs.copy(mine, to, from, from + 70_000);
    const path = join(work, 'swapped.tar');
    writeFileSync(path, mine);
    expect((await failureOf(read(path))).code).toBe('DIGEST_MISMATCH');
  });

  const notBundles: readonly (readonly [string, () => string, ErrorCode])[] = [
    ['no tar', () => write('text', 'not a tar\n'.repeat(500)), 'BAD_BUNDLE'],
    ['an empty file', () => write('empty', ''), 'BAD_BUNDLE'],
    ['zeros', () => write('zeros', Buffer.alloc(20_480)), 'BAD_BUNDLE'],
    ['a compressed tar', () => write('packed', execFileSync('gzip', ['-c', good])), 'BAD_BUNDLE'],
    ['some other tar', () => otherTar(), 'BAD_BUNDLE'],
    ['a directory', () => work, 'USAGE'],
    ['nothing', () => join(work, 'nowhere.tar'), 'USAGE'],
  ];
  test.each(notBundles)('%s', async (_name, make, code) => {
    expect((await failureOf(read(make()))).code).toBe(code);
  });
});

function add(directory: string, path: string): string {
  writeFileSync(join(directory, path), 'extra\n');
  return path;
}

function write(name: string, data: string | Uint8Array): string {
  const path = join(work, name);
  writeFileSync(path, data);
  return path;
}

function otherTar(): string {
  const directory = freshDirectory();
  add(directory, 'manifest.json');
  const path = join(work, 'other-kind.tar');
  execFileSync('tar', ['-C', directory, '-cf', path, 'manifest.json']);
  return path;
}

/** The good bundle unpacked, changed, and packed again by GNU tar in the same order and form. */
function repack(change: (directory: string) => readonly string[], more: readonly string[] = []): string {
  const directory = freshDirectory();
  execFileSync('tar', ['-C', directory, '-xf', good]);
  const order = execFileSync('tar', ['-tf', good], { encoding: 'utf8' }).trim().split('\n');
  const extra = change(directory);
  const out = join(work, `repacked-${count}.tar`);
  const options = ['--format=ustar', '--owner=root:0', '--group=root:0', '--mtime=@0', '--no-recursion'];
  execFileSync('tar', ['-C', directory, ...options, ...more, '-cf', out, ...order, ...extra]);
  return out;
}
