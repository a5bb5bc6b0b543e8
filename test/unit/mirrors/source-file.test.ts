import { expect, test } from 'vitest';
import { isKeyringPath } from '../../../src/mirrors/source-file.ts';

test.each([
  '/etc/apt/trusted.gpg',
  '/etc/apt/trusted.gpg.d/x.asc',
  '/etc/apt/keyrings/x.gpg',
  '/usr/share/keyrings/x.gpg',
  '/etc/pki/rpm-gpg/RPM-GPG-KEY-x',
])('%s is where this machine keeps keys', (path) => expect(isKeyringPath(path)).toBe(true));

test.each(['/etc/apt/trusted.gpg.old', '/etc/apt/keyrings/', '/tmp/x.gpg', '/usr/share/keyrings/../../../tmp/x'])(
  '%s is not',
  (path) => expect(isKeyringPath(path)).toBe(false),
);
