/** A failed run and its right answer in one text file: what `--feedback` writes and `--cases` reads. Pure. */
import type { DiagnosisCode } from '../codes.ts';
import { isDiagnosisCode } from '../codes.ts';
import type { HostFacts } from '../../types.ts';

export interface Case {
  /** Codes of which any is right; none where nothing is to be said. */
  readonly expect: readonly DiagnosisCode[];
  /** Whether it is right, too, to say nothing. */
  readonly silence: boolean;
  /** Codes that must not be called certain or likely. */
  readonly never: readonly DiagnosisCode[];
  /** Some command of the first answer must match. */
  readonly command: RegExp | null;
  /** No command of the first answer may match. */
  readonly noCommand: RegExp | null;
  /** What was wrong, in a few words. */
  readonly cause: string | null;
  readonly log: string;
}

/** Behind this line the log begins. */
const CUT = '-----8<----- below -----\n';
const FIELD = /(expect|never|command|no-command|cause): (\S+(?: \S+)*?)(?= \| |$)/g;

/** Reads a case. @throws RangeError naming what is wrong with it */
export function parseCase(text: string): Case {
  const [head = ''] = text.split('\n', 1);
  const fields = new Map([...head.matchAll(FIELD)].map(([, name = '', value = '']) => [name, value]));
  const words = (fields.get('expect') ?? '').split(' ')[0]?.split(',') ?? [];
  const at = text.indexOf(CUT);
  if (at === -1) throw new RangeError(`there is no line "${CUT.trim()}" above the log`);
  if (words[0] === '' || words[0] === undefined)
    throw new RangeError('the first line has no "expect:" with a code or NONE');
  const never = (fields.get('never') ?? '').split(',').filter((word) => word !== '');
  return {
    expect: words.filter((word) => word !== 'NONE').map(codeOf),
    silence: words.includes('NONE'),
    never: never.map(codeOf),
    command: regexOf(fields.get('command')),
    noCommand: regexOf(fields.get('no-command')),
    cause: fields.get('cause') ?? null,
    log: text.slice(at + CUT.length),
  };
}

function codeOf(word: string): DiagnosisCode {
  if (isDiagnosisCode(word)) return word;
  throw new RangeError(`"${word}" is no code; "tapprep explain CODE" knows them, and NONE is for nothing`);
}

function regexOf(source: string | undefined): RegExp | null {
  return source === undefined ? null : new RegExp(source);
}

/** What somebody sends: the right answer first, then what is known of the machine, then the log. */
export interface Feedback {
  readonly expect: readonly string[];
  readonly cause: string | null;
  readonly facts: HostFacts | null;
  /** More of the head by name, one line each. */
  readonly notes?: Readonly<Record<string, string>>;
  readonly log: string;
}

/** Writes a case; log and facts must be safe to show already. */
export function formatCase({ expect, cause, facts, notes = {}, log }: Feedback): string {
  const answer = `# expect: ${expect.join(',')}${cause === null ? '' : ` | cause: ${cause.replaceAll(/[|\s]+/g, ' ').trim()}`}`;
  const more = Object.entries(notes).map(([name, value]) => `# ${name}: ${value.replaceAll(/\s+/g, ' ')}`);
  return [answer, ...(facts === null ? [] : describeFacts(facts)), ...more, `${CUT}${log.trimEnd()}`, ''].join('\n');
}

/** What decides between causes, without what tells whose machine it is. */
function describeFacts({ os, kernel, packageManager, systemtap, security }: HostFacts): readonly string[] {
  const told = {
    system: os.prettyName ?? os.id,
    kernel: kernel.release,
    unameV: kernel.unameV,
    arch: kernel.arch,
    packageManager,
    systemtap: systemtap?.version ?? null,
    lockdown: security.lockdown,
    secureBoot: security.secureBoot,
    container: security.container,
  };
  return Object.entries(told).map(([name, value]) => `# ${name}: ${String(value ?? 'unknown')}`);
}
