/** What is said of a package database that cannot be read: never that nothing is installed. */
import { TapprepError } from '../../errors.ts';
import { runAsRoot } from '../../make-remedy.ts';

/** @param what is wrong with it: "is cut", "has …" */
export function brokenDatabase(path: string, what: string, cause?: unknown): TapprepError {
  return new TapprepError('BAD_FACTS', `the rpm database ${path} cannot be read: it ${what}`, {
    remedy: runAsRoot('rpm --rebuilddb'),
    facts: { path, what },
    cause,
  });
}
