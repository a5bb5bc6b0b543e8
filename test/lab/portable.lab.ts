/** What putting a portable SystemTap together costs, of real packages that are already here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { acquireArtifacts } from '../../src/pipeline/acquire.ts';
import { assemblePortable } from '../../src/systemtap/portable/assemble.ts';
import type { PortableSystemtap } from '../../src/systemtap/portable/kept.ts';
import { findSuiteRepositories } from '../../src/systemtap/portable/repositories.ts';
import { openLabSession } from '../helpers/lab-session.ts';
import { keepPortable } from './kernels/record.ts';

const session = await openLabSession();
const scratch = mkdtempSync('/var/tmp/tapprep-portable-');
afterAll(() => rmSync(scratch, { recursive: true }));

async function assemble(version: string, suite: string, cacheDir: string): Promise<PortableSystemtap> {
  const { reader, mirrors, overrides } = session;
  const sources = { mirrors, overrides, allowExpiredRelease: true };
  const request = { distro: 'debian', suite, version, arch: 'x86_64', debArch: 'amd64' };
  return assemblePortable(
    {
      reader,
      cacheDir,
      findRepositories: (wanted) => findSuiteRepositories(wanted, sources),
      acquire: (items) => acquireArtifacts(session, items),
    },
    request,
  );
}

async function timed<Result>(
  body: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly seconds: number }> {
  const started = performance.now();
  const result = await body();
  return { result, seconds: (performance.now() - started) / 1000 };
}

test.each(session.mirrors.systemtap.portable.map(({ version, suite }) => [version, suite] as const))(
  'SystemTap %s of %s: at most 60 s cold, 1 s from the cache, 60 MB',
  async (version, suite) => {
    // The first run downloads; the second finds index and packages in the cache, but no folder.
    await assemble(version, suite, join(scratch, `${version}-first`));
    const cold = await timed(() => assemble(version, suite, join(scratch, version)));
    const cached = await timed(() => assemble(version, suite, join(scratch, version)));
    expect(cached.result.directory).toBe(cold.result.directory);
    const { files } = cold.result.manifest;
    const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    expect(await readdir(cold.result.directory)).toContain('bin');
    keepPortable({ version, suite, cold: cold.seconds, cached: cached.seconds, megabytes, files: files.length });
    expect(megabytes).toBeLessThanOrEqual(60);
    expect(cold.seconds).toBeLessThanOrEqual(60);
    expect(cached.seconds).toBeLessThanOrEqual(1);
  },
);
