import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectFacts } from '../../../src/detect/facts.ts';
import { declareDistribution } from '../../../src/detect/declared-facts.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { findCurrentKernel } from '../../../src/pipeline/current-kernel.ts';
import { openSession, type Session } from '../../../src/pipeline/session.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { makeDpkgRunRoot } from '../../helpers/dpkg-root.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome } from '../../helpers/gpg.ts';

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

function openLab(): Promise<Session> {
  return openSession({
    packageRoot: join(import.meta.dirname, '../../..'),
    cacheDir: join(scratch, 'cache'),
    configHome: null,
    mirrorFiles: [],
    mirrors: [],
    offline: false,
    env: {},
    tapprepVersion: '0.0.0',
    emit: () => undefined,
    now: () => Date.UTC(2026, 10, 27),
    signal: new AbortController().signal,
  });
}

test('of two kernels that the metapackage stands for the newer one is current, by number and not by letter', async () => {
  const root = join(scratch, 'root');
  makeDpkgRunRoot(root, { url: server.url, suite: 'bullseye', keyring });
  const host = createRootHost(root);
  const open = { host, facts: await collectFacts(host) };
  expect(await findCurrentKernel(await openLab(), open, { allowExpiredRelease: false })).toBe('5.10.0-56-cloud-amd64');
});

test('of a distribution whose metapackage is not known it is not guessed', async () => {
  const open = { host: null, facts: declareDistribution('rocky:9.5', null) };
  const failure = await failureOf(
    openLab().then((session) => findCurrentKernel(session, open, { allowExpiredRelease: false })),
  );
  expect(failure.code).toBe('CUSTOM_KERNEL_NO_PACKAGE');
  expect(failure.message).toBe(
    'the current kernel of rocky is not known: only those of debian and ubuntu are looked up',
  );
});
