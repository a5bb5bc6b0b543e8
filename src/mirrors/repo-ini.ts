/** The INI form of yum, dnf and zypper repository files: sections, `key=value`, values that go on in indented lines. Pure. */
import { boundedLines } from './source-file.ts';

/** One [section]: keys in lower case. */
export interface IniSection {
  readonly id: string;
  readonly values: ReadonlyMap<string, string>;
}

const MAX_SECTIONS = 500;

/** The sections of a file in order; what stands before the first one is dropped. */
export function parseRepoIni(text: string): readonly IniSection[] {
  const sections: { id: string; values: Map<string, string> }[] = [];
  let key: string | null = null;
  for (const line of boundedLines(text)) {
    const section = sections.at(-1);
    const trimmed = line.trim();
    if (trimmed === '' || /^[#;]/.test(trimmed)) {
      if (trimmed === '') key = null;
    } else if (/^\[.*\]$/.test(trimmed)) {
      if (sections.length >= MAX_SECTIONS) break;
      sections.push({ id: trimmed.slice(1, -1).trim(), values: new Map() });
      key = null;
    } else if (/^[ \t]/.test(line) && section !== undefined && key !== null) {
      section.values.set(key, `${section.values.get(key) ?? ''} ${trimmed}`);
    } else {
      const equals = line.search(/[=:]/);
      key = equals < 1 ? null : line.slice(0, equals).trim().toLowerCase();
      if (section !== undefined && key !== null) section.values.set(key, line.slice(equals + 1).trim());
    }
  }
  return sections;
}

/** Whether a switch is on: 1, yes, true and on are; absent is what is given. */
export function isOn(value: string | undefined, absent: boolean): boolean {
  if (value === undefined || value === '') return absent;
  return /^(1|yes|true|on|enabled)$/i.test(value);
}

/**
 * Fills in $name and ${name}; dnf's ${name:-other} and ${name:+other} too.
 * @returns null when a variable is not known.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string | null {
  let unknown = false;
  const out = text.replaceAll(
    /\$(?:\{([A-Za-z0-9_]{1,64})(?::([-+])([^${}]{0,200}))?\}|([A-Za-z0-9_]{1,64}))/g,
    (
      _all,
      braced: string | undefined,
      mode: string | undefined,
      other: string | undefined,
      plain: string | undefined,
    ) => {
      const value = variables.get((braced ?? plain ?? '').toLowerCase());
      if (mode === '+') return value === undefined || value === '' ? '' : (other ?? '');
      if (mode === '-' && (value === undefined || value === '')) return other ?? '';
      if (value === undefined) unknown = true;
      return value ?? '';
    },
  );
  return unknown ? null : out;
}

/** The names that stand in a text without a value of their own or a word to take instead. */
export function unknownVariables(text: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const names = text.matchAll(/\$(?:\{([A-Za-z0-9_]{1,64})\}|([A-Za-z0-9_]{1,64}))/g);
  const unknown = Array.from(names, ([, braced, plain]) => braced ?? plain ?? '');
  return [...new Set(unknown)].filter((name) => !variables.has(name.toLowerCase()));
}
