/** What a repository reader gets to work with, over the real fetcher and the real gpgv. */
import { createHttpTransport } from '../../src/fetch/http.ts';
import type { ReaderContext } from '../../src/resolve/reader.ts';
import type { Event } from '../../src/types.ts';
import { FAST_LIMITS, type FetchLab, openFetchLab } from './fetch-lab.ts';
import { runLocally } from './run.ts';

export interface ReaderLab {
  readonly context: ReaderContext;
  readonly events: readonly Event[];
  close(): Promise<void>;
}

/** A context with an empty cache of its own. `authority` is a certificate in PEM that https servers are believed by. */
export async function openReaderLab(authority?: string): Promise<ReaderLab> {
  const lab: FetchLab = await openFetchLab();
  const transport =
    authority === undefined
      ? {}
      : { transport: createHttpTransport({ ...FAST_LIMITS, env: {}, certificateAuthority: [authority] }) };
  const fetcher = await lab.fetcher(transport);
  const context: ReaderContext = {
    fetchMetadata: fetcher.fetchMetadata,
    probe: fetcher.probe,
    run: runLocally,
    emit: (event) => lab.events.push(event),
    now: Date.now,
    signal: new AbortController().signal,
  };
  return { context, events: lab.events, close: () => lab.close() };
}
