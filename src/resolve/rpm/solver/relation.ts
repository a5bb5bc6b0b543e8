/** Reads what packages require and provide, rich dependencies included, and says whether two version ranges meet. Pure. */
import { TapprepError } from '../../../errors.ts';
import { parseEvr } from '../../../version/evr.ts';
import { compareRpmVersions } from '../../../version/rpm-vercmp.ts';

/** A set of bits: what may stand between the two versions. */
export const LESS = 1;
export const EQUAL = 2;
const GREATER = 4;

/** `name`, or `name OP version`; flags are 0 without a version. */
export interface Simple {
  readonly kind: 'simple';
  readonly name: string;
  readonly flags: number;
  readonly version: string;
}

/** (A and B), (A or B), (A with B), (A without B). */
export interface Pair {
  readonly kind: 'and' | 'or' | 'with' | 'without';
  readonly left: Relation;
  readonly right: Relation;
}

/** (A if B), (A if B else C), (A unless B), (A unless B else C). */
export interface Condition {
  readonly kind: 'if' | 'unless';
  readonly left: Relation;
  readonly test: Relation;
  readonly otherwise: Relation | null;
}

export type Relation = Simple | Pair | Condition;

const FLAGS: Readonly<Record<string, number>> = {
  '<': LESS,
  '<=': LESS | EQUAL,
  '=': EQUAL,
  '>=': GREATER | EQUAL,
  '>': GREATER,
};
const VERSIONED = /^(.+) (<|<=|=|>=|>) (\S+)$/s;
/** Deeper than any that was seen; the depth of the parser's own calls. */
const MAX_DEPTH = 40;

/** Reads a relation as a catalogue holds it. @throws TapprepError BAD_METADATA */
export function parseRelation(text: string): Relation {
  if (!text.startsWith('(')) return parseSimple(text);
  const tokens = splitRich(text);
  const position = { at: 0 };
  const relation = parseGroup(tokens, position, text, 0);
  if (position.at !== tokens.length) throw badRich(text);
  return relation;
}

/** Reads what is never rich: a Provides. */
export function parseSimple(text: string): Simple {
  const found = VERSIONED.exec(text);
  if (found === null) return { kind: 'simple', name: text, flags: 0, version: '' };
  const [, name = '', operator = '', version = ''] = found;
  return { kind: 'simple', name, flags: FLAGS[operator] ?? 0, version };
}

/** Words and single brackets; brackets inside a name, as of `libc.so.6()(64bit)`, belong to it. */
function splitRich(text: string): readonly string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length;) {
    const char = text.charAt(at);
    if (/\s/.test(char) || char === ',') at += 1;
    else if (char === '(' || char === ')') {
      tokens.push(char);
      at += 1;
    } else {
      const start = at;
      for (let depth = 0; at < text.length; at += 1) {
        const next = text.charAt(at);
        if (/\s/.test(next) || (next === ')' && depth === 0)) break;
        if (next === '(') depth += 1;
        if (next === ')') depth -= 1;
      }
      tokens.push(text.slice(start, at));
    }
  }
  return tokens;
}

interface Position {
  at: number;
}

function parseGroup(tokens: readonly string[], position: Position, text: string, depth: number): Relation {
  if (depth > MAX_DEPTH || tokens[position.at] !== '(') throw badRich(text);
  position.at += 1;
  const relation = parseChain(tokens, position, text, depth);
  if (tokens[position.at] !== ')') throw badRich(text);
  position.at += 1;
  return relation;
}

/** A, or A OP B, or A OP B OP C with one OP of and, or, with: rpm groups from the right. */
function parseChain(tokens: readonly string[], position: Position, text: string, depth: number): Relation {
  const left = parseOperand(tokens, position, text, depth);
  const word = tokens[position.at];
  if (word === undefined || word === ')' || word === 'else') return left;
  position.at += 1;
  if (word === 'and' || word === 'or' || word === 'with') {
    if (depth > MAX_DEPTH * 10) throw badRich(text);
    return { kind: word, left, right: parseChain(tokens, position, text, depth + 1) };
  }
  const right = parseOperand(tokens, position, text, depth);
  if (word === 'without') return { kind: 'without', left, right };
  if (word !== 'if' && word !== 'unless') throw badRich(text);
  if (tokens[position.at] !== 'else') return { kind: word, left, test: right, otherwise: null };
  position.at += 1;
  return { kind: word, left, test: right, otherwise: parseOperand(tokens, position, text, depth) };
}

function parseOperand(tokens: readonly string[], position: Position, text: string, depth: number): Relation {
  const token = tokens[position.at];
  if (token === '(') return parseGroup(tokens, position, text, depth + 1);
  if (token === undefined || token === ')') throw badRich(text);
  const flags = FLAGS[tokens[position.at + 1] ?? ''];
  if (flags === undefined) {
    position.at += 1;
    return { kind: 'simple', name: token, flags: 0, version: '' };
  }
  const version = tokens[position.at + 2];
  if (version === undefined || version === '(' || version === ')') throw badRich(text);
  position.at += 3;
  return { kind: 'simple', name: token, flags, version };
}

function badRich(text: string): TapprepError {
  return new TapprepError('BAD_METADATA', `a rich dependency cannot be read: ${text.slice(0, 200)}`, {
    facts: { dependency: text.slice(0, 2000) },
  });
}

/** Whether a package that provides the one fulfils a requirement of the other; names are known to be equal. */
export function matchesRange(provided: Simple, wanted: Simple): boolean {
  if (wanted.flags === 0 || provided.flags === 0) return true;
  if ((provided.flags & wanted.flags & (LESS | GREATER)) !== 0) return true;
  return fits(compareForDependency(provided.version, wanted.version), provided.flags, wanted.flags);
}

/** Whether the very version of a package lies in a range. */
export function isInRange(evr: string, wanted: Simple): boolean {
  if (wanted.flags === 0) return true;
  return fits(compareForDependency(evr, wanted.version), EQUAL, wanted.flags);
}

function fits(order: Order, provided: number, wanted: number): boolean {
  switch (order) {
    case 'shorter':
      return (provided & EQUAL) !== 0;
    case 'longer':
      return (wanted & EQUAL) !== 0;
    case -1:
      return (wanted & LESS) !== 0 || (provided & GREATER) !== 0;
    case 1:
      return (wanted & GREATER) !== 0 || (provided & LESS) !== 0;
    case 0:
      return (provided & wanted & EQUAL) !== 0;
  }
}

/** shorter, longer: equal as far as both go, but only one of them has a release. */
type Order = -1 | 0 | 1 | 'shorter' | 'longer';

function compareForDependency(provided: string, wanted: string): Order {
  const [a, b] = [parseEvr(provided), parseEvr(wanted)];
  const order = compareRpmVersions(a.epoch, b.epoch) || compareRpmVersions(a.version, b.version);
  if (order !== 0) return order;
  // rpm takes an empty release for a missing one.
  const [left, right] = [a.release ?? '', b.release ?? ''];
  if (left !== '' && right !== '') return compareRpmVersions(left, right);
  return left === right ? 0 : left === '' ? 'shorter' : 'longer';
}
