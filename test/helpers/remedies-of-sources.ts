/** The remedies that the sources write: read out of their text, as no run meets all of their errors. */
import { globSync, readFileSync } from 'node:fs';
import { parseAst } from 'vitest/node';
import { IDENTIFY, prepare, run, runAsRoot, tapprep, tapprepAsRoot } from '../../src/make-remedy.ts';
import type { Remedy, ShellText } from '../../src/types.ts';

type Node = Readonly<Record<string, unknown>>;

const MAKERS: Readonly<Record<string, (...words: readonly string[]) => Remedy>> = {
  run: (command = '') => run(command as ShellText),
  runAsRoot: (command = '') => runAsRoot(command as ShellText),
  tapprep,
  tapprepAsRoot,
};

/** Every call of a maker, once for each of its forms. @returns where it stands, and what it makes */
export function remediesOfSources(): readonly (readonly [string, Remedy])[] {
  const found = globSync('src/**/*.ts')
    .filter((file) => file !== 'src/make-remedy.ts')
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      if (!text.includes('make-remedy.ts')) return [];
      return callsIn(parseAst(text, { lang: 'ts' })).map((remedy) => [file, remedy] as const);
    });
  return [...found, ['src/systemtap/mends/place.ts', prepare()], ['src/detect/kernel-release.ts', IDENTIFY]];
}

/** As describing() has them. */
const DESCRIBED = ['--distro', 'debian:12', '--kernel', '6.1.0-18-amd64', '--arch', 'x86_64'];

function callsIn(node: unknown): readonly Remedy[] {
  if (Array.isArray(node)) return node.flatMap(callsIn);
  if (!isNode(node)) return [];
  const inside = Object.values(node).flatMap(callsIn);
  const { callee, arguments: given } = node;
  const make = node['type'] === 'CallExpression' && isNode(callee) ? MAKERS[String(callee['name'])] : undefined;
  return make === undefined ? inside : [...inside, ...formsOf(given).map((words) => make(...words))];
}

/** The words of a list, in every way that its conditions can turn out; what is only known when it runs is a word. */
function formsOf(list: unknown): readonly (readonly string[])[] {
  return (list as readonly Node[]).reduce<readonly (readonly string[])[]>(
    (forms, node) => forms.flatMap((words) => partsOf(node).map((more) => [...words, ...more])),
    [[]],
  );
}

function partsOf(node: Node): readonly (readonly string[])[] {
  switch (node['type']) {
    case 'Literal':
      return [[String(node['value'])]];
    case 'TemplateLiteral':
      return [
        [(node['quasis'] as readonly { value: { cooked: string } }[]).map(({ value }) => value.cooked).join('x')],
      ];
    case 'TaggedTemplateExpression':
      return partsOf(node['quasi'] as Node);
    case 'ConditionalExpression':
      return [...partsOf(node['consequent'] as Node), ...partsOf(node['alternate'] as Node)];
    case 'SpreadElement':
      // Of a list that only the run knows: none of it.
      return partsOf(node['argument'] as Node).map((words) => (words[0] === 'WORD' ? [] : words));
    case 'ParenthesizedExpression':
      return partsOf(node['expression'] as Node);
    case 'CallExpression':
      return [isNode(node['callee']) && node['callee']['name'] === 'describing' ? DESCRIBED : ['WORD']];
    case 'ArrayExpression':
      return formsOf(node['elements']);
    default:
      return [['WORD']];
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
