/** SIGINT, SIGTERM and SIGHUP: the first asks for an orderly end, a second one soon after ends the process at once. */
import { writeSync } from 'node:fs';
import { STOP_SIGNALS, type StopSignal } from '../errors.ts';
import { StopRequest } from '../interruption.ts';

/** Who is in a hurry sends a second signal within this time. */
const INSIST_MS = 3_000;
/** One key press or one kill may come twice: to the whole group from the terminal, and once more from npm or a launcher. */
const SAME_MS = 200;

/**
 * What a signal asks for, given when signals came before (milliseconds, latest last): an end in order, that end at once, or
 * nothing new. SIGHUP never insists: whoever closes a terminal sends it twice, and nobody is there to be in a hurry.
 */
export function judgeSignal(signal: StopSignal, at: number, before: readonly number[]): 'stop' | 'at-once' | 'nothing' {
  const last = before.at(-1);
  if (last === undefined) return 'stop';
  const isSecond = signal !== 'SIGHUP' && at - last >= SAME_MS && at - last <= INSIST_MS;
  return isSecond ? 'at-once' : 'nothing';
}

export interface StopListener {
  /** Aborted, with a StopRequest, by the first signal. */
  readonly signal: AbortSignal;
  /** Signals end the process again as they would without this. */
  close(): void;
}

/** Listens until it is closed. @param now milliseconds of a clock that does not go back */
export function listenForStop(now: () => number): StopListener {
  const controller = new AbortController();
  const times: number[] = [];
  const names = Object.keys(STOP_SIGNALS) as StopSignal[];
  const handlers = names.map((name) => {
    const handle = (): void => {
      const at = now();
      const verdict = judgeSignal(name, at, times);
      times.push(at);
      if (verdict === 'stop') controller.abort(new StopRequest(name));
      if (verdict === 'at-once') endAtOnce(name);
    };
    process.on(name, handle);
    return [name, handle] as const;
  });
  return {
    signal: controller.signal,
    close: () => {
      for (const [name, handle] of handlers) process.removeListener(name, handle);
    },
  };
}

/** Programs that were started end with the process, but for a package manager at work: that comes to its own end. */
function endAtOnce(name: StopSignal): never {
  const sentence = `ended at once by a second ${name}; the next run, or tapprep remove, clears what is left`;
  // Past what draws on the terminal, which would keep it for later; and the cursor comes back.
  writeSync(2, `${process.stderr.isTTY ? '\u001B[?25h\n' : ''}tapprep: INTERRUPTED: ${sentence}\n`);
  process.exit(STOP_SIGNALS[name]);
}
