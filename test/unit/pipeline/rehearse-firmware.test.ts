import { expect, test } from 'vitest';
import type { OpenTarget } from '../../../src/pipeline/open-target.ts';
import { rehearse, type RehearseOptions } from '../../../src/pipeline/rehearse.ts';
import type { Session } from '../../../src/pipeline/session.ts';
import type { SecureBootMode } from '../../../src/types.ts';

/** A machine that has no program at all; whatever else a rehearsal would ask of the session is not there. */
const session = { local: { which: () => Promise.resolve(null) } } as unknown as Session;
const open = (arch: string): OpenTarget => ({ host: null, target: { arch } }) as unknown as OpenTarget;
const wish = (secureBoot: SecureBootMode): RehearseOptions =>
  ({ policy: { secureBoot, lockdown: null, sigEnforce: false } }) as unknown as RehearseOptions;

test('what Secure Boot needs here is looked for before a root is made', async () => {
  await expect(rehearse(session, open('x86_64'), wish('mok'))).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: expect.stringMatching(/virt-fw-vars.* is needed on this host to boot with UEFI firmware/) as string,
  });
  await expect(rehearse(session, open('aarch64'), wish('db'))).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('this one is of aarch64') as string,
  });
});
