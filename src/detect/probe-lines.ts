/** The line format of probe.sh: KEY<TAB>VALUE…, from "tapprep-probe<TAB>1" to "end<TAB>1". Foreign text: strict and bounded. */
import { countOf } from '../count.ts';
import { TapprepError } from '../errors.ts';

/** No machine's facts are larger; 60 000 packages take 4 MiB. */
export const MAX_FACTS_BYTES = 16 * 1024 * 1024;
const MAX_LINE = 16 * 1024;
/** A login banner may stand before the first line. */
const MAX_BANNER_LINES = 500;
const FIRST = 'tapprep-probe\t1';
const LAST = 'end\t1';

interface KeyShape {
  /** Least number of values. */
  readonly min: number;
  /** Most values; the last one keeps any further tabs. */
  readonly max: number;
  /** How often the key may stand. */
  readonly times: number;
}

const once = (values: number): KeyShape => ({ min: values, max: values, times: 1 });
const often = (values: number, times: number): KeyShape => ({ min: values, max: values, times });

/** Every key that probe.sh prints. */
const KEYS = {
  source: once(1),
  root: once(1),
  'uname-r': once(1),
  'uname-v': once(1),
  'uname-m': once(1),
  file: often(2, 5000),
  'module-dir': often(1, 200),
  release: once(1),
  'proc-version': once(1),
  'version-signature': once(1),
  cmdline: once(1),
  notes: once(1),
  vermagic: once(1),
  'config-from': once(1),
  config: often(2, 200),
  manager: once(1),
  frontend: often(1, 20),
  pkg: { min: 3, max: 6, times: 100_000 },
  'build-link': once(1),
  'build-linksto': once(1),
  'build-exists': once(1),
  'build-config': once(1),
  'build-symvers': once(1),
  'build-makefile': once(1),
  'build-release': once(1),
  'build-uts': once(1),
  'build-host': once(1),
  'build-owner': once(1),
  debuginfo: often(5, 60),
  'system-map': often(2, 10),
  cc: once(1),
  'cc-v': often(1, 20),
  make: once(1),
  'make-v': often(1, 20),
  'stap-cache': often(1, 10),
  'stap-tmp': often(1, 40),
  'stap-module-dir': once(1),
  stap: once(1),
  'stap-v': often(1, 20),
  'stap-owner': once(1),
  staprun: once(1),
  'staprun-v': often(1, 20),
  'staprun-mode': once(1),
  'tapset-count': once(1),
  examples: once(1),
  lockdown: once(1),
  'secure-boot': once(1),
  efi: once(1),
  efivars: once(1),
  keyring: often(2, 50),
  'trusted-key': often(2, 200),
  'keyring-keys': often(2, 10),
  'sig-enforce': once(1),
  'modules-disabled': once(1),
  'kptr-restrict': once(1),
  fips: once(1),
  container: once(1),
  wsl: once(1),
  selinux: once(1),
  uid: once(1),
  user: once(1),
  group: often(1, 1000),
  space: often(4, 30),
  repo: often(2, 100_000),
} as const satisfies Record<string, KeyShape>;

export type ProbeKey = keyof typeof KEYS;

export interface ProbeRecords {
  /** The only value of a key that stands once; null when it does not stand. */
  one(key: ProbeKey): string | null;
  /** The values of each line of a key, in order. */
  all(key: ProbeKey): readonly (readonly string[])[];
}

/**
 * Whether a text has the first line of a probe's output anywhere a banner would leave it.
 */
export function isProbeOutput(text: string): boolean {
  return findStart(text.slice(0, 256 * 1024).split('\n', MAX_BANNER_LINES)) !== -1;
}

/**
 * Splits a probe's output into records. Lines before the first one are a banner and skipped.
 * @param source what to call the text in an error: a file name, "probe output"
 * @throws TapprepError BAD_FACTS with the line and the reason
 */
export function parseProbeLines(text: string, source: string): ProbeRecords {
  if (text.length > MAX_FACTS_BYTES) {
    throw bad(source, `${text.length} characters are more than the ${MAX_FACTS_BYTES} that facts may have`);
  }
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const start = findStart(lines.slice(0, MAX_BANNER_LINES));
  if (start === -1) throw bad(source, `no line "tapprep-probe 1" in the first ${MAX_BANNER_LINES} lines`);
  const end = lines.indexOf(LAST, start);
  if (end === -1) throw bad(source, 'the last line "end 1" is missing, so the output was cut off');

  const records = new Map<string, string[][]>();
  for (let at = start + 1; at < end; at += 1) readLine(lines[at] ?? '', `${source}, line ${at + 1}`, records);
  return {
    one: (key) => records.get(key)?.[0]?.[0] ?? null,
    all: (key) => records.get(key) ?? [],
  };
}

function findStart(lines: readonly string[]): number {
  // A banner without a final newline runs into the first line.
  return lines.findIndex((line) => line.replace(/\r$/, '').endsWith(FIRST));
}

function readLine(line: string, where: string, records: Map<string, string[][]>): void {
  if (line.length > MAX_LINE) throw bad(where, `the line is longer than ${MAX_LINE} characters`);
  const [key = '', ...values] = line.split('\t');
  const shape: KeyShape | undefined = Object.hasOwn(KEYS, key) ? KEYS[key as ProbeKey] : undefined;
  if (shape === undefined) throw bad(where, `unknown key "${key.slice(0, 40)}"`);
  if (values.length < shape.min)
    throw bad(where, `"${key}" has ${countOf(values.length, 'value')} but needs ${shape.min}`);
  const kept = [...values.slice(0, shape.max - 1), values.slice(shape.max - 1).join('\t')].slice(0, values.length);
  const seen = records.get(key);
  if (seen === undefined) {
    records.set(key, [kept]);
    return;
  }
  if (seen.length >= shape.times) throw bad(where, `"${key}" stands more than ${shape.times} times`);
  seen.push(kept);
}

function bad(where: string, reason: string): TapprepError {
  return new TapprepError('BAD_FACTS', `${where}: ${reason}`, { facts: { where, reason } });
}
