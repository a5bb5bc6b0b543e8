/** What is said of a new key is said of the kernel of the machine that it is for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { runModuleKeyCreate } from '../../../src/cli/commands/module-key.ts';
import type { CommonOptions, Context } from '../../../src/cli/context.ts';
import { createOutput } from '../../../src/cli/output.ts';
import { NO_PLACE, NO_SSH } from '../../helpers/no-ssh.ts';
import { alter, EL9 } from '../../unit/diagnose/sample-facts.ts';

const work = mkdtempSync(join(tmpdir(), 'tapprep-module-key-'));
afterAll(() => rmSync(work, { recursive: true }));

test.each([
  ['y', /no UEFI firmware, so no key .* an unsigned module will load, because the kernel asks .*\n\nthen: .*install /u],
  ['n', /no key helps there: an unsigned module will not load, because the kernel was built without[^\n]*\n$/u],
])('a key for a machine without firmware whose kernel has CONFIG_MODULES=%s', async (modules, said) => {
  const facts = `${modules}.json`;
  writeFileSync(
    join(work, facts),
    JSON.stringify(alter(EL9, { security: { efi: false }, config: { CONFIG_MODULES: modules } })),
  );
  const stdout = new PassThrough();
  const printed = text(stdout);
  const context = {
    cwd: work,
    env: {},
    now: () => Date.parse('2026-08-01T00:00:00Z'),
    signal: new AbortController().signal,
    stdout: createOutput(stdout),
    common: { json: false, dryRun: false } as CommonOptions,
    ssh: NO_SSH,
    place: NO_PLACE,
  };
  const target = { kernel: null, distro: null, arch: null, unameV: null, root: null, host: null, facts };
  const choice = { target, dest: modules, name: 'for a test', passphraseFile: null };
  expect(await runModuleKeyCreate(context as unknown as Context, choice)).toBe(0);
  stdout.end();
  expect(await printed).toMatch(said);
});
