import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { openRpmLab } from '../helpers/rpm-lab.ts';

// The original need: CentOS 6.8, 2.6.32-642.el6.x86_64, and its three files wherever mirrors keep them. A replica of the
// mirrors' layouts: flat debuginfo listings without metadata, and vaults with repodata whose checksums are SHA-1.
const RELEASE = '2.6.32-642.el6.x86_64';
const lab = openRpmLab();
const gpg = new GpgHome();
const cli = new Cli();
const web = join(lab.directory, 'web');
const list = join(cli.home, 'replica.json');
let nginx: Nginx;
let gone: string[] = [];

beforeAll(async () => {
  const key = gpg.makeKey('centos-replica', 'rsa2048');
  const built = lab.build({
    source: 'linux-replica',
    version: '2.6.32',
    release: '642.el6',
    vendor: 'CentOS',
    packages: [
      { name: 'kernel', provides: [`kernel-uname-r = ${RELEASE}`] },
      { name: 'kernel-devel', provides: [`kernel-devel-uname-r = ${RELEASE}`] },
      { name: 'kernel-debuginfo', requires: ['kernel-debuginfo-common-x86_64 = 2.6.32-642.el6'] },
      { name: 'kernel-debuginfo-common-x86_64' },
    ],
  });
  for (const path of Object.values(built)) lab.sign(path, gpg, key);
  const named = (name: string): string => built[name] ?? '';
  for (const flat of ['berkeley', 'debuginfo', 'third']) {
    mkdirSync(join(web, flat), { recursive: true });
    for (const name of ['kernel-debuginfo', 'kernel-debuginfo-common-x86_64'])
      cpSync(named(name), join(web, flat, basename(named(name))));
  }
  for (const vault of ['vault', 'second-vault']) {
    const made = lab.makeRepository(vault, ['kernel', 'kernel-devel'].map(named), ['--checksum=sha']);
    cpSync(made, join(web, vault), { recursive: true });
  }
  nginx = await serveNginx(web);
  const trust = { metadata: 'unsigned', packages: 'signed', keys: ['replica'], keyrings: [key.keyring] };
  const entry = (id: string, kind: string, content: readonly string[]): object => ({
    id,
    versions: ['6.*'],
    kind,
    urls: [`${nginx.url}${id}/`],
    content,
    state: { status: 'live', since: null },
    verified: { source: 'a replica made by this test', date: null },
  });
  writeFileSync(
    list,
    JSON.stringify({
      format: 'tapprep-mirrors/1',
      keys: {
        replica: {
          fingerprint: key.fingerprint,
          name: 'replica',
          expires: null,
          verified: { source: 'made by this test', date: null },
        },
      },
      groups: [
        {
          title: 'Replica',
          distros: ['centos'],
          vendor: 'CentOS',
          trust,
          entries: [
            entry('berkeley', 'listing', ['debuginfo']),
            entry('debuginfo', 'listing', ['debuginfo']),
            entry('third', 'listing', ['debuginfo']),
            entry('vault', 'rpm-md', ['devel', 'image']),
            entry('second-vault', 'rpm-md', ['devel', 'image']),
          ],
        },
      ],
    }),
  );
});

function takeAway(...names: readonly string[]): void {
  for (const name of names) renameSync(join(web, name), join(web, `.${name}`));
  gone = [...names];
}

afterEach(() => {
  for (const name of gone) renameSync(join(web, `.${name}`), join(web, name));
  gone = [];
});

afterAll(async () => {
  await nginx.close();
  lab.close();
  cli.close();
});

async function planSources(): Promise<readonly string[]> {
  const result = await cli.run([
    'plan',
    '--distro',
    'centos:6.8',
    '--kernel',
    RELEASE,
    '--mirrors',
    list,
    '--cache-dir',
    join(cli.home, `cache-${Math.random()}`),
    '--json',
  ]);
  expect(result.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  const { items } = JSON.parse(result.stdout) as {
    items: { role: string; name: string; version: string; urls: string[] }[];
  };
  return items
    .filter(({ role }) => role !== 'systemtap')
    .map(({ name, version, urls }) => `${name} ${version} ${(urls[0] ?? '').slice(nginx.url.length).split('/')[0]}`)
    .toSorted();
}

const V = '2.6.32-642.el6';

test.each([
  ['every source is there', [], 'berkeley', 'vault'],
  ['the first debuginfo source is gone', ['berkeley'], 'debuginfo', 'vault'],
  ['the first two are gone', ['berkeley', 'debuginfo'], 'third', 'vault'],
  ['the first vault is gone', ['vault'], 'berkeley', 'second-vault'],
])('the three files are found when %s', async (_name, missing, debuginfo, devel) => {
  takeAway(...missing);
  expect(await planSources()).toEqual([
    `kernel-debuginfo ${V} ${debuginfo}`,
    `kernel-debuginfo-common-x86_64 ${V} ${debuginfo}`,
    `kernel-devel ${V} ${devel}`,
  ]);
});

test('what the plan names is fetched and passes the signature of the pinned key', async () => {
  const dest = join(cli.home, 'packages');
  const result = await cli.run([
    'fetch',
    '--distro',
    'centos:6.8',
    '--kernel',
    RELEASE,
    '--mirrors',
    list,
    '--dest',
    dest,
    '--json',
  ]);
  expect(result.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  const { files } = JSON.parse(result.stdout) as { files: { file: string; signer: string }[] };
  expect(files.map(({ file }) => file).toSorted()).toEqual([
    `kernel-debuginfo-${RELEASE}.rpm`,
    `kernel-debuginfo-common-x86_64-${RELEASE}.rpm`,
    `kernel-devel-${RELEASE}.rpm`,
  ]);
  expect(new Set(files.map(({ signer }) => signer)).size).toBe(1);
});
