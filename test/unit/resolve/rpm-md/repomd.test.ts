import { describe, expect, test } from 'vitest';
import { parseRepomd } from '../../../../src/resolve/rpm-md/repomd.ts';

const hex = (digit: string, length = 64): string => digit.repeat(length);

function data(type: string, href: string, extra = '', kind = 'sha256', length = 64): string {
  return `<data type="${type}"><checksum type="${kind}">${hex('a', length)}</checksum>
    <open-checksum type="${kind}">${hex('b', length)}</open-checksum><location href="${href}"/>${extra}</data>`;
}
const repomd = (...entries: readonly string[]): string =>
  `<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">${entries.join('')}</repomd>`;

describe('parseRepomd', () => {
  test('reads digests and sizes', () => {
    const text = repomd(data('primary', 'repodata/x-primary.xml.gz', '<size>5</size><open-size>9</open-size>'));
    expect(parseRepomd(text, 'repomd.xml')).toEqual({
      href: 'repodata/x-primary.xml.gz',
      digest: { algorithm: 'sha256', hex: hex('a') },
      sizeBytes: 5,
      openDigest: { algorithm: 'sha256', hex: hex('b') },
      openBytes: 9,
    });
  });

  test('EL5 and EL6: "sha" is SHA-1 and sizes are not stated', () => {
    const found = parseRepomd(repomd(data('primary', 'repodata/primary.xml.gz', '', 'sha', 40)), 'repomd.xml');
    expect(found).toMatchObject({ digest: { algorithm: 'sha1' }, sizeBytes: null, openBytes: null });
  });

  test.each([
    [['repodata/p.xml.gz', 'repodata/p.xml.zst'], 'repodata/p.xml.zst'],
    [['repodata/p.xml.xz', 'repodata/p.xml.gz'], 'repodata/p.xml.gz'],
    [['repodata/p.xml.bz2', 'repodata/p.xml.xz'], 'repodata/p.xml.xz'],
  ])('of %j it takes %s', (hrefs, expected) => {
    expect(parseRepomd(repomd(...hrefs.map((href) => data('primary', href))), 'x').href).toBe(expected);
  });

  test('passes over sqlite and zchunk', () => {
    const text = repomd(
      data('primary_db', 'repodata/p.sqlite.gz'),
      data('primary_zck', 'repodata/p.xml.zck'),
      data('filelists', 'repodata/filelists.xml.gz'),
      data('primary', 'repodata/p.xml.gz'),
    );
    expect(parseRepomd(text, 'x').href).toBe('repodata/p.xml.gz');
  });

  test('a file that is not packed is its own open content', () => {
    const text = repomd(
      data('primary', 'repodata/p.xml', '<size>7</size>').replace(/<open-checksum.*?<\/open-checksum>/, ''),
    );
    expect(parseRepomd(text, 'x')).toMatchObject({ openDigest: { hex: hex('a') }, openBytes: 7 });
  });

  test.each([
    ['no primary', repomd(data('filelists', 'repodata/f.xml.gz'))],
    ['only zchunk', repomd(data('primary', 'repodata/p.xml.zck'))],
    ['no checksum', repomd('<data type="primary"><location href="p.xml.gz"/></data>')],
    ['an MD5 checksum', repomd(data('primary', 'p.xml.gz', '', 'md5', 32))],
    ['no open-checksum', repomd(data('primary', 'p.xml.gz').replace(/<open-checksum.*?<\/open-checksum>/, ''))],
    ['a size that is none', repomd(data('primary', 'p.xml.gz', '<size>-1</size>'))],
    ['an error page', '<html><body><p>404</body></html>'],
    ['an error page that is well-formed', '<html><body>404</body></html>'],
    ['no XML', 'Not Found'],
    ['nothing', ''],
    ['cut off', repomd(data('primary', 'p.xml.gz')).slice(0, -3)],
    [
      'an external entity',
      `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${repomd(data('primary', '&x;.gz'))}`,
    ],
    [
      'entities that multiply',
      `<!DOCTYPE r [<!ENTITY a "${'x'.repeat(100)}"><!ENTITY b "${'&a;'.repeat(100)}">]>${repomd(data('primary', '&b;.gz'))}`,
    ],
  ])('%s is BAD_METADATA', (_, text) => {
    expect(() => parseRepomd(text, 'repomd.xml')).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
  });
});
