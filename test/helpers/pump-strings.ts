/** Strings that make a regular expression try as much as it can: what it repeats, again and again, and an end that fits none of it. */
import { type AST, parseRegExpLiteral } from '@eslint-community/regexpp';

/** What separates words in logs, and what most classes have in common. */
const CHARACTERS = 'a1,-./ :=_A"\'()[]<>+~%|x\u00e9\u4e2d'.split('');
/** What is repeated less often pumps nothing. */
const FEWEST = 10;
const MOST_CHOICES = 4;

type Part = AST.Element | AST.Alternative;

/** One of the ways to write a text that a pattern takes. */
interface Way {
  /** One character of a class: the one that is written wherever it may stand. */
  readonly pick: (raw: string) => string;
  /** Which of several alternatives. */
  readonly choice: number;
  /** How often what may be repeated is, as far as it may. */
  readonly most: number;
}

/** @param length of each string */
export function pumpStrings(pattern: RegExp, length: number): ReadonlySet<string> {
  const { pattern: whole } = parseRegExpLiteral(pattern);
  const nodes = nodesIn(whole);
  const pieces = nodes.flatMap((node) => (node.type === 'Alternative' ? piecesOf(node) : []));
  const quantifiers = nodes.filter((node) => node.type === 'Quantifier').filter(({ max }) => max >= FEWEST);
  const choices = Math.max(...nodes.map((node) => ('alternatives' in node ? node.alternatives.length : 1)));
  const classes = new Map<string, RegExp>();
  for (const { type, raw } of nodes)
    if (type === 'CharacterSet' || type === 'CharacterClass' || type === 'ExpressionCharacterClass')
      classes.set(raw, new RegExp(`^${raw}$`, pattern.flags.replaceAll(/[^iuv]/g, '')));
  const characters = differentFor([...classes.values()], pieces.join(''));
  const found = new Set<string>();
  const repeat = (text: string, before = '', after = ''): void => {
    const room = length - before.length - after.length;
    if (text === '' || room <= 0) return;
    const filled = `${before}${text.repeat(Math.ceil(room / text.length)).slice(0, room)}`;
    found.add(`${filled}${after}`);
    found.add(`${filled.slice(0, -1)}\u0001${after}`);
  };
  for (const liked of characters) {
    const picked = new Map(Array.from(classes, ([raw, one]) => [raw, pickFrom(one, [liked, ...CHARACTERS])]));
    const pick = (raw: string): string => picked.get(raw) ?? '';
    for (const piece of pieces) repeat(`${piece}${liked}`);
    for (let choice = 0; choice < Math.min(choices, MOST_CHOICES); choice += 1) {
      const way: Way = { pick, choice, most: 0 };
      for (const alternative of whole.alternatives) repeat(derive(alternative, way).slice(0, -1) || liked);
      for (const quantifier of quantifiers) {
        const unit = derive(quantifier.element, way) || derive(quantifier.element, { ...way, most: 1 });
        const rest = derivePart(quantifier, way, 'behind');
        // What looks behind goes from its end to its beginning.
        repeat(unit, '', rest);
        repeat(`${unit.repeat(32)}${rest}`);
        for (const most of [0, 40]) {
          const before = derivePart(quantifier, { ...way, most }, 'before');
          repeat(unit, before);
          repeat(`${before}${unit}`);
          repeat(`${before}${unit.repeat(32)}`);
        }
      }
    }
  }
  for (const piece of pieces) repeat(piece);
  return found;
}

function nodesIn(node: AST.Node): readonly AST.Node[] {
  return [node, ...childrenOf(node).flatMap(nodesIn)];
}

function childrenOf(node: AST.Node): readonly AST.Node[] {
  if (node.type === 'Quantifier') return [node.element];
  if (node.type === 'Alternative') return node.elements;
  return 'alternatives' in node && node.type !== 'ClassStringDisjunction' ? node.alternatives : [];
}

/** What it has of fixed text. */
function piecesOf({ elements }: AST.Alternative): readonly string[] {
  const text = elements.map((one) => (one.type === 'Character' ? String.fromCodePoint(one.value) : '\n')).join('');
  return text.split('\n').filter((piece) => piece !== '');
}

/** One of those characters that the pattern does not tell apart. */
function differentFor(classes: readonly RegExp[], fixed: string): readonly string[] {
  const kindOf = (character: string): string =>
    `${classes.map((one) => one.test(character)).join()} ${/\W/.test(character) && fixed.includes(character) ? character : ''}`;
  return [...new Map(CHARACTERS.map((character) => [kindOf(character), character])).values()];
}

function pickFrom(one: RegExp, liked: readonly string[]): string {
  const found = liked.find((character) => one.test(character));
  if (found !== undefined) return found;
  for (let code = 0; code < 0x1_00_00; code += 1)
    if (one.test(String.fromCodePoint(code))) return String.fromCodePoint(code);
  return '';
}

/** A short text that a part takes. */
function derive(node: Part, way: Way): string {
  switch (node.type) {
    case 'Alternative':
      return node.elements.map((element) => derive(element, way)).join('');
    case 'Group':
    case 'CapturingGroup':
      return derive(node.alternatives[way.choice % node.alternatives.length] as AST.Alternative, way);
    case 'Quantifier':
      return derive(node.element, way).repeat(Math.min(Math.max(node.min, way.most), node.max));
    case 'Character':
      return String.fromCodePoint(node.value);
    case 'CharacterSet':
    case 'CharacterClass':
    case 'ExpressionCharacterClass':
      return way.pick(node.raw);
    case 'Assertion':
    case 'Backreference':
      return '';
  }
}

/** What stands before a part, from the beginning of the pattern or of what looks around, or behind it to the end of the pattern. */
function derivePart(node: AST.Node, way: Way, side: 'before' | 'behind'): string {
  const { parent } = node;
  if (parent === null || (node.type === 'Assertion' && side === 'before')) return '';
  const outside = derivePart(parent, way, side);
  if (parent.type !== 'Alternative') return outside;
  const at = parent.elements.indexOf(node as AST.Element);
  const beside = side === 'before' ? parent.elements.slice(0, at) : parent.elements.slice(at + 1);
  const text = beside.map((element) => derive(element, way)).join('');
  return side === 'before' ? `${outside}${text}` : `${text}${outside}`;
}
