/** Connects, says so, and dies without any farewell. */
import { createSshHost } from '../../src/host/ssh.ts';

const host = await createSshHost(
  { destination: 'machine', configFile: process.argv[2] ?? '' },
  { signal: new AbortController().signal, sudoPassword: () => Promise.resolve(null) },
);
const { stdout } = await host.run(['id', '-u']);
process.stdout.write(stdout, () => process.kill(process.pid, 'SIGKILL'));
