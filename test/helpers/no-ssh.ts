import type { SshAccess } from '../../src/pipeline/open-target.ts';

/** For contexts whose commands reach no other machine. */
export const NO_SSH: SshAccess = {
  configFile: null,
  sudoPassword: () => Promise.resolve(null),
  atEnd: () => undefined,
};
