/** Installs in a root in a process of its own, which dies as the second command of the transaction is told: argv[2] is JSON. */
import { createRootHost } from '../../src/host/root.ts';
import { installArtifacts } from '../../src/install/run.ts';
import { asArtifact, type LabDeb } from './transaction-lab.ts';

const { root, debs } = JSON.parse(process.argv[2] ?? '') as {
  readonly root: string;
  readonly debs: readonly (LabDeb & { readonly wave: number })[];
};
let commands = 0;
await installArtifacts({
  host: createRootHost(root),
  artifacts: debs.map((deb) => asArtifact(deb, { wave: deb.wave })),
  method: 'dpkg',
  release: '6.1.0-57-amd64',
  allowUpgrade: true,
  tapprepVersion: '0.0.0',
  emit: ({ type }) => {
    if (type !== 'command') return;
    commands += 1;
    if (commands === 2) process.kill(process.pid, 'SIGKILL');
  },
  now: Date.now,
  signal: new AbortController().signal,
});
