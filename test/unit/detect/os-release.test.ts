import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifyOs, parseOsRelease } from '../../../src/detect/os-release.ts';

/** [what, files, id, versionId, codename, from] */
const CASES: readonly (readonly [string, Record<string, string>, string, string | null, string | null, string])[] = [
  [
    'os-release',
    { '/etc/os-release': 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', '/etc/debian_version': '12.11\n' },
    'debian',
    '12',
    'bookworm',
    '/etc/os-release',
  ],
  [
    'Debian before VERSION_CODENAME',
    { '/etc/os-release': 'ID=debian\nVERSION_ID="8"\nVERSION="8 (jessie)"\n' },
    'debian',
    '8',
    'jessie',
    '/etc/os-release',
  ],
  [
    'Debian unstable has no VERSION_ID',
    { '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\nVERSION_CODENAME=forky\n' },
    'debian',
    null,
    'forky',
    '/etc/os-release',
  ],
  [
    'Ubuntu 14.04',
    { '/etc/os-release': 'ID=ubuntu\nID_LIKE=debian\nVERSION="14.04.6 LTS, Trusty Tahr"\nVERSION_ID="14.04"\n' },
    'ubuntu',
    '14.04',
    'trusty',
    '/etc/os-release',
  ],
  [
    'the vendor copy when /etc has none',
    { '/usr/lib/os-release': 'ID=fedora\nVERSION_ID=40\n' },
    'fedora',
    '40',
    null,
    '/usr/lib/os-release',
  ],
  [
    'CentOS 6',
    { '/etc/redhat-release': 'CentOS release 6.10 (Final)\n', '/etc/centos-release': 'CentOS release 6.10 (Final)\n' },
    'centos',
    '6.10',
    'Final',
    '/etc/centos-release',
  ],
  [
    'CentOS 5',
    { '/etc/redhat-release': 'CentOS release 5.11 (Final)\n' },
    'centos',
    '5.11',
    'Final',
    '/etc/redhat-release',
  ],
  [
    'Red Hat 5',
    { '/etc/redhat-release': 'Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n' },
    'rhel',
    '5.11',
    'Tikanga',
    '/etc/redhat-release',
  ],
  [
    'Oracle 6 keeps a redhat-release that speaks of Red Hat',
    {
      '/etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n',
      '/etc/oracle-release': 'Oracle Linux Server release 6.10\n',
    },
    'ol',
    '6.10',
    null,
    '/etc/oracle-release',
  ],
  [
    'Oracle 5 called itself Enterprise Linux',
    {
      '/etc/redhat-release': 'Red Hat Enterprise Linux Server release 5.5 (Tikanga)\n',
      '/etc/enterprise-release': 'Enterprise Linux Enterprise Linux Server release 5.5 (Carthage)\n',
    },
    'ol',
    '5.5',
    'Carthage',
    '/etc/enterprise-release',
  ],
  [
    'Scientific Linux 6',
    { '/etc/redhat-release': 'Scientific Linux release 6.10 (Carbon)\n' },
    'scientific',
    '6.10',
    'Carbon',
    '/etc/redhat-release',
  ],
  [
    'Amazon Linux AMI',
    { '/etc/system-release': 'Amazon Linux AMI release 2018.03\n' },
    'amzn',
    '2018.03',
    null,
    '/etc/system-release',
  ],
  [
    'SLES 11 with its service pack',
    { '/etc/SuSE-release': 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n' },
    'sles',
    '11.4',
    null,
    '/etc/SuSE-release',
  ],
  [
    'SLES 11 before a service pack',
    { '/etc/SuSE-release': 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 0\n' },
    'sles',
    '11',
    null,
    '/etc/SuSE-release',
  ],
  [
    'openSUSE 13.1',
    { '/etc/SuSE-release': 'openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n' },
    'opensuse',
    '13.1',
    null,
    '/etc/SuSE-release',
  ],
  [
    'Ubuntu 10.04',
    {
      '/etc/lsb-release': 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\n',
      '/etc/debian_version': 'squeeze/sid\n',
    },
    'ubuntu',
    '10.04',
    'lucid',
    '/etc/lsb-release',
  ],
  ['Debian 6', { '/etc/debian_version': '6.0.10\n' }, 'debian', '6.0.10', null, '/etc/debian_version'],
  [
    'Debian before a release',
    { '/etc/debian_version': 'squeeze/sid\n' },
    'debian',
    null,
    'squeeze',
    '/etc/debian_version',
  ],
  [
    'CentOS 6 with an lsb-release that names nothing',
    {
      '/etc/lsb-release': 'LSB_VERSION=base-4.0-amd64\n',
      '/etc/redhat-release': 'CentOS release 6.5 (Final)\n',
    },
    'centos',
    '6.5',
    'Final',
    '/etc/redhat-release',
  ],
];

describe('identifyOs', () => {
  test.each(CASES)('%s', (_, files, id, versionId, codename, from) => {
    expect(identifyOs(new Map(Object.entries(files)))).toMatchObject({ id, versionId, codename, from });
  });

  test('nothing known', () => {
    expect(identifyOs(new Map([['/etc/redhat-release', 'My Own Linux 1\n']]))).toMatchObject({ id: null, from: null });
  });

  test.each(['n/a', 'bookworm/sid', '../../etc', 'x'.repeat(65)])('%j is no word for a release', (word) => {
    const text = `ID=debian\nVERSION_ID="${word}"\nVERSION_CODENAME="${word}"\n`;
    expect(identifyOs(new Map([['/etc/os-release', text]]))).toMatchObject({
      id: 'debian',
      versionId: null,
      codename: null,
    });
  });

  test('never throws, whatever the files hold', () => {
    const path = fc.constantFrom('/etc/os-release', '/etc/redhat-release', '/etc/SuSE-release', '/etc/debian_version');
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.string())), (files) => {
        expect(identifyOs(new Map(files))).toHaveProperty('id');
      }),
    );
  });
});

test('os-release quoting is that of a shell', () => {
  const text = 'A="two words"\nB=\'single $x\'\nC=bare\nD="say \\"hi\\" \\$1"\n# E=1\nlower=no\nG=\n';
  expect(Object.fromEntries(parseOsRelease(text))).toEqual({
    A: 'two words',
    B: 'single $x',
    C: 'bare',
    D: 'say "hi" $1',
    G: '',
  });
});
