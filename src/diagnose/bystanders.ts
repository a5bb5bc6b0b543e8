/** Takes out of a log what has nothing to do with the failure: what the script printed, what was mended and run again, and what the kernel says of modules of others. Pure. */
import type { LogLine } from './log-line.ts';

const RUN_BEGINS = /\bPass 5: starting run/;
const RUN_ENDS = /(?:^|[\s:]|\^C)Pass 5: run completed/;
/** stap, staprun, stapio and the module itself put a word in capitals before what they say. */
const SYSTEMTAPS_OWN = /^[A-Z]{4,12} ?:|\bstap(?:run|io)\b/;
const NOT_LOADED = /Couldn't insert module|could not insert|[eE]rror inserting|can't (?:insert|load module) /;
const STOPPED_BEFORE = /\bPass [1-4]: [a-z ]{1,20} failed/;
/** Of a module with another name than stap and tapprep give, or with none. */
const OF_OTHERS =
  /^(?:module )?(?!(?:stap|tapprep)_)[A-Za-z][\w-]{1,60}: (?:version magic |disagrees about version of symbol|no symbol version for |Unknown symbol )|^Loading of (?:unsigned )?module /;

/** Words of any failure. */
const FAILS = /^(?:ERROR|WARNING)\b|\berrors?\b|\bfail|\bIncorrect version|\bnot found\b|\bdenied\b|\bcannot\b/i;
const PROMPT = /^(?:\[?[\w.-]{1,32}@[^\s$#]{1,64}(?:[ :][^\s$#]{1,80})?\]? ?[$#]|[$#❯%])(?= |$)/;
const OF_STAP = /^(?:sudo )?\S{0,60}stap(?:xx|\+\+)? /;

/** The lines that a failure may be read from. */
export function withoutBystanders(lines: readonly LogLine[]): readonly LogLine[] {
  const [printed, hasRun] = findPrinted(lines);
  const mended = findMended(lines);
  const isLoadable = hasRun || lines.some(({ text }) => STOPPED_BEFORE.test(text));
  const isOthers = isLoadable && !lines.some(({ text }) => NOT_LOADED.test(text));
  return lines.filter((line) => !printed.has(line) && !mended.has(line) && !(isOthers && OF_OTHERS.test(line.text)));
}

/** What scripts printed between the beginning and the end of a run, and whether there was a run. */
function findPrinted(lines: readonly LogLine[]): readonly [ReadonlySet<LogLine>, boolean] {
  const printed = new Set<LogLine>();
  let hasRun = false;
  let said: LogLine[] | null = null;
  for (const line of lines) {
    if (RUN_BEGINS.test(line.text)) said = [];
    else if (NOT_LOADED.test(line.text)) said = null;
    else if (said !== null && RUN_ENDS.test(line.text)) {
      hasRun = true;
      for (const one of said) printed.add(one);
      said = null;
    } else if (said !== null && !SYSTEMTAPS_OWN.test(line.text)) said.push(line);
  }
  return [printed, hasRun];
}

/** What stap said to a command that was given again later and then ran well. */
function findMended(lines: readonly LogLine[]): ReadonlySet<LogLine> {
  const prompts = lines.flatMap(({ text }, at) => {
    const prompt = PROMPT.exec(text)?.[0];
    return prompt === undefined ? [] : [{ at, command: text.slice(prompt.length).trim() }];
  });
  const runs = prompts
    .map(({ at, command }, index) => ({ at, command, said: lines.slice(at + 1, prompts[index + 1]?.at) }))
    .filter(({ command }) => OF_STAP.test(command));
  const ranWell = runs.filter(
    // Where the log ends with the command nobody knows what became of it.
    ({ at, said }) => at < lines.length - 1 && !said.some(({ text }) => FAILS.test(text)),
  );
  const lastGood = new Map(ranWell.map(({ at, command }) => [command, at]));
  return new Set(runs.flatMap(({ at, command, said }) => (at < (lastGood.get(command) ?? -1) ? said : [])));
}
