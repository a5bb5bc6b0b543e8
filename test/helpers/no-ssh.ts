import { HERE, type Place } from '../../src/diagnose/place.ts';
import type { SshAccess } from '../../src/pipeline/open-target.ts';

/** For contexts whose target is this machine. */
export const NO_PLACE: Place = { reach: HERE, kernel: null, manager: null, sudo: false };

/** For contexts whose commands reach no other machine. */
export const NO_SSH: SshAccess = {
  configFile: null,
  sudoPassword: () => Promise.resolve(null),
  atEnd: () => undefined,
};
