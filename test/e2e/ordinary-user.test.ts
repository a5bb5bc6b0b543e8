/** Who is not root, with a home, a configuration and a cache of his own: plans, fetches and packs as the README says. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../helpers/directory-server.ts';
import { GpgHome } from '../helpers/gpg.ts';

const NOBODY = 65534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const lab = new DebLab(new GpgHome());
const release = '5.10.0-99-cloud-amd64';
const cli = new Cli();
/** Not in the directory of the tests, which is root's alone. */
const home = mkdtempSync('/var/tmp/tapprep-ordinary-user-');
let server: DirectoryServer;

beforeAll(async () => {
  const key = lab.gpg.makeKey('archive', 'rsa2048');
  const linux = { Source: 'linux' };
  const packages = [
    lab.build(`linux-headers-${release}`, '5.10.299-1', linux, 'gzip', { 'usr/src/headers': 'headers' }),
    lab.build(`linux-image-${release}-dbg`, '5.10.299-1', linux, 'gzip', { 'usr/lib/debug/vmlinux': 'dwarf' }),
    lab.build('systemtap', '4.4-2', {}, 'gzip', { 'usr/bin/no-stap': 'x' }),
    lab.build('gcc', '4:10.2.1-1'),
    lab.build('make', '4.3-4'),
  ];
  const dated = { Codename: 'bullseye', Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
  lab.writeArchive('archive', { suite: 'bullseye', packages, key, release: dated });
  server = await serveDirectory(join(lab.directory, 'archive'));
  const config = join(home, '.config/tapprep');
  mkdirSync(config, { recursive: true });
  copyFileSync(key.keyring, join(home, 'archive.gpg'));
  const entry = {
    id: 'archive',
    versions: ['11'],
    kind: 'deb',
    urls: [server.url],
    suites: ['bullseye'],
    components: ['main'],
    content: ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'],
    state: { status: 'live', since: null },
    verified: null,
    reason: 'made for a test',
  };
  const trust = { metadata: 'signed', packages: 'unsigned', keys: ['lab'], keyrings: [join(home, 'archive.gpg')] };
  const keys = { lab: { fingerprint: key.fingerprint, name: 'lab', expires: null, verified: null } };
  const groups = [{ title: 'Lab', distros: ['debian'], vendor: 'Debian', trust, entries: [entry] }];
  writeFileSync(join(config, 'mirrors.json'), JSON.stringify({ format: 'tapprep-mirrors/1', keys, groups }));
  writeFileSync(join(config, 'config.toml'), 'timeout = "50s"\n');
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, home]);
});

afterAll(async () => {
  await server.close();
  lab.close();
  cli.close();
  rmSync(home, { recursive: true, force: true });
});

function tapprep(...args: readonly string[]): Promise<CliResult> {
  const env = { HOME: home, TMPDIR: home };
  const target = ['--distro', 'debian:11', '--kernel', release, '--arch', 'x86_64', '--systemtap', 'distro'];
  return cli.start([...args, ...target], env, '', AS_NOBODY).done;
}

test('his configuration counts', async () => {
  const { done } = cli.start(['config', 'show'], { HOME: home, TMPDIR: home }, '', AS_NOBODY);
  const { code, stdout } = await done;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/timeout +50s? .*config\.toml/)]);
});

test('he plans into a cache of his own', async () => {
  const { code, stdout, stderr } = await tapprep('plan', '--json');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('CACHE_UNUSABLE')]);
  expect(stdout).toContain(`linux-headers-${release}`);
  expect(statSync(join(home, '.cache/tapprep'))).toMatchObject({ uid: NOBODY });
});

test('he fetches and packs', async () => {
  const packages = join(home, 'packages');
  expect(await tapprep('fetch', '--dest', packages)).toMatchObject({ code: 0 });
  expect(readdirSync(packages)).toContain('SHA256SUMS');
  const out = join(home, 'kernel.tar');
  expect(await tapprep('bundle', '--out', out)).toMatchObject({ code: 0 });
  expect(statSync(out)).toMatchObject({ uid: NOBODY });
});
