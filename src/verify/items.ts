/** What is compiled and loaded: the rungs and the scripts that the level asks for, in one shape. */
import { BPF_CONFIDENTIAL, judgeBpf } from '../detect/module-policy.ts';
import type { Blame, RungId } from '../types.ts';
import { quoteCommand } from '../shell-words.ts';
import type { Reuse } from './compile-module.ts';
import type { BpfForm, VerifyOptions, VerifyScript } from './options.ts';
import { BPF_RUNGS, HELLO, PROBE_RUNGS, WITNESS } from './rungs.ts';
import type { Need, Rung } from './rungs.ts';

export interface Item {
  readonly id: RungId | 'script';
  /** Null for a rung. */
  readonly scriptName: string | null;
  readonly module: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly needs: readonly Need[];
  readonly required: boolean;
  readonly expect: readonly string[];
  /** Printed too where this rung compiles. */
  readonly expectWith: { readonly rung: RungId; readonly expect: readonly string[] } | null;
  readonly reject: readonly string[];
  readonly readyText: string | null;
  /** For the guest: shell text that prints values of globals. */
  readonly guestPrepare: string | null;
  /** For the guest: shell text. */
  readonly guestTrigger: string | null;
  /** For this machine: one harmless command. */
  readonly localTrigger: readonly string[] | null;
  /** Ends by itself; otherwise it is stopped when everything was seen. */
  readonly endsItself: boolean;
  /** What stap may take from its cache for it. */
  readonly reuse: Reuse;
  readonly timeoutMs: number;
  /** Why this runtime has nothing for it, one clause; null where it has. */
  readonly cannot: string | null;
}

/** Without hardware virtualization, on a machine that does other work, too. */
const RUNG_TIMEOUT_MS = 120_000;
const SCRIPT_TIMEOUT_MS = 60_000;

/** For people. */
export function labelOf({ id, scriptName }: Pick<Item, 'id' | 'scriptName'>): string {
  return scriptName === null ? id : `script ${scriptName}`;
}

/**
 * To whom it is due when an item itself does not do what it should. A script with an event of its own was seen to print it by
 * other SystemTaps: it is this one, or a machine on which the event came late, and which of them cannot be told.
 */
export function ownBlame({ scriptName, guestTrigger }: Pick<Item, 'scriptName' | 'guestTrigger'>): Blame | null {
  if (scriptName === null) return 'systemtap';
  return guestTrigger === null ? 'script' : null;
}

/** The first rung. */
export const HELLO_ITEM: Item = rungItem(HELLO, '');

/** The rungs above hello, where the level goes beyond it. @param witness path of a program that the process rung probes */
export function probeItems(
  options: Pick<VerifyOptions, 'level' | 'rungs' | 'runtime' | 'lockdown'>,
  witness: string,
): readonly Item[] {
  if (options.level === 'hello') return [];
  const rungs = (options.runtime === 'bpf' ? BPF_RUNGS : PROBE_RUNGS).filter(
    ({ name }) => options.rungs?.includes(name) ?? true,
  );
  if (options.runtime !== 'bpf') return rungs.map((rung) => rungItem(rung, witness));
  return rungs.map((rung) => {
    const item = rungItem(rung, witness);
    // What no kernel in this state does is told, and is no fault of the target.
    return allows(options, rung.needs.includes('debuginfo'))
      ? item
      : { ...item, cannot: BPF_CONFIDENTIAL, required: false };
  });
}

/** Whether the kernel's lockdown leaves a program of the bpf runtime what it asks for. */
function allows({ lockdown = null }: Pick<VerifyOptions, 'lockdown'>, asks: boolean): boolean {
  return judgeBpf({ security: { lockdown } }, asks).loads === true;
}

/** The user's scripts, at the level that runs them. */
export function scriptItems(options: VerifyOptions, ipv6: boolean): readonly Item[] {
  if (options.level !== 'scripts') return [];
  return (options.scripts ?? []).map((script, index) => {
    if (options.runtime !== 'bpf' || script.bpf === undefined) return scriptItem(script, index, ipv6);
    if ('cannot' in script.bpf) return { ...scriptItem(script, index, ipv6), cannot: script.bpf.cannot };
    return bpfItem(script, script.bpf, index, allows(options, true), ipv6);
  });
}

/** @param reads whether the kernel's memory may be read */
function bpfItem(script: VerifyScript, form: BpfForm, index: number, reads: boolean, ipv6: boolean): Item {
  const { withoutMemory, ...whole } = form;
  const left = reads ? {} : withoutMemory;
  const { expectWith: _, prepare: __, ...rest } = script;
  const item = scriptItem({ ...rest, ...whole, ...left }, index, ipv6 && reads);
  return left === null ? { ...item, cannot: BPF_CONFIDENTIAL } : item;
}

function rungItem(rung: Rung, witness: string): Item {
  const trigger = rung.trigger?.map((word) => word.replace(WITNESS, witness)) ?? null;
  return {
    id: rung.name,
    scriptName: null,
    module: rung.module,
    script: rung.script.replace(WITNESS, witness),
    args: [],
    needs: rung.needs,
    required: rung.required,
    expect: [rung.marker],
    expectWith: null,
    reject: [],
    readyText: null,
    guestPrepare: null,
    guestTrigger: trigger === null ? null : quoteCommand(trigger),
    localTrigger: trigger,
    endsItself: true,
    reuse: rung === HELLO ? 'nothing' : 'module',
    timeoutMs: RUNG_TIMEOUT_MS,
    cannot: null,
  };
}

function scriptItem(script: VerifyScript, index: number, ipv6: boolean): Item {
  return {
    id: 'script',
    scriptName: script.name,
    module: script.module ?? `tapprep_script_${index}`,
    script: script.text,
    args: script.args ?? [],
    needs: [],
    required: true,
    expect: [...(script.expect ?? []), ...(ipv6 ? (script.expectIpv6 ?? []) : [])],
    expectWith: script.expectWith ?? null,
    reject: script.reject ?? [],
    readyText: script.readyText ?? null,
    guestPrepare: script.prepare ?? null,
    guestTrigger: script.trigger ?? null,
    localTrigger: null,
    endsItself: false,
    // What is asked for by name is not among those that stap keeps.
    reuse: script.module === undefined ? 'module' : 'headers',
    timeoutMs: script.timeoutMs ?? SCRIPT_TIMEOUT_MS,
    cannot: null,
  };
}
