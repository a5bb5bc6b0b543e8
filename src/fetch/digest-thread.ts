/** Digests of large files on a thread of their own, so that they cost a download no time. */
import { Worker } from 'node:worker_threads';
import { assetUrl } from '../host/asset.ts';
import type { Digest } from '../types.ts';

type Algorithm = Digest['algorithm'];

/** Messages to the thread. */
export type DigestOrder =
  | { readonly do: 'open'; readonly id: number; readonly fd: number; readonly algorithms: readonly Algorithm[] }
  /** One more digest, of what begins at byte `from`. */
  | { readonly do: 'add'; readonly id: number; readonly algorithm: Algorithm; readonly from: number }
  | { readonly do: 'advance'; readonly id: number; readonly to: number }
  | { readonly do: 'finish'; readonly id: number };

/** What it answers: hex in the order of the digests asked for. */
export interface DigestReply {
  readonly id: number;
  readonly hex: readonly string[];
  readonly error: unknown;
}

/** One file that is read while it is written. Its descriptor must stay open until `finish` has resolved. */
export interface FollowedFile {
  add(algorithm: Algorithm, from: number): void;
  /** Everything before byte `to` is written now. */
  advance(to: number): void;
  /** The digests in the order asked for; @throws what reading threw */
  finish(): Promise<readonly string[]>;
}

export interface DigestThread {
  follow(fd: number, algorithms: readonly Algorithm[]): FollowedFile;
}

/** Started by the first file. It never holds the process, and is small: it keeps no data but one block. */
export function createDigestThread(): DigestThread {
  let worker: Worker | null = null;
  let ids = 0;
  const waiting = new Map<number, PromiseWithResolvers<readonly string[]>>();

  function start(): Worker {
    const name = `fetch/digest-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`;
    const started = new Worker(assetUrl(name), {
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 },
    });
    started.unref();
    started.on('message', ({ id, hex, error }: DigestReply) => {
      if (error === null) waiting.get(id)?.resolve(hex);
      else waiting.get(id)?.reject(error);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
    });
    started.on('error', (error) => {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      worker = null;
    });
    return started;
  }

  return {
    follow(fd, algorithms) {
      const thread = (worker ??= start());
      const id = ids++;
      const answer = Promise.withResolvers<readonly string[]>();
      // A failure before anyone asks goes to the one who asks.
      answer.promise.catch(() => undefined);
      waiting.set(id, answer);
      const tell = (order: DigestOrder): void => thread.postMessage(order);
      tell({ do: 'open', id, fd, algorithms });
      return {
        add: (algorithm, from) => tell({ do: 'add', id, algorithm, from }),
        advance: (to) => tell({ do: 'advance', id, to }),
        finish: () => {
          // Only a wait for an answer may keep the process.
          thread.ref();
          tell({ do: 'finish', id });
          return answer.promise;
        },
      };
    },
  };
}
