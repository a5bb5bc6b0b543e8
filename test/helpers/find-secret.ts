/** Looks for a private key in every file that was written since a moment, in the forms in which it could have got there. */
import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** Shorter than this nothing is looked for; longer nothing has to be. */
const WINDOW = 24;
/** Between two pieces of a file, so that what lies over their border is seen. */
const OVERLAP = 256;

/**
 * An RSA key as bytes in both orders, in hex with and without colons, and in base64 at every alignment; two windows of each, as
 * a line may end within one.
 * @param pem of the private key
 */
export function kindsOfKey(pem: string): readonly Buffer[] {
  const { d = '', p = '', q = '' } = createPrivateKey(pem).export({ format: 'jwk' });
  return [d, p, q].flatMap((number) => kindsOfNumber(Buffer.from(number, 'base64url')));
}

function kindsOfNumber(bytes: Buffer): readonly Buffer[] {
  const hex = bytes.toString('hex');
  const colons = (hex.match(/../g) ?? []).join(':');
  const texts = [hex, hex.toUpperCase(), colons, colons.toUpperCase()].flatMap((text) => [
    text.slice(0, WINDOW),
    text.slice(WINDOW, 2 * WINDOW),
  ]);
  const encoded = [0, 1, 2].flatMap((skipped) => {
    const text = bytes.subarray(skipped).toString('base64');
    return [text.slice(0, WINDOW), text.slice(WINDOW, 2 * WINDOW)];
  });
  return [
    bytes.subarray(0, WINDOW),
    Buffer.from(bytes.toReversed()).subarray(0, WINDOW),
    ...[...texts, ...encoded].map((text) => Buffer.from(text)),
  ];
}

/** What unpacks a file that begins so. */
const PACKED: readonly (readonly [magic: string, argv: readonly string[]])[] = [
  ['1f8b', ['gzip', '-dc']],
  ['fd377a58', ['xz', '-dc']],
  ['28b52ffd', ['zstd', '-dcq']],
  ['425a68', ['bzip2', '-dc']],
  ['213c617263683e', ['dpkg-deb', '--fsys-tarfile', '/dev/stdin']],
];

/**
 * Every file of this machine that was written or renamed since then and holds the secret, packed or not.
 * @param kinds of it, each at most OVERLAP bytes
 * @returns paths, and how many files were looked at
 */
export async function findSecret(
  kinds: readonly Buffer[],
  sinceMs: number,
): Promise<{ readonly found: readonly string[]; readonly searched: number }> {
  const since = `@${(sinceMs / 1000).toFixed(3)}`;
  // It fails for what goes away while it looks.
  const { stdout } = spawnSync('find', ['/', '/run', '/dev/shm', '-xdev', '-type', 'f', '-newerct', since, '-print0'], {
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const paths = stdout.toString('utf8').split('\0').filter(Boolean);
  const found: string[] = [];
  let searched = 0;
  for (const path of paths) {
    const holds = await holdsSecret(path, kinds);
    if (holds === true) found.push(path);
    if (holds !== null) searched += 1;
  }
  return { found: found.toSorted(), searched };
}

/** null for what went away meanwhile: other programs run, too. */
async function holdsSecret(path: string, kinds: readonly Buffer[]): Promise<boolean | null> {
  try {
    if (await streamHolds(createReadStream(path), kinds)) return true;
    const argv = await unpackerOf(path);
    return argv !== null && (await unpackedHolds(path, argv, kinds));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function unpackerOf(path: string): Promise<readonly string[] | null> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const begin = buffer.subarray(0, bytesRead).toString('hex');
    return PACKED.find(([magic]) => begin.startsWith(magic))?.[1] ?? null;
  } finally {
    await file.close();
  }
}

async function unpackedHolds(path: string, argv: readonly string[], kinds: readonly Buffer[]): Promise<boolean> {
  const [program = '', ...words] = argv;
  const source = await open(path, 'r');
  try {
    const child = spawn(program, words, { stdio: [source.fd, 'pipe', 'ignore'] });
    const holds = child.stdout !== null && (await streamHolds(child.stdout, kinds));
    child.kill();
    return holds;
  } finally {
    await source.close();
  }
}

async function streamHolds(stream: Readable, kinds: readonly Buffer[]): Promise<boolean> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    const piece = Buffer.concat([rest, chunk as Buffer]);
    if (kinds.some((kind) => piece.includes(kind))) return true;
    rest = piece.subarray(-OVERLAP);
  }
  return false;
}
