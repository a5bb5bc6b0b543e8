/** Commands that only look leave an rpm system as it was, whatever format its database has. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { makeRpmRoot, RPM_RELEASE } from '../helpers/fake-root.ts';

const work = mkdtempSync(join(tmpdir(), 'e2e-looking-'));
const cli = new Cli();

afterAll(() => {
  cli.close();
  rmSync(work, { recursive: true, force: true });
});

/** Every file of a tree: mode, owner, size, times of change, target of a link, and content. */
function treeOf(directory: string): string {
  const list = ['-printf', '%P %M %U:%G %s %T@ %C@ %l\n', '-type', 'f', '-exec', 'sha256sum', '{}', ';'];
  return execFileSync('find', [directory, ...list], { encoding: 'utf8', maxBuffer: 1 << 28 });
}

interface Detected {
  readonly facts: { readonly packages: readonly unknown[] };
}

const COMMANDS: readonly (readonly string[])[] = [
  ['detect', '--json'],
  ['doctor'],
  ['plan', '--offline'],
  ['install', '--dry-run', '--offline'],
  ['remove', '--dry-run'],
];

test('detect, doctor, plan and the dry runs of install and remove: the tree is the same, and packages were seen', async () => {
  const sqlite = join(work, 'sqlite');
  mkdirSync(sqlite);
  makeRpmRoot(sqlite, { withRpm: true });
  const roots = ['Packages.db'].map((name) => {
    const root = join(work, name);
    execFileSync('cp', ['-a', sqlite, root]);
    rmSync(join(root, 'var/lib/rpm'), { recursive: true });
    mkdirSync(join(root, 'var/lib/rpm'));
    const packed = readFileSync(join(import.meta.dirname, '../fixtures/rpm-database', `${name}.gz`));
    writeFileSync(join(root, 'var/lib/rpm', name), gunzipSync(packed));
    return root;
  });
  const seen: boolean[] = [];
  for (const root of [sqlite, ...roots]) {
    const before = treeOf(root);
    for (const [command = '', ...options] of COMMANDS) {
      const { code, stdout, stderr } = await cli.run([command, ...options, '--root', root, '--kernel', RPM_RELEASE]);
      expect([command, root, code === 2, stderr.includes('INTERNAL')]).toEqual([command, root, false, false]);
      seen.push(...(command === 'detect' ? [(JSON.parse(stdout) as Detected).facts.packages.length > 3] : []));
      expect([command, treeOf(root) === before]).toEqual([command, true]);
    }
  }
  expect(seen).toEqual([true, true]);
});
