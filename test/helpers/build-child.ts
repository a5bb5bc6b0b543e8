/** Builds in, or takes the build away from, a root in a process of its own, to be killed: argv[2] is JSON. */
import { listenForStop } from '../../src/cli/stop-signals.ts';
import { exitCodeOf, isTapprepError } from '../../src/errors.ts';
import { planRemoval, removeInstalled } from '../../src/install/remove.ts';
import { asInterruption } from '../../src/interruption.ts';
import { buildSystemtap } from '../../src/systemtap/build/build.ts';
import { buildRequest } from './build-lab.ts';

export interface BuildTask {
  readonly do: 'build' | 'remove';
  readonly root: string;
  readonly tarball: string;
  readonly logPath: string;
}

const task = JSON.parse(process.argv[2] ?? '') as BuildTask;
const stop = listenForStop(() => performance.now());
const request = { ...buildRequest(task.root, task.tarball, task.logPath), now: Date.now, signal: stop.signal };
try {
  if (task.do === 'build') await buildSystemtap(request);
  else await removeInstalled(request.host, await planRemoval(request.host), () => undefined, request.signal);
} catch (error) {
  const why = asInterruption(error, stop.signal);
  if (!isTapprepError(why, 'INTERRUPTED')) throw error;
  process.stderr.write(`${why.message}\n`);
  process.exitCode = exitCodeOf(why);
} finally {
  stop.close();
}
