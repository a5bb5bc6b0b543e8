/** kill -9 at random moments of the commands that change something, and what the next run makes of it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildTask } from '../helpers/build-child.ts';
import { BUILD_PREFIX, makeBuildRoot, makeSource } from '../helpers/build-lab.ts';
import { killAll } from '../helpers/descendants.ts';
import { type Machine, describe } from './machine.ts';
import { type Trial, require } from './trial.ts';

const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
/** Whoever kills only tapprep leaves a package manager at work: the next runs may be told to wait. */
const MOST_RUNS = 8;

type Command = keyof Machine['argv'];

/** Runs Node with these arguments; what still runs after the time is killed. */
async function runAndKill(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  ms: number,
  isGroup: boolean,
): Promise<void> {
  const child = spawn(process.execPath, argv, { detached: true, stdio: 'ignore', env });
  const ended = once(child, 'exit');
  await Promise.race([ended, sleep(ms)]);
  // A package manager is in a session of its own.
  if (child.exitCode === null && child.pid !== undefined) {
    if (isGroup) killAll(child.pid);
    else child.kill('SIGKILL');
  }
  await ended;
}

const DONE: Readonly<Record<Command, number>> = { fetch: 0, bundle: 0, install: 1, remove: 0 };

async function complete(machine: Machine, command: Command, isGroup: boolean): Promise<void> {
  for (let runs = 1; ; runs += 1) {
    const result = await machine.cli.run(machine.argv[command]);
    const isRight =
      result.code === DONE[command] &&
      (command !== 'install' || machine.listPackages() === machine.full) &&
      (command !== 'remove' || machine.listPackages() === machine.bare);
    if (isRight) return;
    const isCoded = /tapprep: [A-Z_]{4,}:/.test(result.stderr) && !result.stderr.includes('tapprep: INTERNAL:');
    require(isCoded &&
      !isGroup &&
      runs <
        MOST_RUNS, `run ${runs} after the kill: ${describe(result)}; ${machine.listPackages().replaceAll('\n', ', ')}`);
    await sleep(500);
  }
}

function killed(machine: Machine, command: Command, round: number, most: number): Trial {
  const isGroup = round % 3 !== 2;
  const ms = Math.round(Math.random() * most);
  return {
    name: `${command} killed after ${ms} ms${isGroup ? ', its children too' : ''}`,
    run: async () => {
      machine.resetRoot(command === 'remove');
      machine.resetOutput();
      await runAndKill([BIN, ...machine.argv[command]], machine.cli.env, ms, isGroup);
      machine.checkOutput(false);
      await complete(machine, command, isGroup);
      machine.checkOutput(command === 'fetch');
      if (command !== 'install') return;
      await complete(machine, 'remove', isGroup);
    },
  };
}

const BUILD_CHILD = join(import.meta.dirname, '../helpers/build-child.ts');

/** A root in which a small source is built. */
interface BuildPlace {
  readonly pristine: string;
  readonly task: Omit<BuildTask, 'do'>;
}

function openBuildPlace(): BuildPlace & { close(): void } {
  const scratch = mkdtempSync(join(tmpdir(), 'tapprep-faults-build-'));
  return {
    pristine: makeBuildRoot(join(scratch, 'pristine')),
    task: { root: join(scratch, 'root'), tarball: makeSource(scratch, 'good'), logPath: join(scratch, 'log') },
    close: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

function resetBuild({ pristine, task }: BuildPlace): void {
  rmSync(task.root, { recursive: true, force: true });
  cpSync(pristine, task.root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

function buildArgv({ task }: BuildPlace, what: BuildTask['do']): readonly string[] {
  return [BUILD_CHILD, JSON.stringify({ ...task, do: what } satisfies BuildTask)];
}

/** The next build ends right, whatever the killed one left, and what both made can be taken away again. */
function killedBuild(place: BuildPlace, round: number, most: number): Trial {
  const isGroup = round % 3 !== 2;
  const ms = Math.round(Math.random() * most);
  return {
    name: `build killed after ${ms} ms${isGroup ? ', its children too' : ''}`,
    run: async () => {
      resetBuild(place);
      const { root } = place.task;
      await runAndKill(buildArgv(place, 'build'), { PATH: process.env['PATH'], HOME: root }, ms, isGroup);
      // The steps of one that was killed alone run on for a moment.
      if (!isGroup) await sleep(1_000);
      for (const what of ['build', 'remove'] as const) {
        execFileSync(process.execPath, buildArgv(place, what), { stdio: ['ignore', 'ignore', 'pipe'] });
        if (what === 'build') {
          const stap = readFileSync(join(root, BUILD_PREFIX, 'bin/stap'), 'utf8');
          require(stap.includes('echo built'), `the next build made ${stap}`);
        }
      }
      require(!existsSync(join(root, BUILD_PREFIX)), 'the prefix is still there after remove');
      const left = ['opt', 'var/tmp'].flatMap((directory) => readdirSync(join(root, directory)));
      require(left.length === 0, `left after remove: ${left.join(' ')}`);
    },
  };
}

/** `kills` in all, spread over the commands; each command is first timed, so that the moments cover all of it. */
export async function killTrials(machine: Machine, kills: number): Promise<readonly Trial[]> {
  const commands = Object.keys(machine.argv) as Command[];
  const each = Math.ceil(kills / (commands.length + 1));
  const trials: Trial[] = [];
  for (const command of commands) {
    machine.resetRoot(command === 'remove');
    machine.resetOutput();
    const started = performance.now();
    const result = await machine.cli.run(machine.argv[command]);
    require(result.code === DONE[command], `${command} without any fault: ${describe(result)}`);
    const most = performance.now() - started;
    trials.push(...Array.from({ length: each }, (_, round) => killed(machine, command, round, most)));
  }
  const place = openBuildPlace();
  machine.onClose(() => place.close());
  resetBuild(place);
  const started = performance.now();
  execFileSync(process.execPath, buildArgv(place, 'build'), { stdio: ['ignore', 'ignore', 'pipe'] });
  const most = performance.now() - started;
  return [...trials, ...Array.from({ length: each }, (_, round) => killedBuild(place, round, most))];
}
