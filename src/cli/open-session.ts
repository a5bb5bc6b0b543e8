/** The session of a command, made from its context. */
import { openSession, type Session } from '../pipeline/session.ts';
import type { Emit } from '../types.ts';
import type { Context } from './context.ts';
import { readVersion } from './package-root.ts';
import { configDirectory } from './user-directories.ts';

/** @param emit who is told instead of the context's own @throws TapprepError BAD_MIRRORS, USAGE, PERMISSION, NO_SPACE */
export async function openContextSession(context: Context, emit?: Emit): Promise<Session> {
  const { env, common } = context;
  return openSession({
    packageRoot: context.packageRoot,
    cacheDir: common.cacheDir,
    configHome: configDirectory(env),
    mirrorFiles: common.mirrors,
    mirrors: common.mirror,
    offline: common.offline,
    allowUnsigned: common.allowUnsigned,
    timeoutMs: common.timeoutMs,
    snapshot: common.snapshot ?? null,
    env,
    tapprepVersion: readVersion(),
    emit: emit ?? context.emit,
    now: context.now,
    signal: context.signal,
    atEnd: context.ssh.atEnd,
  });
}

/** Whether the process has root rights. */
export function isRootUser(): boolean {
  return process.getuid?.() === 0;
}
