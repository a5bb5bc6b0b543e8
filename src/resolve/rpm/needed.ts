/** Which of some packages a target needs: its kernel's and SystemTap's, and what these require of each other. Pure. */
import type { MatchEvidence, Role, RpmTarget } from '../../types.ts';
import { compareEvr } from '../../version/evr.ts';
import type { PackageRecord } from '../reader.ts';
import { matchNeed } from './choose.ts';
import { listNeeds, SYSTEMTAP_NAMES } from './needs.ts';

/** What the target needs a package for, and by what it was recognised. */
export interface RpmUse {
  readonly role: Role;
  readonly match: MatchEvidence;
}

/** A package as its own verified header tells it. */
export interface CarriedRpm extends Pick<PackageRecord, 'name' | 'version' | 'arch' | 'provides' | 'requires'> {
  /** Absolute paths: a requirement may name one. */
  readonly files: ReadonlySet<string>;
}

/** The use of each package that a plan for the target may hold; one that is not there is needed by nothing. */
export function findNeededRpms(target: RpmTarget, carried: readonly CarriedRpm[]): ReadonlyMap<CarriedRpm, RpmUse> {
  const needed = new Map<CarriedRpm, RpmUse>();
  const everything = { image: true, debuginfo: true, systemtap: 'distro' } as const;
  for (const need of listNeeds(target, { installed: null, roles: everything })) {
    for (const record of carried) {
      const found = matchNeed(need, record, target);
      if (found !== null && !needed.has(record)) needed.set(record, { role: need.role, match: found.match });
    }
  }
  for (const record of carried) {
    const fits = record.arch === target.packageArch || record.arch === 'noarch';
    if (fits && SYSTEMTAP_NAMES.includes(record.name)) needed.set(record, { role: 'systemtap', match: 'version' });
  }
  const agenda = [...needed.keys()];
  for (let record = agenda.pop(); record !== undefined; record = agenda.pop()) {
    for (const other of record.requires.flatMap((entry) => carried.filter((each) => satisfies(each, entry)))) {
      if (needed.has(other)) continue;
      needed.set(other, { role: 'dependency', match: 'dependency' });
      agenda.push(other);
    }
  }
  return needed;
}

/** Words of a rich dependency, "(a >= 1 if b)": any of its names may be what is needed. */
const RICH_WORDS: readonly string[] = ['and', 'or', 'if', 'unless', 'else', 'with', 'without'];
const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '=': (order) => order === 0,
  '>=': (order) => order >= 0,
  '>': (order) => order > 0,
};

function satisfies(record: CarriedRpm, entry: string): boolean {
  if (entry.startsWith('(')) {
    const words = entry.split(/[\s()]+/).filter((word) => word !== '' && !RICH_WORDS.includes(word));
    return words.some((word) => satisfies(record, word));
  }
  const [name = '', operator = '', version = ''] = entry.split(' ');
  if (record.files.has(name)) return true;
  return record.provides.some((provided) => {
    const [what, , has = ''] = provided.split(' ');
    const holds = OPERATORS[operator];
    return what === name && (holds === undefined || (has !== '' && holds(compareEvr(has, version))));
  });
}
