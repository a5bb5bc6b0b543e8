/** A SystemTap that is in place on a target, in the form that verification takes it. */
import type { GuestStaprun } from '../vm/staprun.ts';

export interface UsableSystemtap {
  /** How stap and staprun are called there; nothing has to be set in the environment. */
  readonly stapArgv: readonly string[];
  readonly staprunArgv: readonly string[];
  /** For a virtual machine; null: the staprun that is installed on the target, with its own libraries. */
  readonly guestStaprun: GuestStaprun | null;
  /** Its folder on the target; left out for the distribution's own. */
  readonly place?: string;
  /** Conditions of stp/ that do not hold it back, as it was mended; none where left out. @see Mend.lifts */
  readonly lifts?: readonly string[];
}

/** The distribution's own, found in PATH. */
export const INSTALLED_SYSTEMTAP: UsableSystemtap = {
  stapArgv: ['stap'],
  staprunArgv: ['staprun'],
  guestStaprun: null,
};
