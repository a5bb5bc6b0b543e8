import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openHost } from '../../../src/pipeline/open-target.ts';

const R = '5.10.0-32-cloud-amd64';
const BUILD_ID = 'e0c94673e97d58a386e99a20572aa7d597d5aa5c';
const scratch = mkdtempSync(join(tmpdir(), 'tapprep-open-'));
afterAll(() => rmSync(scratch, { recursive: true }));

async function buildIdOf(name: string, writeImage: (path: string) => void): Promise<string | null> {
  const root = join(scratch, name);
  mkdirSync(join(root, 'boot'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  writeFileSync(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="11"\n');
  writeImage(join(root, `boot/vmlinuz-${R}`));
  const ssh = { configFile: null, sudoPassword: () => Promise.resolve(null), atEnd: () => undefined };
  const choice = { kernel: R, distro: null, arch: null, unameV: null, root, host: null, facts: null };
  const { facts } = await openHost({ cwd: scratch, signal: new AbortController().signal, ssh }, choice);
  return facts.kernel.buildId;
}

test('a kernel that does not run tells its build-id in its image', async () => {
  const buildId = await buildIdOf('whole', (path) => {
    const source = join(scratch, 'kernel.c');
    writeFileSync(source, 'void _start(void) {}\n');
    execFileSync('gcc', ['-nostdlib', '-static', `-Wl,--build-id=0x${BUILD_ID}`, '-o', path, source]);
  });
  expect(buildId).toBe(BUILD_ID);
});

test('an image that cannot be read tells nothing', async () => {
  const cut = Buffer.alloc(0x250);
  cut.write('HdrS', 0x202, 'latin1');
  cut.writeUInt16LE(0x20c, 0x206);
  cut.writeUInt32LE(1_000_000, 0x24c);
  expect(await buildIdOf('cut', (path) => writeFileSync(path, cut))).toBe(null);
  expect(await buildIdOf('none', () => undefined)).toBe(null);
});
