import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createRootHost } from '../../../src/host/root.ts';
import { ensureBuildLink } from '../../../src/install/build-link.ts';
import { BundleRoot, removeTemplate } from '../../helpers/bundle-root.ts';

const RELEASE = '5.14.0-1.el9.x86_64';

afterAll(removeTemplate);

test.each([0o077, 0o000])(
  'directories of a target are open to its users and writable to root alone, with a umask of %o',
  async (umask) => {
    const system = new BundleRoot();
    const root = system.directory;
    const tree = join(root, `usr/src/kernels/${RELEASE}`);
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, 'Makefile'), '');
    chmodSync(join(root, 'var'), 0o700);
    const host = createRootHost(root);
    const before = process.umask(umask);
    try {
      await host.writeFile('/usr/lib/debug/lib/modules/R/vmlinux', 'ELF', 0o644);
      await host.writeFile('/var/lib/tapprep/journal.json', '{}', 0o644);
      await ensureBuildLink(host, RELEASE, []);
    } finally {
      process.umask(before);
    }
    const modeOf = (path: string): string => (statSync(join(root, path)).mode & 0o7777).toString(8);
    const made = [
      'usr/lib/debug',
      'usr/lib/debug/lib/modules/R',
      'var/lib',
      'var/lib/tapprep',
      `lib/modules/${RELEASE}`,
    ];
    expect(made.map((path) => [path, modeOf(path)])).toEqual(made.map((path) => [path, '755']));
    // What was there keeps its mode.
    expect(modeOf('var')).toBe('700');
    system.close();
  },
);
