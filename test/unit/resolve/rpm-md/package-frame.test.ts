import { describe, expect, test } from 'vitest';
import { parsePackageFrame } from '../../../../src/resolve/rpm-md/package-frame.ts';

const HEX = '9f'.repeat(32);
const FRAME = `<package type="rpm">
  <name>kernel-debug-devel</name>
  <arch>x86_64</arch>
  <version epoch="0" ver="5.14.0" rel="547.el9"/>
  <checksum type="sha256" pkgid="YES">${HEX}</checksum>
  <summary>Files for building modules &amp; more</summary>
  <time file="1700000100" build="1700000000"/>
  <size package="24000000" installed="71000000" archive="72000000"/>
  <location href="Packages/k/kernel-debug-devel-5.14.0-547.el9.x86_64.rpm"/>
  <format>
    <rpm:vendor>CentOS</rpm:vendor>
    <rpm:buildhost>x86-05.example.org</rpm:buildhost>
    <rpm:sourcerpm>kernel-5.14.0-547.el9.src.rpm</rpm:sourcerpm>
    <rpm:provides>
      <rpm:entry name="kernel-debug-devel" flags="EQ" epoch="0" ver="5.14.0" rel="547.el9"/>
      <rpm:entry name="kernel-devel-uname-r" flags="EQ" epoch="0" ver="5.14.0" rel="547.el9.x86_64+debug"/>
      <rpm:entry name="kernel(printk)" flags="EQ" epoch="0" ver="0x1234"/>
      <rpm:entry name="ksym(default:printk)"/>
    </rpm:provides>
    <rpm:requires>
      <rpm:entry name="perl-interpreter"/>
      <rpm:entry name="gcc" flags="GE" epoch="1" ver="11"/>
      <rpm:entry name="/bin/sh" pre="1"/>
    </rpm:requires>
    <file>/usr/src/kernels/x</file>
  </format>
</package>`;

describe('parsePackageFrame', () => {
  test('reads what plans need', () => {
    expect(parsePackageFrame(FRAME, 'primary.xml')).toEqual({
      name: 'kernel-debug-devel',
      arch: 'x86_64',
      evr: '5.14.0-547.el9',
      digest: { algorithm: 'sha256', hex: HEX },
      sizeBytes: 24_000_000,
      installedBytes: 71_000_000,
      buildTime: 1_700_000_000,
      buildHost: 'x86-05.example.org',
      vendor: 'CentOS',
      sourceRpm: 'kernel-5.14.0-547.el9.src.rpm',
      href: 'Packages/k/kernel-debug-devel-5.14.0-547.el9.x86_64.rpm',
      hrefBase: null,
      provides: ['kernel-debug-devel = 5.14.0-547.el9', 'kernel-devel-uname-r = 5.14.0-547.el9.x86_64+debug'],
      requires: ['perl-interpreter', 'gcc >= 1:11', '/bin/sh'],
    });
  });

  test.each([
    ['sha', 'ab'.repeat(20), 'sha1'],
    ['sha512', 'ab'.repeat(64), 'sha512'],
  ])('a checksum of type %s', (type, hex, algorithm) => {
    const text = FRAME.replace('type="sha256"', `type="${type}"`).replace(HEX, hex.toUpperCase());
    expect(parsePackageFrame(text, 'x').digest).toEqual({ algorithm, hex });
  });

  test.each([
    ['md5', 'ab'.repeat(16)],
    ['sha256', 'ab'.repeat(20)],
    ['sha256', 'xy'.repeat(32)],
    ['constructor', HEX],
  ])('a %s checksum of %s is none', (type, hex) => {
    const text = FRAME.replace('type="sha256"', `type="${type}"`).replace(HEX, hex);
    expect(parsePackageFrame(text, 'x').digest).toBeNull();
  });

  test.each([
    ['an entity that XML does not have', FRAME.replace('&amp;', '&lol;')],
    ['an entity of HTML', FRAME.replace('&amp;', '&nbsp;')],
    ['a document type', `<!DOCTYPE package [<!ENTITY lol "lol">]>${FRAME}`],
    ['no name', FRAME.replace('<name>kernel-debug-devel</name>', '')],
    ['no version', FRAME.replace(/<version[^>]*>/, '')],
    ['no location', FRAME.replace(/<location[^>]*>/, '')],
    ['an element that is not closed', FRAME.replace('</format>', '')],
    ['text behind the end', `${FRAME}x`],
    ['a thousand elements in each other', `<package>${'<a>'.repeat(1000)}`],
  ])('%s is BAD_METADATA', (_, text) => {
    expect(() => parsePackageFrame(text, 'primary.xml')).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
  });
});
