import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { provideGuestBusybox } from '../../../src/pipeline/guest-busybox.ts';
import { checkOwnTools } from '../../../src/pipeline/own-tools.ts';
import { openTestSession } from '../../helpers/test-session.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-busybox-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const session = await openTestSession(scratch);

function provide(distro: string, release: string, arch: string): Promise<string | null> {
  const facts = declareFacts({ distro, release, arch, unameV: null });
  return provideGuestBusybox(session, identifyTarget(facts), false);
}

test.each([
  ['debian:11', '5.10.0-32-686-pae'],
  ['centos:6.10', '2.6.32-754.el6.i686'],
])(
  'the kernel of 32 bits %s %s is not given this machine’s busybox of 64, but one is fetched',
  async (distro, release) => {
    await expect(provide(distro, release, 'i686')).rejects.toMatchObject({ code: 'OFFLINE' });
  },
);

test.each([
  ['debian:12', '6.1.0-50-amd64', 'x86_64'],
  // Named by a process of 32 bits.
  ['centos:6.10', '2.6.32-754.el6.x86_64', 'i686'],
])('a kernel of this machine’s own architecture needs none from elsewhere: %s %s', async (distro, release, arch) => {
  expect(await provide(distro, release, arch)).toBeNull();
});

test('and none has to be installed for it here', async () => {
  const { detail } = await checkOwnTools(session.local, 'i686');
  expect(detail).not.toContain('busybox');
});
