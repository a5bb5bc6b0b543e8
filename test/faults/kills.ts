/** kill -9 at random moments of the commands that change something, and what the next run makes of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Machine, describe } from './machine.ts';
import { type Trial, require } from './trial.ts';

const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
/** Whoever kills only tapprep leaves a package manager at work: the next runs may be told to wait. */
const MOST_RUNS = 8;

type Command = keyof Machine['argv'];

/** Whether the command did not exit in the ordinary way within the time. */
async function runAndKill(machine: Machine, command: Command, ms: number, isGroup: boolean): Promise<void> {
  const child = spawn(process.execPath, [BIN, ...machine.argv[command]], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '', HOME: machine.cli.home },
  });
  const ended = once(child, 'exit');
  await Promise.race([ended, sleep(ms)]);
  if (child.exitCode === null && child.pid !== undefined) process.kill(isGroup ? -child.pid : child.pid, 'SIGKILL');
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
      await runAndKill(machine, command, ms, isGroup);
      machine.checkOutput(false);
      await complete(machine, command, isGroup);
      machine.checkOutput(command === 'fetch');
      if (command !== 'install') return;
      await complete(machine, 'remove', isGroup);
    },
  };
}

/** `kills` in all, spread over the commands; each command is first timed, so that the moments cover all of it. */
export async function killTrials(machine: Machine, kills: number): Promise<readonly Trial[]> {
  const commands = Object.keys(machine.argv) as Command[];
  const trials: Trial[] = [];
  for (const command of commands) {
    machine.resetRoot(command === 'remove');
    machine.resetOutput();
    const started = performance.now();
    const result = await machine.cli.run(machine.argv[command]);
    require(result.code === DONE[command], `${command} without any fault: ${describe(result)}`);
    const most = performance.now() - started;
    trials.push(
      ...Array.from({ length: Math.ceil(kills / commands.length) }, (_, round) =>
        killed(machine, command, round, most),
      ),
    );
  }
  return trials;
}
