/** What a transaction may replace, and what of it is tapprep's afterwards: in roots with the real dpkg. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Emit } from '../../../src/types.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { asArtifact, TransactionLab, type TransactionRoot } from '../../helpers/transaction-lab.ts';

const CHILD = fileURLToPath(new URL('../../helpers/transaction-child.ts', import.meta.url));
const lab = new TransactionLab();
const gcc = { old: lab.build('gcc', '4:10.2.1-1'), new: lab.build('gcc', '4:12.2.0-3') };
let root: TransactionRoot;

beforeEach(() => {
  root = lab.openRoot();
});
afterAll(() => lab.close());

test('a plan that knows nothing of what is installed replaces nothing unasked', async () => {
  root.dpkg('--install', gcc.new);
  const failure = await failureOf(root.install([asArtifact(gcc.old)]));
  expect(failure).toMatchObject({
    code: 'INSTALL_FAILED',
    message: expect.stringContaining('gcc 4:12.2.0-3 -> 4:10.2.1-1'),
    facts: { replacing: [{ name: 'gcc', from: '4:12.2.0-3', to: '4:10.2.1-1' }] },
  });
  expect(root.packages()).toEqual(['gcc 4:12.2.0-3 installed']);
});

test('what a plan says that it replaces is there in another version: allowed, that one is told', async () => {
  root.dpkg('--install', gcc.new);
  const { replaced } = await root.install([asArtifact(gcc.old, { replaces: '4:9-1' })], { allowUpgrade: true });
  expect(replaced).toEqual([{ name: 'gcc', from: '4:12.2.0-3', to: '4:10.2.1-1' }]);
});

/** Once, as the first command of a transaction is told: somebody else's dpkg between the list and tapprep's own. */
function meanwhile(work: () => void): Emit {
  let isDone = false;
  return (event) => {
    if (event.type === 'note') root.notes.push(event.text);
    if (event.type !== 'command' || isDone) return;
    isDone = true;
    work();
  };
}

const stap = lab.build('systemtap', '5.1-1', { 'usr/bin/stap': '#!/bin/sh\n' });
const broken = lab.build('broken', '1', { 'DEBIAN/postinst': '#!/bin/sh\nexit 1\n' });
const kernel = lab.build('linux-image-6.1.0-58-amd64', '6.1.200-1');

test('a package that somebody else installs meanwhile is not taken for tapprep’s', async () => {
  const emit = meanwhile(() => root.dpkg('--install', kernel));
  const { installed } = await root.install([asArtifact(stap)], { emit });
  expect(installed.map(({ name }) => name)).toEqual(['systemtap']);
  expect(root.entries().map(({ packages }) => packages.map(({ name }) => name))).toEqual([['systemtap']]);
  expect(root.notes.join('\n')).toMatch(/linux-image-6\.1\.0-58-amd64 6\.1\.200-1 came .* remove leaves it/);
  await root.remove();
  expect(root.packages()).toEqual(['linux-image-6.1.0-58-amd64 6.1.200-1 installed']);
});

test('a transaction that fails takes away its own packages alone', async () => {
  const emit = meanwhile(() => root.dpkg('--install', kernel));
  const { message } = await failureOf(root.install([asArtifact(broken)], { emit }));
  expect(message).toContain('what it had installed was taken away again');
  expect(root.packages()).toEqual(['linux-image-6.1.0-58-amd64 6.1.200-1 installed']);
});

test.each(['the next run', 'remove'])(
  'killed in the middle of --allow-upgrade: %s leaves what was there before',
  async (next) => {
    root.dpkg('--install', gcc.old);
    const task = {
      root: root.directory,
      debs: [
        { ...gcc.new, wave: 0 },
        { ...stap, wave: 1 },
      ],
    };
    const child = spawnSync(process.execPath, ['--no-warnings', CHILD, JSON.stringify(task)], { encoding: 'utf8' });
    expect([child.signal, child.stderr]).toEqual(['SIGKILL', '']);
    expect(root.entries()).toMatchObject([
      {
        state: 'started',
        packages: [{ name: 'systemtap' }],
        replaced: [{ name: 'gcc', from: '4:10.2.1-1', to: '4:12.2.0-3' }],
      },
    ]);
    if (next !== 'remove') await root.install([asArtifact(stap)]);
    await root.remove();
    expect(root.packages()).toEqual(['gcc 4:12.2.0-3 installed']);
    expect(root.entries()[0]?.replaced).toEqual([{ name: 'gcc', from: '4:10.2.1-1', to: '4:12.2.0-3' }]);
  },
);
