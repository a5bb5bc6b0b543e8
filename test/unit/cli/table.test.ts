import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput } from '../../../src/cli/output.ts';
import { renderTable } from '../../../src/cli/render/table.ts';

const HEADER = ['NAME', 'SHOWS'];
const ROWS = [
  ['icmp', 'pings'],
  ['tcp-accept', 'who is connected to, by which program and from which address'],
  ['mirror', 'https://packages.example.org/debian/dists/bookworm/InRelease'],
];

const render = (columns: number | null): readonly string[] => renderTable(HEADER, ROWS, columns).split('\n');

test('without a terminal, and on one that is wide enough, a row is a line', () => {
  expect(render(null)).toEqual([
    'NAME        SHOWS',
    'icmp        pings',
    'tcp-accept  who is connected to, by which program and from which address',
    'mirror      https://packages.example.org/debian/dists/bookworm/InRelease',
  ]);
  expect(render(72)).toEqual(render(null));
});

test('on a narrower one sentences go on beside the other cells, and what cannot be broken stands whole in a line of its own', () => {
  expect(render(50)).toEqual([
    'NAME        SHOWS',
    'icmp        pings',
    'tcp-accept  who is connected to, by which program',
    '            and from which address',
    'mirror',
    '    https://packages.example.org/debian/dists/bookworm/InRelease',
  ]);
});

test('where the others leave no room it stands under them', () => {
  expect(render(30)).toEqual([
    'NAME        SHOWS',
    'icmp        pings',
    'tcp-accept',
    '    who is connected to, by',
    '    which program and from',
    '    which address',
    'mirror',
    '    https://packages.example.org/debian/dists/bookworm/InRelease',
  ]);
});

test('a last cell that is empty takes no line of its own', () => {
  expect(renderTable(HEADER, [['a-name-that-takes-all-of-the-width', '']], 20).split('\n')).toEqual([
    'NAME',
    '    SHOWS',
    'a-name-that-takes-all-of-the-width',
  ]);
});

test('the width is that of the terminal which an output is, at every moment', () => {
  const terminal = Object.assign(new PassThrough(), { columns: 100 });
  const output = createOutput(terminal);
  expect(output.columns).toBe(100);
  terminal.columns = 60;
  expect(output.columns).toBe(60);
  expect(createOutput(new PassThrough()).columns).toBe(null);
  // A terminal of which nobody said the size.
  terminal.columns = 0;
  expect(output.columns).toBe(null);
});
