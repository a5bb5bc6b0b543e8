/** The bare system of an rpm distribution: planned from its repositories, put together by rpm, read by its own rpm. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { makeBase } from '../../../src/pipeline/rehearse-base.ts';
import { openResolution } from '../../../src/pipeline/resolution.ts';
import type { Session } from '../../../src/pipeline/session.ts';
import { unpackBase } from '../../../src/rehearse/base-root.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { copyWithLibraries } from '../../helpers/dpkg-root.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { openRpmLab } from '../../helpers/rpm-lab.ts';
import { openTestSession } from '../../helpers/test-session.ts';

const RELEASE = '5.14.0-427.13.1.el9_4.x86_64';
const MACROS = '%_dbpath /var/lib/rpm\n%_db_backend sqlite\n%_rpmlock_path /var/lib/rpm/.rpm.lock\n';
const scratch = mkdtempSync(join(tmpdir(), 'tapprep-rpm-base-'));
const lab = openRpmLab();
const gpg = new GpgHome();
let server: DirectoryServer;

/** Programs of this machine with their libraries, below /usr as EL 9 has them. */
function treeOf(name: string, programs: readonly string[]): string {
  const tree = join(scratch, 'trees', name);
  mkdirSync(tree, { recursive: true });
  for (const path of programs) copyWithLibraries(path, tree);
  for (const path of ['lib', 'lib64', 'bin']) {
    execFileSync('sh', [
      '-c',
      '[ ! -d "$1/$2" ] || { mkdir -p "$1/usr/$2" && cp -a "$1/$2/." "$1/usr/$2/" && rm -r "${1:?}/$2"; }',
      'sh',
      tree,
      path,
    ]);
  }
  return tree;
}

beforeAll(async () => {
  const key = gpg.makeKey('Lab Linux', 'rsa2048');
  const bash = treeOf('bash', ['/bin/bash']);
  symlinkSync('bash', join(bash, 'usr/bin/sh'));
  const rpm = treeOf('rpm', ['/usr/bin/rpm']);
  mkdirSync(join(rpm, 'usr/lib/rpm'), { recursive: true });
  writeFileSync(join(rpm, 'usr/lib/rpm/macros'), MACROS);
  writeFileSync(join(rpm, 'usr/lib/rpm/rpmrc'), readFileSync('/usr/lib/rpm/rpmrc'));
  const filesystem = join(scratch, 'trees/filesystem');
  mkdirSync(filesystem, { recursive: true });
  for (const link of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${link}`, join(filesystem, link));
  // A library that two of them carry belongs to the first.
  for (const path of readdirSync(bash, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.so'))) {
    rmSync(join(rpm, path), { force: true });
  }
  const post = 'local f = io.open("/usr/share/lab/ran", "w") f:write("in the root") f:close()';
  const paths = Object.values(
    lab.build({
      source: 'lab',
      version: '9.4',
      release: '1.el9',
      vendor: 'Lab Linux',
      packages: [
        {
          name: 'filesystem',
          tree: filesystem,
        },
        {
          name: 'bash',
          tree: bash,
          requires: ['filesystem'],
          provides: ['/bin/sh'],
        },
        {
          name: 'coreutils',
          tree: treeOf('coreutils', ['/usr/bin/cat']),
          requires: ['filesystem', '/bin/sh'],
        },
        {
          name: 'rpm',
          tree: rpm,
          requires: ['filesystem', 'coreutils'],
          post,
        },
        {
          name: 'setup',
          requires: ['system-release'],
        },
        {
          name: 'rocky-release',
          requires: ['setup'],
          provides: ['system-release = 9.4'],
          files: { '/etc/os-release': 'ID="rocky"\nVERSION_ID="9.4"\n' },
        },
        { name: 'not-needed' },
      ],
    }),
  );
  lab.signAll(paths, gpg, key);
  server = await serveDirectory(lab.makeRepository('os', paths));
  const trust = { metadata: 'unsigned', packages: 'signed', keys: ['lab'], keyrings: [key.armored] };
  const entry = {
    id: 'lab-os',
    versions: ['9.*'],
    kind: 'rpm-md',
    urls: [server.url],
    content: ['devel', 'toolchain'],
    state: {
      status: 'live',
      since: null,
    },
    verified: null,
    reason: 'made for a test',
  };
  const groups = [{ title: 'Lab', distros: ['rocky'], vendor: 'Lab Linux', trust, entries: [entry] }];
  const keys = { lab: { fingerprint: key.fingerprint, name: 'lab', expires: null, verified: null } };
  writeFileSync(join(scratch, 'mirrors.json'), JSON.stringify({ format: 'tapprep-mirrors/1', keys, groups }));
});
afterAll(async () => {
  await server.close();
  lab.close();
  gpg.close();
  rmSync(scratch, { recursive: true });
});

function openLab(): Promise<Session> {
  return openTestSession(join(scratch, 'cache'), {
    mirrorFiles: [join(scratch, 'mirrors.json')],
    offline: false,
    now: () => Date.UTC(2026, 10, 27),
  });
}

test('is what its programs need and no more, its scripts ran in it, and its own rpm knows every package', async () => {
  const session = await openLab();
  const facts = declareFacts({ distro: 'rocky:9.4', release: RELEASE, arch: 'x86_64', unameV: null });
  const target = identifyTarget(facts);
  const resolution = await openResolution(
    session,
    { host: null, facts, target },
    { roles: { image: false, debuginfo: false, systemtap: 'distro' }, allowExpiredRelease: false, installed: null },
  );
  const rootsDir = join(scratch, 'roots');
  mkdirSync(rootsDir);
  const tar = await makeBase(session, target, resolution, rootsDir);
  expect(await makeBase(session, target, resolution, rootsDir)).toBe(tar);
  expect(readdirSync(rootsDir)).toHaveLength(1);

  const root = join(scratch, 'root');
  await unpackBase(session.local, tar, root, session.signal);
  const listed = execFileSync('chroot', [root, 'rpm', '-qa', '--qf', '%{NAME} %{VENDOR}\n'], { encoding: 'utf8' });
  const names = ['bash', 'coreutils', 'filesystem', 'rocky-release', 'rpm', 'setup'];
  expect(listed.trim().split('\n').toSorted()).toEqual(names.map((name) => `${name} Lab Linux`));
  expect(readFileSync(join(root, 'usr/share/lab/ran'), 'utf8')).toBe('in the root');
  expect(readFileSync(join(root, 'etc/os-release'), 'utf8')).toContain('rocky');
  expect(readdirSync(join(root, 'var/tmp'))).toEqual([]);
});
