/** Relations between Debian packages (Debian Policy 7.1): parsed, and held against a version. Pure. */
import { TapprepError } from '../../errors.ts';
import { compareDebVersions } from '../../version/deb-vercmp.ts';

type Relation = '<<' | '<=' | '=' | '>=' | '>>';

/** One package that would do: `name[:qualifier] [(relation version)]`. */
export interface Alternative {
  readonly name: string;
  /** any, native or an architecture; null where none is written. */
  readonly qualifier: string | null;
  readonly relation: Relation | null;
  readonly version: string | null;
}

/** What one group asks for: any of its alternatives, the preferred first. */
export type DependencyGroup = readonly Alternative[];

/** "<" and ">" are the old spelling of "<=" and ">=". */
const RELATIONS: Readonly<Record<string, Relation>> = {
  '<<': '<<',
  '<=': '<=',
  '<': '<=',
  '=': '=',
  '>=': '>=',
  '>': '>=',
  '>>': '>>',
};

const ALTERNATIVE =
  /^([a-zA-Z0-9][a-zA-Z0-9+.-]*)(?::([a-z0-9-]+))? ?(?:\( ?(<<|<=|<|=|>=|>|>>) ?([A-Za-z0-9.+~:-]+) ?\))? ?(?:\[[^\][]{0,200}\])? ?(?:<[^<>]{0,200}>)?$/;

const HOLDS: Readonly<Record<Relation, (order: number) => boolean>> = {
  '<<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '=': (order) => order === 0,
  '>=': (order) => order >= 0,
  '>>': (order) => order > 0,
};

/** Splits a field into its comma-separated groups, blanks run together. */
export function splitGroups(field: string): readonly string[] {
  return field
    .split(',')
    .map((group) => group.replaceAll(/\s+/g, ' ').trim())
    .filter((group) => group !== '');
}

/** Parses one group, `a (>= 1) | b`. @throws TapprepError BAD_METADATA for what no relation looks like. */
export function parseGroup(group: string): DependencyGroup {
  return group.split('|').map((text) => parseAlternative(text.trim()));
}

function parseAlternative(text: string): Alternative {
  const match = text.length > 1000 ? null : ALTERNATIVE.exec(text);
  const [, name = '', qualifier, relation, version] = match ?? [];
  if (name === '') {
    throw new TapprepError('BAD_METADATA', `${JSON.stringify(text.slice(0, 80))} is no dependency on a package`);
  }
  return {
    name,
    qualifier: qualifier ?? null,
    relation: relation === undefined ? null : (RELATIONS[relation] ?? null),
    version: version ?? null,
  };
}

/** Whether a version is one that the alternative asks for; without a relation every version is. */
export function satisfiesVersion(version: string, wanted: Pick<Alternative, 'relation' | 'version'>): boolean {
  if (wanted.relation === null || wanted.version === null) return true;
  return HOLDS[wanted.relation](compareDebVersions(version, wanted.version));
}

/**
 * Whether a "Provides" entry satisfies an alternative: an unversioned one only what asks for no version, a versioned one
 * (`name (= 1.2)`) by that version.
 */
export function providesSatisfies(provided: Alternative, wanted: Alternative): boolean {
  if (provided.name !== wanted.name) return false;
  if (wanted.relation === null) return true;
  return provided.version !== null && satisfiesVersion(provided.version, wanted);
}

/** An alternative as it is written. */
export function formatAlternative({ name, qualifier, relation, version }: Alternative): string {
  const suffix = relation === null || version === null ? '' : ` (${relation} ${version})`;
  return `${name}${qualifier === null ? '' : `:${qualifier}`}${suffix}`;
}
