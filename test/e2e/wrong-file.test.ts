/** A file in the place of another kind of file, and what is not there: told before any work, with the line that was meant. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DebLab } from '../helpers/deb-lab.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { Cli } from '../helpers/cli.ts';
import { writeRealBundle } from '../helpers/sample-bundle.ts';

const work = mkdtempSync(join(tmpdir(), 'e2e-wrong-file-'));
const lab = new DebLab(new GpgHome());
const cli = new Cli();
const root = join(work, 'root');
mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
mkdirSync(join(root, 'etc'));
writeFileSync(join(root, 'var/lib/dpkg/status'), '');
writeFileSync(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
afterAll(() => {
  cli.close();
  lab.close();
  rmSync(work, { recursive: true, force: true });
});

const KERNEL = '6.1.0-18-amd64';
const target = ['--root', root, '--kernel', KERNEL];
const named = target.join(' ');

async function makeBundle(): Promise<string> {
  const out = join(work, 'b.tar');
  await writeRealBundle(out, [{ file: lab.build('tool', '1-1'), name: 'tool', version: '1-1' }]);
  return out;
}

test('a bundle in the place of a lock gets the line that takes it, however large it is', async () => {
  const bundle = await makeBundle();
  const { code, stderr } = await cli.run(['install', ...target, '--lock', bundle]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`BAD_LOCK: ${bundle} is a bundle`)]);
  expect(stderr).toContain(`try: tapprep install --bundle ${bundle} ${named}\n`);
  const large = join(work, 'large');
  execFileSync('truncate', ['--size=70M', large]);
  const refused = await cli.run(['install', ...target, '--lock', large]);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining(`BAD_LOCK: ${large} is larger than any lock`),
  ]);
});

test('what is no lock is told with the line that writes one', async () => {
  writeFileSync(join(work, 'lock'), '{');
  const { stderr } = await cli.run(['install', ...target, '--lock', join(work, 'lock')]);
  expect(stderr).toMatch(/BAD_LOCK: \S+ is no JSON\n {2}try: tapprep plan --out FILE --root .* # writes one/);
});

test('a bundle that was compressed is told how it becomes one again', async () => {
  const bundle = await makeBundle();
  execFileSync('gzip', [bundle]);
  const { code, stderr } = await cli.run(['install', ...target, '--bundle', `${bundle}.gz`]);
  expect([code, stderr]).toEqual([4, expect.stringContaining('is compressed by gzip')]);
  expect(stderr).toContain(`try: gunzip --keep ${bundle}.gz\n`);
});

test('a key that gpg does not have is told before anything is planned', async () => {
  const mirror = ['--mirror', 'deb=http://127.0.0.1:9/gone/'];
  const out = ['--out', join(work, 'signed.tar'), '--sign-key', 'nobody@example.org'];
  const { code, stderr } = await cli.run(['bundle', ...target, ...mirror, ...out]);
  expect([code, stderr]).toEqual([4, expect.stringMatching(/^tapprep: UNKNOWN_KEY: gpg has no secret key nobody@/)]);
});

test('a cache that is not there is not told to have been emptied', async () => {
  const none = join(work, 'tapprep');
  const { code, stdout } = await cli.run(['cache', 'clean', '--cache-dir', none]);
  expect([code, stdout]).toEqual([0, `nothing to remove: there is no cache ${none}\n`]);
  mkdirSync(none);
  expect((await cli.run(['cache', 'clean', '--cache-dir', none])).stdout).toBe('removed 0 files, 0 B\n');
});

test.each<readonly [string, readonly string[], string]>([
  ['a report of no known form', ['doctor', '--report=x.pdf', ...target], `tapprep doctor '--report=x.html' ${named}`],
  [
    'a directory that is no cache',
    ['plan', ...target, '--cache-dir', '/etc'],
    `tapprep plan ${named} --cache-dir /etc/tapprep`,
  ],
  ['no mirror', ['plan', ...target, '--mirror', 'foo=http://x/'], 'tapprep plan --help'],
  ['no host', ['detect', '--host=-x'], 'tapprep detect --help'],
  ['no distribution', ['plan', '--distro', 'de bian', '--kernel', KERNEL], 'tapprep plan --help'],
  ['no banner', ['plan', '--banner', 'none'], 'tapprep plan --help'],
  ['a list that is not there', ['plan', ...target, '--mirrors', join(work, 'no/list')], `ls -ld ${work}`],
  ['a root that is not there', ['plan', '--root', join(work, 'no/root')], `ls -ld ${work}`],
  [
    'facts that are not there',
    ['plan', '--facts', join(work, 'none')],
    'tapprep detect --json >facts.json    # on that machine',
  ],
])('%s: what is printed to try is a whole command', async (_, line, hint) => {
  expect((await cli.run(line)).stderr).toContain(`\n  try: ${hint}\n`);
});
