/** Whether a target may be changed: asked once, before the first change, and then nobody else changes it meanwhile. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { lockTarget, type ReleaseTarget } from '../install/target-lock.ts';
import type { Session } from './session.ts';

export interface PermissionRequest {
  readonly isRoot: boolean;
  /** @param change "install 6 packages" */
  readonly approve: (change: string) => Promise<boolean>;
}

export interface ChangePermission {
  /** Asks unless it was asked before. @throws TapprepError NOT_ROOT, and those of lockTarget */
  readonly ask: (change: string) => Promise<boolean>;
  /** The same where nothing goes on without it. @throws TapprepError NOT_APPROVED, too */
  readonly require: (change: string) => Promise<void>;
  /** Others may change the target again. */
  readonly close: () => Promise<void>;
}

export function openPermission(
  session: Pick<Session, 'emit' | 'signal'>,
  host: Host,
  { isRoot, approve }: PermissionRequest,
): ChangePermission {
  // Promises, so that two who ask at once ask once.
  let answer: Promise<boolean> | null = null;
  let lock: Promise<ReleaseTarget> | null = null;
  const ask = async (change: string): Promise<boolean> => {
    if (!isRoot) {
      throw new TapprepError('NOT_ROOT', `installing on ${host.name} needs root rights, and this is an ordinary user`, {
        hint: 'run the same command with sudo, or look at it with --dry-run',
      });
    }
    answer ??= approve(change);
    if (!(await answer)) return false;
    // Not beside another: the plan was made of what was there before it began.
    lock ??= lockTarget(host, session, false);
    await lock;
    return true;
  };
  return {
    ask,
    require: async (change) => {
      if (!(await ask(change))) throw notApproved(`${host.name} was not changed`);
    },
    close: async () => (await lock)?.(),
  };
}

/** The answer to a question before a change was not yes. @param outcome how the target is left, a sentence without its full stop */
export function notApproved(outcome: string): TapprepError {
  return new TapprepError('NOT_APPROVED', `${outcome}: that was not approved`, {
    hint: 'add --yes to approve it without being asked',
  });
}
