/** The thread that digests: reads files that the main thread is still writing, up to the offset that it is sent. */
import { type Hash, createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestOrder, DigestReply } from './digest-thread.ts';

interface Followed {
  readonly fd: number;
  done: number;
  readonly hashes: Hash[];
}

const block = Buffer.allocUnsafeSlow(256 << 10);
const files = new Map<number, Followed>();

function feed({ fd }: Followed, hashes: readonly Hash[], from: number, to: number): void {
  for (let at = from; at < to;) {
    const bytes = readSync(fd, block, 0, Math.min(block.length, to - at), at);
    if (bytes === 0) throw new Error(`the file ends at byte ${at}, before byte ${to}`);
    const piece = block.subarray(0, bytes);
    for (const hash of hashes) hash.update(piece);
    at += bytes;
  }
}

function obey(order: DigestOrder): DigestReply | null {
  const { id } = order;
  if (order.do === 'open') {
    files.set(id, { fd: order.fd, done: 0, hashes: order.algorithms.map((name) => createHash(name)) });
    return null;
  }
  const file = files.get(id);
  if (file === undefined) return null;
  switch (order.do) {
    case 'add': {
      const hash = createHash(order.algorithm);
      feed(file, [hash], order.from, file.done);
      file.hashes.push(hash);
      return null;
    }
    case 'advance':
      feed(file, file.hashes, file.done, order.to);
      file.done = order.to;
      return null;
    case 'finish':
      files.delete(id);
      return { id, hex: file.hashes.map((hash) => hash.digest('hex')), error: null };
  }
}

parentPort?.on('message', (order: DigestOrder) => {
  let reply: DigestReply | null;
  try {
    reply = obey(order);
  } catch (error) {
    files.delete(order.id);
    reply = { id: order.id, hex: [], error };
  }
  if (reply !== null) parentPort?.postMessage(reply);
});
