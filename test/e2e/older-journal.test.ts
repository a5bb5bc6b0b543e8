/** After an upgrade of tapprep: what an earlier version installed and wrote down is taken away by this one. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { makeDpkgRunRoot } from '../helpers/dpkg-root.ts';
import { GpgHome } from '../helpers/gpg.ts';

const RELEASE = '5.10.0-99-cloud-amd64';
const HEADERS = `linux-headers-${RELEASE}`;
const FOLDER = '/opt/tapprep/systemtap-5.1';
const scratch = mkdtempSync(join(tmpdir(), 'e2e-older-journal-'));
const gpg = new GpgHome();
const lab = new DebLab(gpg);
const cli = new Cli();
const key = gpg.makeKey('archive', 'rsa2048');
const [before, added] = ['base-files', HEADERS].map((name) =>
  lab.build(name, '5.10.299-1', { Source: 'linux' }, 'gzip', { [`usr/share/${name}`]: name }),
);
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(scratch, 'root-'));
  makeDpkgRunRoot(root, { url: 'http://127.0.0.1:9/', suite: 'bullseye', keyring: key.keyring });
  execFileSync('dpkg', ['--root', root, '--force-depends', '--install', before ?? '', added ?? ''], { stdio: 'pipe' });
  mkdirSync(join(root, FOLDER), { recursive: true });
  writeFileSync(join(root, FOLDER, 'manifest.json'), '{"schema": "tapprep-systemtap/1"}\n');
  mkdirSync(join(root, 'var/lib/tapprep'), { recursive: true });
});
afterAll(() => {
  cli.close();
  lab.close();
  gpg.close();
  rmSync(scratch, { recursive: true });
});

/** As the first version that had a journal wrote an entry: without the package manager's name, mends and what nobody signed. */
const FIRST = {
  at: '2026-10-02T10:00:00.000Z',
  tapprep: '0.0.1',
  release: RELEASE,
  state: 'done',
  packages: [{ name: HEADERS, version: '5.10.299-1', arch: 'amd64' }],
  replaced: [],
  files: [FOLDER],
};

test.each([
  ['the first that had one', [FIRST]],
  ['the first, cut off before its end', [{ ...FIRST, state: 'started' }]],
  [
    'two, one after the other',
    [
      { ...FIRST, files: [] },
      { ...FIRST, at: '2026-11-01T10:00:00.000Z', tapprep: '0.0.9', manager: 'dpkg', packages: [] },
    ],
  ],
])('a journal of %s', async (_name, entries) => {
  writeFileSync(
    join(root, 'var/lib/tapprep/journal.json'),
    `${JSON.stringify({ schema: 'tapprep-journal/1', entries }, null, 2)}\n`,
  );
  const { code, stderr } = await cli.run(['remove', '--root', root, '--purge', '--yes']);
  expect([code, stderr.includes('tapprep: ')]).toEqual([0, false]);
  const status = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8');
  expect([status.includes(`Package: ${HEADERS}\n`), status.includes('Package: base-files\n')]).toEqual([false, true]);
  const gone = [`/usr/share/${HEADERS}`, FOLDER, '/opt/tapprep', '/var/lib/tapprep'];
  expect(gone.filter((path) => existsSync(join(root, path)))).toEqual([]);
});
