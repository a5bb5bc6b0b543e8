import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNameGraph } from '../../../../src/resolve/deb/name-graph.ts';

interface Made {
  readonly name: string;
  readonly depends: readonly string[];
  readonly provides: readonly string[];
}

function paragraph({ name, depends, provides }: Made): string {
  const lines = [`Package: ${name}`, 'Version: 1'];
  if (depends.length > 0)
    lines.push(
      `Depends: ${depends.map((other, at) => (at % 2 === 0 ? `${other} (>= 1)` : `${other}:any | ${other}`)).join(', ')}`,
    );
  if (provides.length > 0) lines.push(`Provides: ${provides.join(', ')}`);
  return [...lines, 'Description: depends on nothing, provides less'].join('\n');
}

/** The same, slowly and by names. */
function reachSlowly(packages: readonly Made[], roots: readonly string[]): ReadonlySet<string> {
  const reached = new Set(roots);
  for (let before = -1; before !== reached.size;) {
    before = reached.size;
    for (const { name, depends, provides } of packages) {
      if (provides.some((other) => reached.has(other))) reached.add(name);
      if (reached.has(name)) for (const other of depends) reached.add(other);
    }
  }
  return reached;
}

test('reaches the same names as a plain walk', () => {
  const name = fc.constantFrom(...'abcdefghijklmnop'.split('').map((letter) => `lib${letter}`));
  const made = fc.record({
    name,
    depends: fc.array(name, { maxLength: 3 }),
    provides: fc.array(name, { maxLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(made, { maxLength: 20 }), fc.array(name, { maxLength: 2 }), (packages, roots) => {
      const graph = createNameGraph();
      for (const each of packages) graph.add(paragraph(each));
      const reached = graph.reach(roots);
      const expected = reachSlowly(packages, roots);
      for (const letter of 'abcdefghijklmnop') {
        expect([letter, reached.has(`lib${letter}`)]).toEqual([letter, expected.has(`lib${letter}`)]);
      }
    }),
  );
});

test('reads Pre-Depends, folded blanks, qualifiers and build profiles; passes over what begins otherwise', () => {
  const graph = createNameGraph();
  graph.add('Package: root\nPre-Depends: one(>= 1)|two\t, three:any [amd64]\nDepends:  four <!x>');
  graph.add('Version: 1\nPackage: four\nDepends: five');
  const reached = graph.reach(['root']);
  expect(['one', 'two', 'three', 'four', 'five', 'amd64'].map((name) => reached.has(name))).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});
