/** A root in which there is no SystemTap and no kernel runs: nothing is left there, and what is advised is of that root. */
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { DEB_RELEASE, makeDpkgRoot } from '../helpers/fake-root.ts';

const root = mkdtempSync(join(tmpdir(), 'e2e-bare-root-'));
const cli = new Cli();

beforeAll(() => {
  makeDpkgRoot(root);
  for (const name of ['stap', 'staprun']) rmSync(join(root, 'usr/bin', name));
  for (const path of ['var/cache', 'var/tmp']) mkdirSync(join(root, path), { recursive: true });
});

afterAll(() => {
  cli.close();
  rmSync(root, { recursive: true, force: true });
});

test.each([
  ['verify', 1],
  ['scripts check', 6],
])('%s without stap leaves nothing behind', async (command, code) => {
  const before = globSync('**', { cwd: root }).toSorted();
  expect(await cli.run([...command.split(' '), '--root', root])).toMatchObject({ code });
  expect(globSync('**', { cwd: root }).toSorted()).toEqual(before);
});

test('scripts run is told to prove the script in that very root, and the command is understood', async () => {
  const { code, stderr } = await cli.run(['scripts', 'run', 'icmp', '--root', root]);
  expect(code).toBe(2);
  expect(stderr).toContain(`can only watch a kernel that runs, but ${DEB_RELEASE} does not`);
  const [, advice = ''] = /try: tapprep (.*)/.exec(stderr) ?? [];
  expect(advice).toBe(`verify icmp --level scripts --in vm --root ${root}`);
  // What it lacks is what the root lacks.
  expect(await cli.run([...advice.split(' '), '--offline'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('kernel'),
  });
});

test.each([
  // By its headers, which are here.
  ['6.12.3-mine', ['--root', root], { 'task-euid': false }],
  // By what its release says.
  ['7.3.5-arch1-1', ['--distro', 'arch:1'], { 'task-euid': true, 'uprobe-unregister-6.12': false }],
  ['6.12.9-arch1-1', ['--distro', 'arch:1', '--arch', 'x86_64'], { 'uprobe-unregister-6.12': true }],
])('mends list tells what a kernel calls for that nobody packages: %s', async (kernel, target, expected) => {
  const tree = join(root, 'lib/modules', kernel, 'build/include/linux');
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, 'cred.h'), '#define task_euid(task) (task_cred_xxx((task), euid))\n');
  const { code, stdout } = await cli.run(['mends', 'list', '--kernel', kernel, ...target, '--json']);
  expect(code).toBe(0);
  const { mends } = JSON.parse(stdout) as { mends: readonly { id: string; called: boolean | null }[] };
  expect(Object.fromEntries(mends.map(({ id, called }) => [id, called]))).toMatchObject(expected);
});
