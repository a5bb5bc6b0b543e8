/** Throw-away variants of a root directory: an overlay, so that breaking one costs nothing and leaves the base whole. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface OverlayRoot {
  /** Looks like the base, and may be changed. */
  readonly root: string;
  close(): void;
}

/** A writable view of `base`; what is changed in it lies below `parent` and goes with close(). */
export function overlayRoot(base: string, parent: string): OverlayRoot {
  const directory = mkdtempSync(join(parent, 'overlay-'));
  const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [upper, work, root]) mkdirSync(path);
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${base},upperdir=${upper},workdir=${work}`, root]);
  return {
    root,
    close: () => {
      execFileSync('umount', [root]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
