/** What a machine says of the digests of its files, and where it says nothing. */
import { expect, test } from 'vitest';
import { findOtherDigest } from '../../../src/host/digests.ts';
import { createLocalHost } from '../../../src/host/local.ts';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('a file that cannot be read is none that is as wanted', async () => {
  const host = createLocalHost();
  expect(await findOtherDigest(host, '/dev', [{ path: 'null', sha256: EMPTY }])).toEqual({
    path: 'null',
    actual: 'absent',
  });
  // A regular file whose reading fails (EIO at its first byte), for root too.
  expect(await findOtherDigest(host, '/proc/self', [{ path: 'mem', sha256: EMPTY }])).toEqual({
    path: 'mem',
    actual: 'unreadable',
  });
});
