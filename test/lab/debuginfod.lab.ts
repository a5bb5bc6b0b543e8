/** Debug information from a debuginfod alone: no debug package is installed, and `$return` is read in the kernel all the same. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readElf } from '../../src/elf/read-elf.ts';
import type { InstallOutcome } from '../../src/pipeline/install.ts';
import { type Debuginfod, serveDebuginfod } from '../helpers/debuginfod.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { findLabKernel } from '../helpers/lab-session.ts';
import { listPackages } from '../helpers/system-state.ts';

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'debuginfod-'));
const root = join(work, 'root');
let release: string;
let server: Debuginfod;

beforeAll(async () => {
  release = await findLabKernel('debian:12');
  const fetched = join(work, 'fetched');
  const wanted = ['--distro', 'debian:12', '--kernel', release, '--image', '--dest', fetched];
  parseReport(await runInLab(['fetch', ...wanted, '--systemtap', 'distro']));
  const find = (name: string): string => {
    const found = readdirSync(fetched, { recursive: true, encoding: 'utf8' }).find((path) =>
      path.split('/').at(-1)?.startsWith(`${name}_`),
    );
    return join(fetched, found ?? name);
  };
  const served = join(work, 'served');
  mkdirSync(served);
  execFileSync('sh', [
    '-c',
    'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards "*/vmlinux*"',
    'sh',
    find(`linux-image-${release}-dbg`),
    served,
  ]);
  execFileSync('cp', ['-a', prepareBareRoot('bookworm'), root]);
  // As on every machine, its kernel lies there: the build-id is read from it.
  execFileSync('dpkg-deb', ['-x', find(`linux-image-${release}`), join(work, 'image')]);
  execFileSync('cp', ['-a', `${work}/image/boot/.`, join(root, 'boot')]);
  rmSync(fetched, { recursive: true });
  const vmlinux = join(served, 'usr/lib/debug/lib/modules', release, 'vmlinux');
  server = await serveDebuginfod(served, (await readElf(vmlinux))?.buildId ?? 'none');
  mkdirSync(join(root, 'etc/debuginfod'), { recursive: true });
  writeFileSync(join(root, 'etc/debuginfod/lab.urls'), `${server.url}\n`);
}, 1_800_000);
afterAll(async () => {
  await server.close();
  rmSync(work, { recursive: true, force: true });
});

test('kernel.function with $return runs, unsigned is what the report says, and remove takes the file away', async () => {
  const before = listPackages(root);
  const target = ['--root', root, '--kernel', release, '--debuginfo', 'debuginfod', '--level', 'probe'];
  const { plan, install, verify } = parseReport(await runInLab(['install', ...target])) as InstallOutcome;
  expect(plan.items.find(({ role }) => role === 'debuginfo')).toMatchObject({ kind: 'file', repository: 'debuginfod' });
  expect(listPackages(root)).not.toContain('-dbg');
  expect(install?.files).toMatchObject([{ path: `/usr/lib/debug/lib/modules/${release}/vmlinux`, signed: false }]);
  for (const step of ['hello', 'kernel.function'])
    expect(verify?.steps.find((one) => one.step === step)).toMatchObject({ status: 'pass' });
  expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
  await runInLab(['remove', '--root', root]);
  expect(listPackages(root)).toBe(before);
  expect(readdirSync(join(root, 'usr/lib/debug/lib/modules'), { recursive: true })).not.toContain(`${release}/vmlinux`);
}, 1_800_000);
