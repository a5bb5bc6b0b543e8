import { expect, test } from 'vitest';
import { journalSchema } from '../../../src/install/journal-schema.ts';
import type { Journal } from '../../../src/install/journal.ts';
import { spoiledForms } from '../../helpers/spoiled.ts';

const journal = {
  schema: 'tapprep-journal/1',
  entries: [
    {
      at: '2026-11-29T10:00:00.000Z',
      tapprep: '0.1.0',
      release: '6.1.0-18-amd64',
      manager: 'dpkg',
      state: 'done',
      packages: [{ name: 'gcc-12', version: '12.2.0-14+deb12u1', arch: 'amd64' }],
      replaced: [{ name: 'make', from: '4.3-1', to: '4.3-4.1' }],
      files: ['/opt/tapprep/systemtap 5.1'],
    },
  ],
} as const satisfies Journal;
const [entry] = journal.entries;

test('a journal is read as it was written, with what a later version of the same form added', () => {
  expect(journalSchema.parse(journal)).toEqual(journal);
  const more = { ...journal, entries: [{ ...entry, more: 1 }], more: { a: [] } };
  expect(journalSchema.parse(more)).toEqual(more);
});

test('a journal from before a target could have both package databases has no manager', () => {
  const { manager: _, ...older } = entry;
  expect(journalSchema.parse({ ...journal, entries: [older] })).toEqual({ ...journal, entries: [older] });
});

const { 'entries.0.manager missing': _, ...forms } = Object.fromEntries(spoiledForms(journal));
test.each(Object.entries(forms))('a journal with %s is none', (_name, form) => {
  expect(journalSchema.safeParse(form).success).toBe(false);
});

test.each<[string, unknown]>([
  ['of a future version', { ...journal, schema: 'tapprep-journal/2' }],
  ['that is null', null],
  ['that is a list', [journal]],
  ['with a state of nobody', { ...journal, entries: [{ ...entry, state: 'half' }] }],
  ['with a manager of nobody', { ...journal, entries: [{ ...entry, manager: 'pacman' }] }],
  [
    'with an option for a package',
    { ...journal, entries: [{ ...entry, packages: [{ ...entry.packages[0], name: '--all' }] }] },
  ],
  ['with a relative path', { ...journal, entries: [{ ...entry, files: ['opt/tapprep'] }] }],
  ['with a path that climbs', { ...journal, entries: [{ ...entry, files: ['/opt/../etc'] }] }],
  ['with a line break in a path', { ...journal, entries: [{ ...entry, files: ['/opt/a\nb'] }] }],
])('a journal %s is none', (_name, form) => {
  expect(journalSchema.safeParse(form).success).toBe(false);
});
