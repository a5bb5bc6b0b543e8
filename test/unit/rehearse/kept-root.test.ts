import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildKeptRoot, findKeptRoot, forgetKeptRoots, listKeptRoots } from '../../../src/rehearse/kept-root.ts';
import { spoiledForms } from '../../helpers/spoiled.ts';

const roots = mkdtempSync(join(tmpdir(), 'tapprep-roots-'));
afterAll(() => rmSync(roots, { recursive: true }));
const WHOLE = 'debian-12-6.1.0-18-amd64';
const HALF = 'debian-12-6.1.0-17-amd64';
const build = (name: string): Promise<unknown> =>
  buildKeptRoot(roots, name, (directory) => {
    mkdirSync(join(directory, 'etc'), { recursive: true });
    return Promise.resolve({ base: [], key: `key of ${name}` });
  });

test('a root is kept with its key; one whose making ended half-way is none', async () => {
  await build(WHOLE);
  expect(await findKeptRoot(roots, WHOLE)).toEqual({
    directory: join(roots, WHOLE),
    base: [],
    key: `key of ${WHOLE}`,
  });
  const failed = buildKeptRoot(roots, HALF, (directory) => {
    mkdirSync(directory);
    return Promise.reject(new Error('half-way'));
  });
  await expect(failed).rejects.toThrow('half-way');
  expect(await findKeptRoot(roots, HALF)).toBe(null);
  expect(await listKeptRoots(roots)).toEqual([WHOLE]);
});

test('roots are forgotten before they are removed, so that one removed in part is never taken for whole, and a file of others stays', async () => {
  await build(WHOLE);
  writeFileSync(join(roots, 'foreign.json'), '{}');
  await forgetKeptRoots(roots);
  expect(await listKeptRoots(roots)).toEqual([]);
  expect(await findKeptRoot(roots, WHOLE)).toBe(null);
  expect(existsSync(join(roots, 'foreign.json'))).toBe(true);
  expect(existsSync(join(roots, WHOLE, 'etc')), 'it is the caller who removes').toBe(true);
});

const whole = { schema: 'tapprep-root/1', key: 'k', base: [{ name: 'gcc-12', version: '12.2.0-14', arch: 'amd64' }] };

test('a root is read as it was written', async () => {
  writeFileSync(join(roots, 'read.json'), JSON.stringify(whole));
  expect(await findKeptRoot(roots, 'read')).toMatchObject({ key: 'k', base: whole.base });
});

test.each<[string, unknown]>([...spoiledForms(whole), ['a future version', { ...whole, schema: 'tapprep-root/2' }]])(
  'a root whose record has %s is none',
  async (_name, form) => {
    writeFileSync(join(roots, 'read.json'), JSON.stringify(form));
    expect(await findKeptRoot(roots, 'read')).toBe(null);
  },
);
