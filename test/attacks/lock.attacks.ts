/** Two at once on one target, of whom one sees no process of the other's. */
import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attack, held, type Outcome, succeeded, type Tree } from './attack.ts';

const LOCK = 'src/bundle/sh/lock.sh';
const CONTAINER = ['unshare', '--mount', '--pid', '--fork', '--mount-proc'];
const BIND = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"';

/** Takes the lock for a process that works here, and then once more from inside. @param before what goes on in there first */
function takeTwice(tree: Tree, before: readonly string[]): Promise<Outcome> {
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
    const status = seen([...CONTAINER, ...before]);
    return Promise.resolve(status === '0' ? succeeded(`the lock of ${owner}, which works`) : held(`status ${status}`));
  } finally {
    worker.kill();
  }
}

export const attacks: readonly Attack[] = [
  {
    name: 'from a container with the same root the lock of who is at work is taken for that of a dead one',
    guard: [{ file: LOCK, text: 'elif [ "$its_namespace" != "$namespace" ]; then', replacement: 'elif false; then' }],
    attempt: (tree) => takeTwice(tree, []),
  },
  {
    name: 'from a container with a boot id of its own the lock of who is at work is taken for that of an earlier boot',
    guard: [
      {
        file: LOCK,
        text: '{ [ "$its_namespace" = "$namespace" ] || [ -z "$namespace" ]; }',
        replacement: 'true',
      },
    ],
    attempt: (tree) => {
      const boot = join(tree.scratch(), 'boot_id');
      writeFileSync(boot, '00000000-0000-4000-8000-000000000000\n');
      return takeTwice(tree, ['sh', '-c', BIND, 'sh', boot]);
    },
  },
];
