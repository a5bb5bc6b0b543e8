/** A session of a test: a cache of its own, no network unless it asks for one, and nobody who is told. */
import { join } from 'node:path';
import { openSession, type Session, type SessionOptions } from '../../src/pipeline/session.ts';

export function openTestSession(cacheDir: string, given: Partial<SessionOptions> = {}): Promise<Session> {
  return openSession({
    packageRoot: join(import.meta.dirname, '../..'),
    cacheDir,
    configHome: null,
    mirrorFiles: [],
    mirrors: [],
    offline: true,
    env: {},
    tapprepVersion: '0.0.0',
    emit: () => undefined,
    now: Date.now,
    signal: new AbortController().signal,
    ...given,
  });
}
