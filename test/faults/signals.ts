/** kill -9, SIGINT, SIGTERM and SIGHUP at moments by a seed: what a command leaves, and what the next `remove` makes of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { STOP_SIGNALS, type StopSignal } from '../../src/errors.ts';
import { killAll } from '../helpers/descendants.ts';
import type { Machine } from './machine.ts';
import { randomBy } from './moments.ts';
import { openPlace, openSubjects, type Place, type Subject } from './signal-subjects.ts';
import { type Trial, require } from './trial.ts';
import { compareTrees, readTree } from '../helpers/system-state.ts';

const SIGNALS = [...(Object.keys(STOP_SIGNALS) as StopSignal[]), 'SIGKILL'] as const;
type Signal = (typeof SIGNALS)[number];
/** Of a hundred moments; a build takes longer than all others. */
const BUILDS = 3;

interface Ended {
  readonly code: number | null;
  readonly by: string | null;
  readonly said: string;
}

/** Runs it, stops it after the time where it has not ended, and waits for its end. */
async function runAndStop(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  stop?: { signal: Signal; ms: number },
): Promise<Ended> {
  const [file = '', ...rest] = argv;
  const child = spawn(file, rest, { detached: true, stdio: ['ignore', 'ignore', 'pipe'], env });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  if (stop !== undefined) {
    await Promise.race([ended, sleep(stop.ms)]);
    // A package manager is in a session of its own; kill -9 takes it, too.
    if (stop.signal !== 'SIGKILL') child.kill(stop.signal);
    else if (child.exitCode === null && child.pid !== undefined) killAll(child.pid);
  }
  const [code, by] = await ended;
  return { code, by, said };
}

function describeEnd({ code, by, said }: Ended): string {
  return `exit ${code ?? by} ${said.trim().slice(-300).replaceAll('\n', ' / ')}`;
}

function checkOrder(subject: Subject, place: Place, signal: StopSignal, ended: Ended): void {
  // Before the program listens a signal ends it as it ends any other.
  const isRight = ended.by === signal || ended.code === STOP_SIGNALS[signal] || subject.done.includes(ended.code ?? -1);
  require(isRight, describeEnd(ended));
  require(!ended.said.includes('INTERNAL'), describeEnd(ended));
  const list = subject.list(place.root);
  require(subject.lists.includes(list), `packages: ${list.replaceAll('\n', ', ')}; ${describeEnd(ended)}`);
  const strange = readdirSync(place.scratch).filter((name) => !subject.made.includes(name));
  require(strange.length === 0, `left beside the root: ${strange.join(' ')}`);
}

async function checkRemoval(subject: Subject, place: Place, clean: ReadonlyMap<string, string>): Promise<void> {
  const removed = await runAndStop(subject.remove(place), subject.env);
  require(removed.code === 0, `the next remove: ${describeEnd(removed)}`);
  const list = subject.list(place.root);
  require(list === subject.list(subject.clean), `packages after remove: ${list.replaceAll('\n', ', ')}`);
  const differences = compareTrees(clean, readTree(place.root));
  require(differences.length === 0, `the root differs after remove: ${differences.join('; ')}`);
}

function trialOf(subject: Subject, signal: Signal, ms: number, clean: () => ReadonlyMap<string, string>): Trial {
  return {
    name: `${subject.name} stopped by ${signal} after ${ms} ms`,
    run: async () => {
      const place = openPlace(subject);
      try {
        const ended = await runAndStop(subject.argv(place), subject.env, { signal, ms });
        if (signal !== 'SIGKILL') checkOrder(subject, place, signal, ended);
        await checkRemoval(subject, place, clean());
      } finally {
        place.close();
      }
    },
  };
}

/** How long it takes when nothing stops it. */
async function measure(subject: Subject, clean: ReadonlyMap<string, string>): Promise<number> {
  const place = openPlace(subject);
  try {
    const started = performance.now();
    const ended = await runAndStop(subject.argv(place), subject.env);
    const ms = performance.now() - started;
    require(subject.done.includes(ended.code ?? -1), `${subject.name} without any signal: ${describeEnd(ended)}`);
    await checkRemoval(subject, place, clean);
    return ms;
  } finally {
    place.close();
  }
}

/** `each` moments for every signal, spread over the subjects; the moments cover all of each. */
export async function signalTrials(machine: Machine, each: number, seed: number): Promise<readonly Trial[]> {
  const random = randomBy(seed);
  const subjects = await openSubjects(machine);
  machine.onClose(() => subjects.close());
  const { all, build } = subjects;
  const trials: { readonly trial: Trial; readonly at: number }[] = [];
  const builds = Math.ceil((each * BUILDS) / 100);
  for (const [at, subject] of [build, ...all].entries()) {
    const clean = readTree(subject.clean);
    const most = await measure(subject, clean);
    const count = at === 0 ? builds : Math.floor((each - builds + all.length - at) / all.length);
    for (const signal of SIGNALS)
      for (let round = 0; round < count; round += 1)
        trials.push({ trial: trialOf(subject, signal, Math.round(random() * most), () => clean), at: random() });
  }
  // Mixed: when the time is up, some of each were tried.
  return trials.toSorted((a, b) => a.at - b.at).map(({ trial }) => trial);
}
