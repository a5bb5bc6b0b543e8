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

/**
 * Takes the size of each blob in turn. No byte belongs to two of them, so that all together are never more than the database:
 * a small file whose items name one place again and again fills no memory.
 * @param bytes of the database
 */
export function countBlobs(path: string, bytes: number): (blobBytes: number) => void {
  let left = bytes;
  return (blobBytes) => {
    // One more for an empty one.
    left -= blobBytes + 1;
    if (left < 0) throw brokenDatabase(path, `names packages of more bytes than the ${bytes} that it has`);
  };
}
