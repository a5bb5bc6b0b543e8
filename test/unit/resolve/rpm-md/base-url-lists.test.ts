import { describe, expect, test } from 'vitest';
import { parseMetalink } from '../../../../src/resolve/rpm-md/metalink.ts';
import { parseMirrorList } from '../../../../src/resolve/rpm-md/mirror-list.ts';

const hex = (digit: string, length = 64): string => digit.repeat(length);
const FROM = 'https://mirrors.example/metalink?repo=x';

const V3 = `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files><file name="repomd.xml">
  <size>3905</size>
  <verification>
   <hash type="md5">${hex('1', 32)}</hash><hash type="sha1">${hex('2', 40)}</hash>
   <hash type="sha256">${hex('3')}</hash><hash type="sha512">${hex('4', 128)}</hash>
  </verification>
  <mm0:alternates><mm0:alternate><size>3000</size><verification><hash type="sha256">${hex('5')}</hash></verification></mm0:alternate></mm0:alternates>
  <resources maxconnections="1">
   <url protocol="https" preference="90">https://b.example/os/repodata/repomd.xml</url>
   <url protocol="rsync" preference="100">rsync://a.example/os/repodata/repomd.xml</url>
   <url protocol="https" preference="100">https://a.example/os/repodata/repomd.xml</url>
   <url protocol="https" preference="80">javascript:repodata/repomd.xml</url>
   <url protocol="https" preference="80">https://c.example/elsewhere.xml</url>
  </resources>
 </file></files>
</metalink>`;

const V4 = `<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="other"><hash type="sha-256">${hex('9')}</hash></file>
 <file name="repomd.xml"><hash type="sha-256">${hex('3')}</hash>
  <url location="de" priority="2">http://b.example/os/repodata/repomd.xml</url>
  <url location="fr" priority="1">https://a.example/os/repodata/repomd.xml</url>
 </file></metalink>`;

describe('parseMetalink', () => {
  test('version 3: best mirrors first, the strongest digest of now, then the older ones', () => {
    expect(parseMetalink(V3, FROM)).toEqual({
      baseUrls: ['https://a.example/os/', 'https://b.example/os/'],
      digests: [
        { algorithm: 'sha512', hex: hex('4', 128) },
        { algorithm: 'sha256', hex: hex('5') },
      ],
    });
  });

  test('version 4', () => {
    expect(parseMetalink(V4, FROM)).toEqual({
      baseUrls: ['https://a.example/os/', 'http://b.example/os/'],
      digests: [{ algorithm: 'sha256', hex: hex('3') }],
    });
  });

  test('over plain http it is UNSAFE_URL', () => {
    expect(() => parseMetalink(V3, 'http://mirrors.example/metalink')).toThrow(
      expect.objectContaining({ code: 'UNSAFE_URL' }),
    );
  });

  test.each([
    ['only weak digests', V3.replaceAll(/<hash type="sha(?:256|512)">[^<]*<\/hash>/g, '')],
    ['another file', V4.replace('"repomd.xml"', '"primary.xml"')],
    ['an error page', '<html>no such repository'],
  ])('%s is BAD_METADATA', (_, text) => {
    expect(() => parseMetalink(text, FROM)).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
  });
});

describe('parseMirrorList', () => {
  test('takes URLs, one a line, and nothing else', () => {
    const text = `# repo = x\r\nhttps://cdn.example/core/guids/1f/x86_64\n\nfile:///etc/\nhttp://b.example/$basearch/os/\nnonsense\nhttps://cdn.example/core/guids/1f/x86_64/\n`;
    expect(parseMirrorList(text, 'aarch64', 'https://cdn.example/mirror.list')).toEqual([
      'https://cdn.example/core/guids/1f/x86_64/',
      'http://b.example/aarch64/os/',
    ]);
  });

  test.each(['', 'Bad arch - not in list', '<html>gone</html>'])('%j is BAD_METADATA', (text) => {
    expect(() => parseMirrorList(text, 'x86_64', 'https://m.example/list')).toThrow(
      expect.objectContaining({ code: 'BAD_METADATA' }),
    );
  });
});
