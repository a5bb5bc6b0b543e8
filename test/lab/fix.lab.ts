/** `doctor --fix --yes` on a Debian 11 root that was broken in one way after the other: each ends in a verify that passes. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { inRoot } from '../helpers/failure-lab.ts';
import { prepareLabRoot } from '../helpers/lab-root.ts';
import { type OverlayRoot, overlayRoot } from '../helpers/overlay-root.ts';

const R = '5.10.0-32-cloud-amd64';
const HEADERS = `/usr/src/linux-headers-${R}`;
const VMLINUX = `/usr/lib/debug/boot/vmlinux-${R}`;
const lab = prepareLabRoot('bullseye', R);
const directory = mkdtempSync('/var/tmp/tapprep-fix-');
// Packages and base systems of earlier runs of the lab.
const cacheDir = join(process.env['TAPPREP_LAB'] ?? '/var/tmp/tapprep-lab', 'cache');
const cli = new Cli();
/** The helper closes the network; this lab fetches what it installs. */
const NETWORK = { http_proxy: '', https_proxy: '' };
let whole: OverlayRoot;

afterAll(() => {
  whole.close();
  rmSync(directory, { recursive: true, force: true });
  cli.close();
});

interface Report {
  readonly checks: readonly { readonly status: string; readonly code: string | null }[];
  readonly verify: {
    readonly ready: boolean;
    readonly steps: readonly { readonly step: string; readonly status: string }[];
  };
}

async function tapprep(
  command: string,
  root: string,
  ...more: string[]
): Promise<{ code: number | null; report: Report }> {
  const asks = command === 'install' || more.includes('--fix') ? ['--yes'] : [];
  const args = [command, '--root', root, '--kernel', R, '--json', ...asks, ...more];
  const { code, stdout, stderr } = await cli.run(args, { ...NETWORK, TAPPREP_CACHE_DIR: cacheDir });
  try {
    return { code, report: JSON.parse(stdout) as Report };
  } catch (error) {
    throw new Error(`no report: ${stdout}\n${stderr}`, { cause: error });
  }
}

// A system with everything: kernel image, headers, compiler, SystemTap and debug information.
beforeAll(async () => {
  whole = overlayRoot(lab.root, directory);
  mkdirSync(join(whole.root, 'boot'), { recursive: true });
  cpSync(lab.kernelImage, join(whole.root, 'boot', `vmlinuz-${R}`));
  // Headers of another kernel, to be installed where those of this one are taken away.
  const other = prepareLabRoot('bookworm', null);
  execFileSync('chroot', [other.root, 'sh', '-ec', `cd /tmp && apt-get download linux-headers-${other.release}`]);
  execFileSync('sh', ['-ec', `mv "$1"/tmp/linux-headers-*.deb "$2/other-headers.deb"`, 'sh', other.root, whole.root]);
  const { report } = await tapprep('install', whole.root);
  if (!report.verify.ready) throw new Error(`the whole root is not ready: ${JSON.stringify(report.verify)}`);
}, 1_800_000);

const BREAKS: readonly (readonly [what: string, code: string, how: string])[] = [
  ['headers purged', 'DEVEL_MISSING', `dpkg -P linux-headers-${R}`],
  [
    'headers of another kernel, and a link that leads nowhere',
    'DEVEL_VERSION_MISMATCH',
    `dpkg -P linux-headers-${R}; dpkg -i --force-depends /other-headers.deb; mkdir -p /lib/modules/${R}; ln -s /usr/src/linux-headers-gone /lib/modules/${R}/build`,
  ],
  ['symbol versions lost', 'DEVEL_INCOMPLETE', `rm ${HEADERS}/Module.symvers`],
  ['the common half of the headers lost', 'DEVEL_INCOMPLETE', 'rm -r /usr/src/linux-headers-5.10.0-32-common'],
  ['the build tree lost, its package not', 'DEVEL_MISSING', `rm -r ${HEADERS}`],
  ['debug information purged', 'DEBUGINFO_MISSING', `dpkg -P linux-image-${R}-dbg`],
  ['vmlinux stripped', 'DEBUGINFO_UNUSABLE', `strip --strip-debug ${VMLINUX}`],
  [
    'vmlinux of another build',
    'DEBUGINFO_VERSION_MISMATCH',
    `echo 'int main(void){return 0;}' >/tmp/v.c; gcc -g -nostdlib -static -Wl,--build-id,-e,main -o ${VMLINUX} /tmp/v.c`,
  ],
  ['the compiler purged', 'GCC_OR_BUILD_MISMATCH', 'dpkg -P --force-depends gcc gcc-10'],
  ['make deleted, its package not', 'GCC_OR_BUILD_MISMATCH', 'rm /usr/bin/make'],
  ['SystemTap purged', 'STAP_INSTALL_BROKEN', 'dpkg -P --force-depends systemtap systemtap-client systemtap-runtime'],
  ['staprun purged', 'STAP_INSTALL_BROKEN', 'dpkg -P --force-depends systemtap-runtime'],
  ['the tapset lost', 'STAP_INSTALL_BROKEN', 'rm -r /usr/share/systemtap/tapset'],
];

test.each(BREAKS)('%s: %s, mended and proven', async (_what, code, how) => {
  const broken = overlayRoot(whole.root, directory);
  try {
    inRoot(broken.root, how);
    const { code: exit, report } = await tapprep('doctor', broken.root, '--fix');
    expect(report.checks.filter(({ status }) => status === 'problem').map((check) => check.code)).toContain(code);
    expect(report.verify.steps.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(report.verify).toMatchObject({ ready: true });
    expect(report.verify.steps.map(({ step, status }) => `${step} ${status}`)).toEqual(
      expect.arrayContaining(['build-tree pass', 'build-id pass', 'hello pass']),
    );
    expect(exit).toBe(0);
    const after = await tapprep('doctor', broken.root);
    expect(after.report.checks.filter(({ status }) => status === 'problem')).toEqual([]);
    expect(after.code).toBe(0);
  } finally {
    broken.close();
  }
});
