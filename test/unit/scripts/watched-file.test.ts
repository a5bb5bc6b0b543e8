import { expect, test } from 'vitest';
import { findMountDevice } from '../../../src/scripts/watched-file.ts';

const MOUNTINFO = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw - proc proc rw
30 22 0:35 /@home /home rw,relatime - btrfs /dev/sdb1 rw
31 22 8:17 / /srv rw - xfs /dev/sdb1 rw
32 31 8:33 / /srv/my\\040data rw - xfs /dev/sdc1 rw
33 22 8:49 / /over rw - ext4 /dev/sdd rw
34 33 8:50 / /over rw - ext4 /dev/sde rw
a line that is none
`;

test.each([
  ['/etc/shadow', 8, 1],
  ['/home/user/file', 0, 35],
  ['/homes', 8, 1],
  ['/srv/file', 8, 17],
  ['/srv/my data/file', 8, 33],
  ['/srv/my data', 8, 33],
  ['/srv/my datafile', 8, 17],
  ['/over/file', 8, 50],
])('%s lies on the device that is mounted there', (path, major, minor) => {
  expect(findMountDevice(MOUNTINFO, path)).toEqual({ major, minor });
});

test('without mounts there is none', () => {
  expect(findMountDevice('', '/etc/shadow')).toBeNull();
});
