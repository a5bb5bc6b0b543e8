import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectFacts } from '../../../src/detect/facts.ts';
import { declareDistribution } from '../../../src/detect/declared-facts.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { findCurrentKernel } from '../../../src/pipeline/current-kernel.ts';
import type { Session } from '../../../src/pipeline/session.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { makeDpkgRunRoot } from '../../helpers/dpkg-root.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { kernelBuild, openRpmLab } from '../../helpers/rpm-lab.ts';
import { openTestSession } from '../../helpers/test-session.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-current-'));
const gpg = new GpgHome();
const lab = new DebLab(gpg);
let server: DirectoryServer;
let keyring: string;

beforeAll(async () => {
  const key = gpg.makeKey('archive', 'rsa2048');
  keyring = key.keyring;
  const meta = (version: string, abi: number): string =>
    lab.build('linux-image-cloud-amd64', version, { Depends: `linux-image-5.10.0-${abi}-cloud-amd64 (= ${version})` });
  const release = { Codename: 'bullseye', Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
  const packages = [
    meta('5.10.90-1', 9),
    meta('5.10.192-1', 56),
    lab.build('linux-image-amd64', '5.10.192-1', { Depends: 'linux-image-5.10.0-57-amd64' }),
  ];
  lab.writeArchive('archive', { suite: 'bullseye', packages, key, release });
  server = await serveDirectory(join(lab.directory, 'archive'));
});

afterAll(async () => {
  await server.close();
  lab.close();
  gpg.close();
  rmSync(scratch, { recursive: true });
});

function openLab(mirrors: readonly string[] = []): Promise<Session> {
  return openTestSession(join(scratch, 'cache'), { mirrors, offline: false, now: () => Date.UTC(2026, 10, 27) });
}

test('of two kernels that the metapackage stands for the newer one is current, by number and not by letter', async () => {
  const root = join(scratch, 'root');
  makeDpkgRunRoot(root, { url: server.url, suite: 'bullseye', keyring });
  const host = createRootHost(root);
  const open = { host, facts: await collectFacts(host) };
  expect(await findCurrentKernel(await openLab(), open, { allowExpiredRelease: false })).toBe('5.10.0-56-cloud-amd64');
});

test('where no host can be resolved, what to look at is told', async () => {
  const root = join(scratch, 'unresolved');
  makeDpkgRunRoot(root, { url: 'http://no.such.invalid/', suite: 'bullseye', keyring });
  const session = await openLab();
  // With this machine as the host its own archive is not asked beside: it would be the real one.
  const open = { host: session.local, facts: await collectFacts(createRootHost(root)) };
  const failure = await failureOf(findCurrentKernel(session, open, { allowExpiredRelease: false }));
  expect(failure).toMatchObject({ code: 'NETWORK', facts: { hosts: ['no.such.invalid'] } });
  expect(failure.hint).toContain('getent hosts no.such.invalid');
});

test('of a distribution whose metapackage is not known it is not guessed', async () => {
  const open = { host: null, facts: declareDistribution('devuan:5', null) };
  const failure = await failureOf(
    openLab().then((session) => findCurrentKernel(session, open, { allowExpiredRelease: false })),
  );
  expect(failure.code).toBe('CUSTOM_KERNEL_NO_PACKAGE');
  expect(failure.message).toBe(
    'the current kernel of devuan is not known: only those of debian and ubuntu are looked up',
  );
});

test('of an rpm distribution it is the newest kernel of the nearest repositories, by version and not by letter', async () => {
  const rpms = openRpmLab();
  const builds = ['427.9.1.el9_4', '427.13.1.el9_4'].map((release) => kernelBuild('5.14.0', release));
  const uek = {
    source: 'kernel-uek',
    version: '5.15.0',
    release: '206.153.7.el9uek',
    packages: [
      {
        name: 'kernel-uek-core',
        provides: ['kernel-uek-uname-r = 5.15.0-206.153.7.el9uek.x86_64'],
      },
    ],
  };
  const suse = {
    source: 'linux',
    version: '6.4.0',
    release: '150600.23.7.3',
    packages: [{ name: 'kernel-default' }],
  };
  const paths = [...builds, uek, suse].flatMap((build) => Object.values(rpms.build(build)));
  const served = await serveDirectory(rpms.makeRepository('all', paths));
  try {
    const found = async (distro: string): Promise<string> => {
      const open = { host: null, facts: declareDistribution(distro, null) };
      return findCurrentKernel(await openLab([`rpm-md=${served.url}`]), open, { allowExpiredRelease: false });
    };
    expect(await found('rocky:9.4')).toBe('5.14.0-427.13.1.el9_4.x86_64');
    expect(await found('ol:9')).toBe('5.15.0-206.153.7.el9uek.x86_64');
    expect(await found('opensuse-leap:15.6')).toBe('6.4.0-150600.23.7-default');
  } finally {
    await served.close();
    rpms.close();
  }
});
