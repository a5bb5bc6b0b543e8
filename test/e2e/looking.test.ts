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
  const list = ['-printf', '%P %M %U:%G %s %T@ %C@ %l\n', '-type', 'f', '-exec', 'sha256sum', '{}', '+'];
  return execFileSync('find', [directory, ...list], { encoding: 'utf8', maxBuffer: 1 << 28 });
}

interface Detected {
  readonly facts: { readonly packages: readonly unknown[] };
}

/** A log that lies in the root, as it was found there. */
const LOG = 'var/log/stap.log';

function commandsFor(root: string): readonly (readonly string[])[] {
  const target = ['--root', root, '--kernel', RPM_RELEASE];
  return [
    ['detect', '--json', ...target],
    ['doctor', ...target],
    ['names', ...target],
    ['plan', '--offline', ...target],
    ['install', '--dry-run', '--offline', ...target],
    ['verify', '--dry-run', ...target],
    ['remove', '--dry-run', '--root', root],
    ['explain', join(root, LOG), '--facts', join(work, 'facts.json')],
  ];
}

test('detect, doctor, names, plan, explain and dry runs: the tree is the same, and packages were seen', async () => {
  const sqlite = join(work, 'sqlite');
  mkdirSync(sqlite);
  makeRpmRoot(sqlite, { withRpm: true });
  mkdirSync(join(sqlite, 'var/log'), { recursive: true });
  writeFileSync(
    join(sqlite, LOG),
    `Checking "/lib/modules/${RPM_RELEASE}/build/.config" failed with error: No such file or directory\n`,
  );
  // Berkeley DB and ndb, as the rpm of other systems wrote them.
  const roots = ['Packages', 'Packages.db'].map((name) => {
    const root = join(work, name);
    execFileSync('cp', ['-a', sqlite, root]);
    rmSync(join(root, 'var/lib/rpm'), { recursive: true });
    mkdirSync(join(root, 'var/lib/rpm'));
    const packed = readFileSync(join(import.meta.dirname, '../fixtures/rpm-database', `${name}.gz`));
    writeFileSync(join(root, 'var/lib/rpm', name), gunzipSync(packed));
    return root;
  });
  const seen: number[] = [];
  const explained: string[] = [];
  for (const root of [sqlite, ...roots]) {
    const before = treeOf(root);
    for (const argv of commandsFor(root)) {
      const [command = ''] = argv;
      const { code, stdout, stderr } = await cli.run(argv);
      // verify compiles in its target: it has no dry run, and says so before it looks at anything.
      const isRefused = command === 'verify';
      expect([command, root, code === 2, stderr.includes('INTERNAL')]).toEqual([command, root, isRefused, false]);
      if (command === 'detect') {
        seen.push((JSON.parse(stdout) as Detected).facts.packages.length);
        writeFileSync(join(work, 'facts.json'), stdout);
      }
      if (command === 'explain') explained.push(stdout.split('\n')[0] ?? '');
      expect([command, treeOf(root) === before]).toEqual([command, true]);
    }
  }
  expect(seen).toEqual([4, 6, 6]);
  expect(explained).toEqual([1, 2, 3].map(() => `This is about kernel ${RPM_RELEASE}, almalinux.`));
}, 600_000);
