/** A lock names addresses; some of them only answer who the target is known to be, or only its own front end. */
import { isTapprepError } from '../errors.ts';
import { systemOf } from '../package-system/systems.ts';
import { findRepositories } from './find-repositories.ts';
import type { OpenTarget } from './open-target.ts';
import { presentAll } from './present.ts';
import type { Session } from './session.ts';

/** Makes the target's registration and front end known, as planning does; a target without sources has none. */
export async function presentSources(session: Session, open: OpenTarget): Promise<void> {
  if (!systemOf(open.target).reads('rpm-md')) return;
  try {
    const contents = ['devel', 'debuginfo', 'image', 'systemtap', 'toolchain'] as const;
    const { repositories } = await findRepositories(session, open, { contents, allowExpiredRelease: false });
    await presentAll(session, open.target, repositories);
  } catch (error) {
    if (!isTapprepError(error, 'NO_REPOSITORY')) throw error;
  }
}
