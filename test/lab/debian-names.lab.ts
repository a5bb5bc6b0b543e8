/** Every linux-headers of the Debian archive of today, of all suites and architectures: named from its release alone. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { declareTarget } from '../../src/detect/target.ts';
import { namePackages } from '../../src/resolve/package-names.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const scratch = mkdtempSync(join(tmpdir(), 'tapprep-names-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** From where this machine itself gets Debian: main archive and security archive. */
function ownArchives(): { readonly main: string; readonly security: string } {
  const listed = execFileSync(
    'apt-get',
    ['indextargets', '--format', '$(CODENAME) $(REPO_URI)', 'Created-By: Packages'],
    { encoding: 'utf8' },
  );
  const rows = listed.split('\n').map((line) => line.split(' '));
  const find = (pattern: RegExp): string => rows.find(([name]) => pattern.test(name ?? ''))?.[1] ?? '';
  return { main: find(/^[a-z]+$/), security: find(/-security$/) };
}

const { main, security } = ownArchives();
const SUITES: readonly (readonly [suite: string, archive: string, version: string | null])[] = [
  ['bullseye', main, '11'],
  ['bullseye-security', security, '11'],
  ['bookworm', main, '12'],
  ['bookworm-backports', main, '12'],
  ['bookworm-security', security, '12'],
  ['trixie', main, '13'],
  ['trixie-backports', main, '13'],
  ['trixie-security', security, '13'],
  ['forky', main, null],
  ['sid', main, null],
  ['experimental', main, null],
];

/** Null where it is not there. */
async function find(url: string): Promise<Buffer | null> {
  const answer = await fetch(url);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Digest and path of each Packages.xz of main that the signed InRelease names, with its architecture. */
async function readSigned(archive: string, suite: string): Promise<readonly (readonly [string, string, string])[]> {
  const [signed, plain] = [join(scratch, 'InRelease'), join(scratch, 'Release')];
  const index = await find(`${archive}dists/${suite}/InRelease`);
  if (index === null) throw new Error(`${archive} has no ${suite}`);
  writeFileSync(signed, index);
  rmSync(plain, { force: true });
  execFileSync('gpgv', ['--quiet', '--keyring', KEYRING, '--output', plain, signed], { stdio: 'ignore' });
  const text = execFileSync('cat', [plain], { encoding: 'utf8' });
  return Array.from(
    text.matchAll(/^ ([0-9a-f]{64}) +\d+ (main\/binary-([a-z0-9]+)\/Packages\.xz)$/gm),
    ([, digest = '', path = '', arch = '']) => [digest, path, arch] as const,
  );
}

interface Headers {
  readonly release: string;
  readonly arch: string;
}

/** Those of one kernel each: what depends on the half that all flavours share. A metapackage depends on another one. */
function findHeaders(index: string): readonly Headers[] {
  return index.split('\n\n').flatMap((paragraph) => {
    const [, release] = /^Package: linux-headers-(\d\S*)$/m.exec(paragraph) ?? [];
    const [, arch = ''] = /^Architecture: (\S+)$/m.exec(paragraph) ?? [];
    return release !== undefined && /^Depends: .*linux-headers-\S+-common/m.test(paragraph) ? [{ release, arch }] : [];
  });
}

test.each(SUITES)('every linux-headers of %s is named', async (suite, archive, version) => {
  const seen: string[] = [];
  const wrong: string[] = [];
  const absent: string[] = [];
  for (const [digest, path, arch] of await readSigned(archive, suite)) {
    if (arch === 'all') continue;
    // By its digest, for a mirror is often a moment behind its own signature. Long-term support drops architectures.
    const packed = await find(`${archive}dists/${suite}/${path.replace('Packages.xz', `by-hash/SHA256/${digest}`)}`);
    if (packed === null && arch !== 'amd64') {
      absent.push(arch);
      continue;
    }
    if (packed === null) throw new Error(`${archive} has no ${path} of ${suite}`);
    expect([path, createHash('sha256').update(packed).digest('hex')]).toEqual([path, digest]);
    const index = execFileSync('xz', ['-dc'], { input: packed, maxBuffer: 1e9, encoding: 'utf8' });
    for (const { release, arch: own } of findHeaders(index)) {
      seen.push(`${release} ${own}`);
      const host = { distro: 'debian', version, kernel: release, arch: own, unameV: null };
      const named = namePackages(declareTarget(host, 'listed'));
      const headers = named.find(({ role }) => role === 'headers');
      if (headers?.name !== `linux-headers-${release}` || headers.arch !== own)
        wrong.push(`${release} ${own}: ${headers?.name ?? 'nothing'} ${headers?.arch ?? ''}`);
    }
  }
  process.stdout.write(
    `${suite}: ${seen.length} kernels${absent.length === 0 ? '' : `, not there: ${absent.join(' ')}`}\n`,
  );
  expect(wrong).toEqual([]);
  // A suite of backports may be empty; what is in none of them would make this test nothing.
  expect(seen.length).toBeGreaterThan(suite.includes('-') || suite === 'experimental' ? -1 : 0);
});
