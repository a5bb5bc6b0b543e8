/** The body of an answer, chunk by chunk. */
import { finished, type Readable } from 'node:stream';
import type { TransportResponse } from './transport.ts';

/**
 * Everything that arrived comes out, also what arrived before the connection broke and was not taken yet: Node's own
 * iterator drops it, and whoever was busy in between, with the record of the part or a slow disk, fetched it again.
 * @throws what the body failed with, after the last byte
 */
export async function* chunksOf({ body, source }: TransportResponse): AsyncGenerator<Uint8Array, void, undefined> {
  /** Undefined until the body ends; null where it ended well. */
  const end: { error?: Error | null } = {};
  let news = Promise.withResolvers<void>();
  const onReadable = (): void => news.resolve();
  body.on('readable', onReadable);
  const forget = finished(body, { writable: false }, (error) => {
    end.error = error ?? null;
    news.resolve();
  });
  try {
    for (;;) {
      news = Promise.withResolvers();
      const chunk = take(body) ?? (end.error ? take(source) : null);
      if (chunk) yield chunk;
      else if (end.error === null) return;
      else if (end.error === undefined) await news.promise;
      else throw end.error;
    }
  } finally {
    forget();
    body.off('readable', onReadable);
  }
}

function take(from: Readable | undefined): Uint8Array | null {
  return (from?.read() ?? null) as Uint8Array | null;
}
