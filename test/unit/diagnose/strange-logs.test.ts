import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderDiagnoses } from '../../../src/cli/render/diagnoses.ts';
import { diagnose, explainExcerpt } from '../../../src/diagnose/diagnose.ts';
import { FAULTS } from '../../../src/diagnose/faults.ts';
import { LogExcerpt } from '../../../src/diagnose/log-excerpt.ts';
import { NEEDLES } from '../../../src/diagnose/rules.ts';

const FAILED =
  'Checking "/lib/modules/5.14.0-70.el9.x86_64/build/.config" failed with error: No such file or directory';

test('what tapprep itself printed is no failure of its own', () => {
  const printed = renderDiagnoses(
    diagnose({ log: `${FAILED}\nERROR: Couldn't insert module 'x.ko': Required key not available` }),
  );
  expect(printed).toContain('DEVEL_MISSING');
  expect(diagnose({ log: printed })).toEqual([]);
  expect(diagnose({ log: `$ echo '${FAILED}' | tapprep explain -\n${printed}` })).toEqual([]);
});

test('neither is what its documents and pages quote', () => {
  const pages = Object.entries(FAULTS).flatMap(([code, { summary, page }]) => [code, summary, ...Object.values(page)]);
  expect(diagnose({ log: pages.join('\n') })).toEqual([]);
  for (const path of ['README.md', 'CONTRIBUTING.md', ...globSync('docs/{diagnosis,bundle,hosts,fleet}.md')]) {
    expect([path, diagnose({ log: readFileSync(path, 'utf8') })]).toEqual([path, []]);
  }
});

test('a failure beside what tapprep printed of another is still seen', () => {
  const printed = renderDiagnoses(
    diagnose({ log: "ERROR: Couldn't insert module 'x.ko': Required key not available" }),
  );
  expect(diagnose({ log: `${printed}\n${FAILED}` }).map(({ code }) => code)[0]).toBe('DEVEL_MISSING');
});

test('a hundred megabytes in one line are read in bounded memory, and what stands at their end is found', () => {
  const excerpt = new LogExcerpt(NEEDLES);
  const block = Buffer.alloc(1_000_000, 'configure: checking ');
  for (let megabyte = 0; megabyte < 100; megabyte += 1) excerpt.push(block);
  excerpt.push(Buffer.from(` ${FAILED}`));
  const text = excerpt.finish();
  expect(text.length).toBeLessThan(3_000_000);
  expect(explainExcerpt(text, null, null).diagnoses[0]?.code).toBe('DEVEL_MISSING');
});
