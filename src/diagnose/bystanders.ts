/**
 * Takes out of a log what has nothing to do with the failure: what the script printed, what was mended since, and
 * what the kernel says of modules of others. Pure.
 */
import type { LogLine } from './log-line.ts';

const RUN_BEGINS = /\bPass 5: starting run/;
const RUN_ENDS = /(?:^|[\s:]|\^C)Pass 5: run completed/;
/** stap says that a run is completed before it says that it failed. */
const RUN_FAILED = /exited with status: [1-9]|\bPass 5: run failed/;
/** stap, staprun, stapio and the module itself put a word in capitals before what they say. */
const SYSTEMTAPS_OWN = /^[A-Z]{4,12} ?:|\bstap(?:run|io)\b/;
const NOT_LOADED = /Couldn't insert module|could not insert|[eE]rror inserting|can't (?:insert|load module) /;
const STOPPED_BEFORE = /\bPass [1-4]: [a-z ]{1,20} failed/;
/** Of a module with another name than stap and tapprep give, or with none. */
const OF_OTHERS =
  /^(?:module )?(?!(?:stap|tapprep)_)[A-Za-z][\w-]{1,60}: (?:version magic |disagrees about version of symbol|no symbol version for |Unknown symbol )|^Loading of (?:unsigned )?module /;

/** Words of any failure; what is in another language is not known to be none. */
const FAILS =
  /^(?:ERROR|WARNING)\b|\berrors?\b|\bfail|\bIncorrect version|\bNo such\b|\bnot (?:found|installed|permitted|allowed)\b|\bdenied\b|\bcannot\b|\bunable\b|\bmust\b|\bKilled\b|\bSegmentation\b|\bsame\b|^\[?\.\.\.|^(?:sudo|bash|sh|zsh|-bash): |[^\u0000-\u007f]/i;
/** The groups name the machine: user@host in front of a path, SUSE's "user@host:~>" and "host:~ #"; zsh's arrow names none. */
const PROMPT =
  /^(?:\[?([\w.-]{1,32}@[^\s$#:\]]{1,64})[^\s$#]{0,64}(?:[ :][^\s$#]{1,80})?\]? ?[$#]|([\w.-]{1,32}@[\w.-]{1,64}):[~/][^\s>]{0,80}>|([\w.-]{1,64}):[~/][^\s#]{0,80} #|➜ {1,2}\S{1,60}(?: git:\(\S{1,60}\)(?: ✗)?)?|[$#❯%])(?= |$)/;
/** Commands that say nothing of a failure where they ran well: stap, and what builds and loads modules. */
const QUIET_WHERE_WELL =
  /^(?:sudo )?(?:\S{0,60}stap(?:xx|\+\+)? |(?:\S{0,60}\/)?(?:(?:insmod|modprobe|dkms) |make(?: |$)|systemctl (?:re)?start |wg-quick up ))/;

interface Prompt {
  /** null where it names none. */
  readonly machine: string | null;
  readonly command: string;
}

function readPrompt(text: string): Prompt | null {
  const [prompt, ...names] = PROMPT.exec(text) ?? [];
  if (prompt === undefined) return null;
  return { machine: names.find((name) => name !== undefined) ?? null, command: text.slice(prompt.length).trim() };
}

/** Whether somebody typed this line, or could have. */
export function isPrompt(text: string): boolean {
  return PROMPT.test(text);
}

/** The lines that a failure may be read from. */
export function withoutBystanders(lines: readonly LogLine[]): readonly LogLine[] {
  const [printed, hasRun] = findPrinted(lines);
  const bystanders = new Set([
    ...findMended(lines),
    ...findFailedOtherwise(lines),
    ...findLoadedLater(lines),
    ...findBuiltLater(lines),
    ...findSolved(lines),
    ...findOthersBuilds(lines),
  ]);
  const endedOtherwise = hasRun || lines.some(({ text }) => STOPPED_BEFORE.test(text));
  const isOthers = endedOtherwise && !lines.some(({ text }) => NOT_LOADED.test(text));
  return lines.filter(
    (line) => !printed.has(line) && !bystanders.has(line) && !(isOthers && OF_OTHERS.test(line.text)),
  );
}

/** What scripts printed between the beginning and the end of a run, and whether a module is seen to have been loaded. */
function findPrinted(lines: readonly LogLine[]): readonly [ReadonlySet<LogLine>, boolean] {
  const printed = new Set<LogLine>();
  let hasRun = false;
  // An error of a module that was loaded: one that was not has none of its own.
  let hasSpoken = false;
  let said: LogLine[] | null = null;
  for (const [index, line] of lines.entries()) {
    if (RUN_BEGINS.test(line.text)) said = [];
    else if (NOT_LOADED.test(line.text)) said = null;
    else if (said !== null && RUN_ENDS.test(line.text)) {
      const failed = lines.slice(Math.max(index - 2, 0), index + 2).some(({ text }) => RUN_FAILED.test(text));
      hasRun ||= !failed || hasSpoken || said.length > 0;
      for (const one of said) printed.add(one);
      said = null;
    } else if (said !== null) {
      hasSpoken ||= line.text.startsWith('ERROR: ');
      if (!SYSTEMTAPS_OWN.test(line.text)) said.push(line);
    }
  }
  return [printed, hasRun];
}

/** Modules that systemd loads at boot. */
const LOADS = /\b(?:Failed to insert|Inserted) module '([\w-]{1,64})'/;
/** journalctl's line between two boots. */
const BOOT = /^-- (?:Boot [0-9a-f]{32}|Reboot) --$/;

/** What was said of a module that a later boot loaded: with a boundary between the two, all that the earlier boots said. */
function findLoadedLater(lines: readonly LogLine[]): readonly LogLine[] {
  const loads = lines.flatMap(({ text }, at) => {
    const name = LOADS.exec(text)?.[1];
    return name === undefined ? [] : [{ at, name, isLoaded: text.includes('Inserted module') }];
  });
  const last = new Map(loads.map((load) => [load.name, load]));
  const mended = loads.filter(
    ({ at, name, isLoaded }) => !isLoaded && at < (last.get(name)?.at ?? -1) && last.get(name)?.isLoaded,
  );
  const boot = lines.findLastIndex(({ text }) => BOOT.test(text));
  const failed = loads.filter(({ at, isLoaded }) => !isLoaded && at < boot);
  const isAllMended = failed.length > 0 && failed.every((load) => mended.includes(load));
  return isAllMended ? lines.slice(0, boot) : mended.flatMap(({ at }) => lines[at] ?? []);
}

/** stap asks for the build tree before its first pass. */
const NO_TREE = /^Checking ".{1,300}\/build\/\.config" failed|^Incorrect version or missing kernel-devel/;
const FAILED_LATER = /^Pass [2-5]: (?:analysis|translation|compilation|run) failed/;
/** These need no build tree, or another one. */
const OTHER_TREE = /\bstap\b.{0,300}\s(?:--runtime[= ]|--bpf\b|--dyninst\b|-r\s?\S)/;

/** That the build tree is missing, where a later run on the same machine came farther and failed by something else. */
function findBuiltLater(lines: readonly LogLine[]): readonly LogLine[] {
  const last = lines.findLastIndex(({ text }) => FAILED_LATER.test(text));
  const missing = lines.flatMap(({ text }, at) => (NO_TREE.test(text) ? [at] : []));
  const machines = new Set(lines.flatMap(({ text }) => readPrompt(text)?.machine ?? []));
  const isOneMachine = machines.size === 1 && !lines.some(({ text }) => OTHER_TREE.test(text));
  return isOneMachine && missing.every((at) => at < last) ? missing.flatMap((at) => lines[at] ?? []) : [];
}

const SOLVED =
  /\b(?:works?(?: fine| well| again)? now\b|(?:it|that) now works\b|now it works\b|fixed(?: it)?!|problem (?:is )?solved\b|that did (?:it|the trick)\b)/i;

/** How a thread is marked that came to its end. */
const MARKED_SOLVED = /\[(?:re)?solved\]|^(?:re)?solved\b|\[(?:gelöst|résolu|resuelto|решено|已解决)\]/i;

/** All that stands before somebody says that it works now, where a run that ends well is shown behind it, and nothing that fails. */
function findSolved(lines: readonly LogLine[]): readonly LogLine[] {
  // The mark stands above all that went before.
  const run = lines.some(({ text }) => MARKED_SOLVED.test(text))
    ? lines.findLastIndex(({ text }) => RUN_BEGINS.test(text))
    : -1;
  const behind = run === -1 ? [] : lines.slice(run);
  if (behind.some(({ text }) => RUN_ENDS.test(text)) && !behind.some(({ text }) => FAILS.test(text)))
    return lines.slice(0, run);
  const said = lines.findLastIndex(({ text }) => SOLVED.test(text));
  const shown = said === -1 ? [] : lines.slice(said);
  const isWell = shown.some(({ text }) => RUN_ENDS.test(text)) && !shown.some(({ text }) => FAILS.test(text));
  return isWell ? lines.slice(0, said) : [];
}

interface Typed {
  readonly at: number;
  /** The machine, where the prompt names it. */
  readonly where: string;
  readonly command: string;
  readonly said: readonly LogLine[];
}

/** Every command that was typed at a prompt, with what was said to it. */
function readTyped(lines: readonly LogLine[]): readonly Typed[] {
  const prompts = lines.flatMap(({ text }, at) => {
    const prompt = readPrompt(text);
    return prompt === null ? [] : [{ at, where: prompt.machine ?? '', command: prompt.command }];
  });
  return prompts.map((prompt, index) => ({ ...prompt, said: lines.slice(prompt.at + 1, prompts[index + 1]?.at) }));
}

/** The modules of drivers that dkms builds as kernels and headers are installed. */
const BY_DKMS = /^\/etc\/kernel\/\S{1,60}\/dkms|\/var\/lib\/dkms\/|^dkms\b/;
const RUNS_STAP = /^(?:sudo )?(?:\S{0,60}\/)?stap(?:xx|\+\+)? (?!-V|--version|-p ?[1-4])/;

/** What dkms says of somebody's driver, where the last script is seen to have run well after it. */
function findOthersBuilds(lines: readonly LogLine[]): readonly LogLine[] {
  const typed = readTyped(lines);
  const last = typed.findLast(({ command }) => RUNS_STAP.test(command));
  if (last === undefined || last.said.length === 0 || last.said.some(({ text }) => FAILS.test(text))) return [];
  return typed
    .filter(
      ({ at, where, said }) => at < last.at && where === last.where && said.some(({ text }) => BY_DKMS.test(text)),
    )
    .flatMap(({ said }) => said.slice(said.findIndex(({ text }) => BY_DKMS.test(text))));
}

/** Two machines are told apart by their prompts; how much stap is to tell is no part of what it is asked to do. */
function keyOf({ where, command }: Typed): string {
  const what = command.replaceAll(/(?<=\bstap(?: -\S+)*) (?:-v+|--vp[ =]?\d{1,5})(?= )/g, '');
  return `${where} ${what}`;
}

/** What was said to a command that was given again later and then ran well. */
function findMended(lines: readonly LogLine[]): ReadonlySet<LogLine> {
  const runs = readTyped(lines).filter(({ command }) => QUIET_WHERE_WELL.test(command));
  const ranWell = runs.filter(
    // Where the log ends with the command nobody knows what became of it.
    ({ at, said }) => at < lines.length - 1 && !said.some(({ text }) => FAILS.test(text)),
  );
  const lastGood = new Map(ranWell.map((run) => [keyOf(run), run.at]));
  return new Set(runs.flatMap((run) => (run.at < (lastGood.get(keyOf(run)) ?? -1) ? run.said : [])));
}

/** Programs of somebody's own that run stap: what is started by its path, or is a script. */
const WRAPPER =
  /^(?:sudo )?(?:(?:ba|da|k|z)?sh (?:-\w{1,4} )?|python\d? |perl )?(?:\.{0,2}\/\S|[\w.-]{1,60}\.(?:sh|py|pl)\b)/;
/** What is not shown again. */
const AS_BEFORE = /\b(?:same|still|again|identical|as before)\b|^\[?\.\.\./i;

/** The errors of a run that are gone where the same command was given again at the same prompt and failed by something else. */
function findFailedOtherwise(lines: readonly LogLine[]): readonly LogLine[] {
  const runs = readTyped(lines)
    .filter(({ where, command }) => where !== '' && (QUIET_WHERE_WELL.test(command) || WRAPPER.test(command)))
    // The prompt names the directory as well.
    .map((run) => ({ key: `${lines[run.at]?.text.slice(0, -run.command.length)} ${keyOf(run)}`, said: run.said }));
  const last = new Map(runs.map(({ key, said }) => [key, new Set(said.map(({ text }) => text))]));
  const decided = new Map(
    [...last].filter(([, said]) => {
      const texts = [...said];
      return texts.some((text) => FAILS.test(text)) && !texts.some((text) => AS_BEFORE.test(text));
    }),
  );
  return runs.flatMap((run) => {
    const said = decided.get(run.key);
    return said === undefined ? [] : run.said.filter(({ text }) => FAILS.test(text) && !said.has(text));
  });
}
