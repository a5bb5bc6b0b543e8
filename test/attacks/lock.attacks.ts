/** Two at once on one target, of whom one sees no process of the other's. */
import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Attack, held, succeeded } from './attack.ts';

const LOCK = 'src/bundle/sh/lock.sh';

export const attacks: readonly Attack[] = [
  {
    name: 'from a container with the same root the lock of who is at work is taken for that of a dead one',
    guard: [{ file: LOCK, text: '! is_elsewhere "$1" || return 0', replacement: '' }],
    attempt: (tree) => {
      const path = join(tree.scratch(), 'install.lock');
      const library = join(tree.root, LOCK);
      const take = 'set -f; . "$0"; owner_of "${2:-$$}"; try_lock "$1" "$owner"; echo $?';
      const worker = spawn('sleep', ['60']);
      const seen = (command: readonly string[], ...more: readonly string[]): string => {
        const [program = '', ...words] = [...command, 'sh', '-c', take, library, path, ...more];
        const { stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' });
        if (stderr !== '') throw new Error(stderr);
        return stdout.trim();
      };
      try {
        if (seen([], String(worker.pid)) !== '0') throw new Error('the lock was not made');
        const owner = readlinkSync(path);
        const status = seen(['unshare', '--pid', '--fork', '--mount-proc']);
        return Promise.resolve(
          status === '0' ? succeeded(`the lock of ${owner}, which works`) : held(`status ${status}`),
        );
      } finally {
        worker.kill();
      }
    },
  },
];
