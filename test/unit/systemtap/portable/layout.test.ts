import fc from 'fast-check';
import { expect, test } from 'vitest';
import { libraryNameOf, modeOf, placeOf } from '../../../../src/systemtap/portable/layout.ts';
import { parseManifest } from '../../../../src/systemtap/portable/manifest.ts';
import { findMount } from '../../../../src/systemtap/portable/noexec.ts';
import { upstreamVersion } from '../../../../src/version/upstream.ts';
import { whyNotServed } from '../../../../src/systemtap/portable/serves.ts';

test.each([
  ['usr/bin/stap', 'libexec/stap'],
  ['usr/bin/stap-merge', 'libexec/stap-merge'],
  ['usr/bin/stap-prep', null],
  ['usr/lib/systemtap/stapio', 'libexec/stapio'],
  ['usr/libexec/systemtap/stapio', 'libexec/stapio'],
  ['usr/lib/systemtap/stapsh', null],
  ['usr/share/systemtap/tapset/linux/tcp.stp', 'share/systemtap/tapset/linux/tcp.stp'],
  ['usr/share/systemtap/examples/x.stp', null],
  ['usr/share/doc/libc6/copyright', 'share/doc/libc6/copyright'],
  ['usr/share/doc/libc6/NEWS.gz', null],
  ['etc/passwd', null],
])('%s goes to %s', (path, place) => {
  expect(placeOf(path)).toBe(place);
});

test.each([
  ['usr/lib/x86_64-linux-gnu/libc.so.6', 'libc.so.6'],
  ['lib/libdeep.so.2', 'libdeep.so.2'],
  ['usr/lib64/ld-linux-x86-64.so.2', 'ld-linux-x86-64.so.2'],
  ['lib/aarch64-linux-gnu/ld-linux-aarch64.so.1', 'ld-linux-aarch64.so.1'],
  ['usr/lib/x86_64-linux-gnu/sasl2/libsasldb.so', null],
  ['usr/lib/debug/libc.so.6', null],
  ['usr/lib/x86_64-linux-gnu/libc.a', null],
])('the library of %s is %s', (path, name) => {
  expect(libraryNameOf(path)).toBe(name);
});

test('whatever a package is called inside, its place lies in the folder', () => {
  const part = fc.constantFrom('..', '.', 'usr', 'share', 'systemtap', 'tapset', 'doc', 'copyright', 'a b', '\n', 'x');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const place = placeOf(parts.join('/'));
      // Paths with ".." are passed over before they come here.
      return place === null || parts.includes('..') || /^(?:libexec|share)\/[\w.+@/-]+$/.test(place);
    }),
  );
});

test('only programs and the loader may be executed', () => {
  expect(['bin/stap', 'libexec/stap', 'lib/ld-linux-x86-64.so.2', 'lib/libc.so.6', 'share/x'].map(modeOf)).toEqual([
    0o755, 0o755, 0o755, 0o644, 0o644,
  ]);
});

test.each([
  ['5.1-5', '5.1'],
  ['5.6-1+b2', '5.6'],
  ['1:5.3~rc1-2ubuntu1', '5.3'],
  ['4.8', '4.8'],
])('the upstream version of %s is %s', (version, upstream) => {
  expect(upstreamVersion(version)).toBe(upstream);
});

const MANIFEST = {
  schema: 'tapprep-systemtap/1',
  version: '5.1',
  packageVersion: '5.1-5',
  distro: 'debian',
  suite: 'trixie',
  arch: 'x86_64',
  minimumKernel: '3.2.0',
  loader: 'ld.so',
  key: 'k',
  packages: [{ name: 'a', version: '1', arch: 'amd64', fileName: 'a.deb', sha256: 'x', index: 'y', signer: null }],
  files: [{ path: 'lib/a', sha256: 'a'.repeat(64), bytes: 1, mode: 0o644, package: 'a' }],
} as const;

test('a manifest is read as it was written', () => {
  expect(parseManifest(JSON.stringify(MANIFEST), 'm')).toEqual(MANIFEST);
});

test.each([
  ['no JSON', '{'],
  ['another schema', JSON.stringify({ ...MANIFEST, schema: 'tapprep-journal/1' })],
  ...['/etc/x', '../x', 'a/../x', 'a//b', './a', ''].map((path) => [
    `the path ${JSON.stringify(path)}`,
    JSON.stringify({ ...MANIFEST, files: [{ ...MANIFEST.files[0], path }] }),
  ]),
  ['a setuid mode', JSON.stringify({ ...MANIFEST, files: [{ ...MANIFEST.files[0], mode: 0o4755 }] })],
])('a manifest with %s is refused', (_, text) => {
  expect(() => parseManifest(text, 'm')).toThrow('m is no manifest of a portable SystemTap');
});

test.each([
  ['2.6.18-308.el5', 'x86_64', false],
  ['2.6.32-642.el6.x86_64', 'x86_64', false],
  ['3.1.9-default', 'x86_64', false],
  ['3.2.0-4-amd64', 'x86_64', true],
  ['3.10.0-1160.el7.x86_64', 'x86_64', true],
  ['6.1.0-56-cloud-amd64', 'x86_64', true],
  ['6.1.0-56-cloud-arm64', 'aarch64', false],
])('%s on %s: %s', (release, arch, served) => {
  expect(whyNotServed(MANIFEST, release, arch) === null).toBe(served);
});

test('the mount that holds a path, its blanks written as the kernel writes them', () => {
  const text = [
    '21 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '30 21 0:29 / /opt rw,noexec - tmpfs tmpfs rw',
    String.raw`31 21 0:30 / /mnt/my\040disk rw,nosuid,noexec - tmpfs tmpfs rw`,
    '32 30 0:31 / /opt rw - tmpfs tmpfs rw',
    'nonsense',
  ].join('\n');
  expect(findMount(text, '/mnt/my disk/x')).toEqual({ point: '/mnt/my disk', options: ['rw', 'nosuid', 'noexec'] });
  expect(findMount(text, '/opt/x')?.options).toEqual(['rw']);
  expect(findMount(text, '/optional')?.point).toBe('/');
  expect(findMount('', '/x')).toBeNull();
});
