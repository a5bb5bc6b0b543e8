/** What the configuration of a package manager withholds, as lists in a log show it: locks, pins, holds, sources switched off. Pure. */
import type { LogLine } from './log-line.ts';

export interface Withheld {
  /** Of `versionlock list`: the one version of a package that yum or dnf takes, or how it begins. */
  readonly locks: readonly { readonly name: string; readonly version: string }[];
  /** Packages that apt takes no version of: `apt-cache policy` shows some, each with a negative priority. */
  readonly pinned: readonly string[];
  /** Packages that apt holds or zypper locks, as they say when one of them would change, or when they are asked. */
  readonly held: readonly string[];
  /** Repositories that a list of dnf or yum shows as switched off, by their ids. */
  readonly switchedOff: readonly string[];
  /** Repositories that a list of subscription-manager shows as switched on, by their ids. */
  readonly subscribed: readonly string[];
}

const LOCK = /^(?:\d{1,3}:)?(kernel(?:-[a-z]\w{0,20}){0,4})-(?:\d{1,3}:)?(\d[\w.+~^-]{0,100}?)\.?\*$/;

/** A head of `apt-cache policy`, whatever the language: a name, and below it versions with what apt thinks of each. */
const POLICY_HEAD = /^((?:linux|pve|proxmox|systemtap)\S{0,160}):$/;
const POLICY_VERSION = /^(?:\*{3} )?\d\S{0,100} (-?\d{1,5})$/;
const PROMPT = /^\S{0,100}[$#] \S/;

const HELD_HEAD =
  /^The following held packages will be changed:$|^The following .{0,60}\b(?:is|are) locked and will not be changed by any action:$/;
/** apt names many on a line; zypper puts a head of its own above those that are installed and those that are not. */
const NAMES = /^[a-z0-9][\w.+-]{1,100}(?: [a-z0-9][\w.+-]{1,100}){0,200}$/;
const SUBHEAD = /^(?:Available|Installed):$/;

/** Who lists what is held, one a line; and rows of dpkg, which begin or end with it. */
const LISTS_HELD = /\bapt-mark showhold(?:s|ed)?$/;
const HELD_ROW =
  /^h[icurnp][A-Z]? {1,3}([a-z0-9][\w.+-]{1,100}?)(?::\w{2,10})? +\d|^([a-z0-9][\w.+-]{1,100}?)(?::\w{2,10})? +hold$/;

/** The last column of `dnf repolist --all` in its languages. */
const OFF =
  'disabled|désactivé|deaktiviert|deshabilitado|desactivado|disabilitato|desabilitado|desativado|отключ\\S{1,6}|вимкнено|wyłączon\\S|zakázáno|vypnuto|已?禁用|已停用|無効化?|비활성화됨?';
const SWITCHED_OFF = new RegExp(String.raw`^!?([A-Za-z][\w.:+-]{1,80})(?:/\S{1,40})? {2,}\S.{0,160} (?:${OFF})$`);

/** Rows of `subscription-manager repos`, whose words before the colon are in the user's language. */
const SUBSCRIBED_ID = /^\S[^:]{0,30}: +([\w.-]{3,100}-rpms)$/;
const SUBSCRIBED_STATE = /^\S[^:]{0,30}: +([01])$/;

export function readWithheld(lines: readonly LogLine[]): Withheld {
  const subscriptions = readSubscriptions(lines);
  return {
    locks: lines.flatMap(({ text }) => {
      const [, name, version] = LOCK.exec(text) ?? [];
      return name === undefined || version === undefined ? [] : [{ name, version }];
    }),
    pinned: readPinned(lines),
    held: readHeld(lines),
    switchedOff: [...lines.flatMap(({ text }) => SWITCHED_OFF.exec(text)?.[1] ?? []), ...subscriptions.off],
    subscribed: subscriptions.on,
  };
}

function readSubscriptions(lines: readonly LogLine[]): Readonly<Record<'on' | 'off', readonly string[]>> {
  const on: string[] = [];
  const off: string[] = [];
  let id: string | null = null;
  for (const { text } of lines) {
    const state: string | undefined = SUBSCRIBED_STATE.exec(text)?.[1];
    if (state !== undefined && id !== null) {
      (state === '1' ? on : off).push(id);
      id = null;
    }
    id = SUBSCRIBED_ID.exec(text)?.[1] ?? id;
  }
  return { on, off };
}

function readPinned(lines: readonly LogLine[]): readonly string[] {
  const tables = new Map<string, number[]>();
  let table: number[] | null = null;
  for (const { text } of lines) {
    const name = POLICY_HEAD.exec(text)?.[1];
    if (name !== undefined) {
      table = [];
      tables.set(name, table);
    } else if (PROMPT.test(text)) table = null;
    else {
      const priority = POLICY_VERSION.exec(text)?.[1];
      if (priority !== undefined) table?.push(Number(priority));
    }
  }
  return [...tables].flatMap(([name, priorities]) =>
    priorities.length > 0 && priorities.every((priority) => priority < 0) ? [name] : [],
  );
}

function readHeld(lines: readonly LogLine[]): readonly string[] {
  const held: string[] = [];
  let isListed = false;
  for (const { text } of lines) {
    const [, listed, selected] = HELD_ROW.exec(text) ?? [];
    const row = listed ?? selected;
    if (row !== undefined) held.push(row);
    else if (HELD_HEAD.test(text) || LISTS_HELD.test(text)) isListed = true;
    else if (isListed && NAMES.test(text)) held.push(...text.split(' '));
    else if (!SUBHEAD.test(text)) isListed = false;
  }
  return [...new Set(held)];
}
