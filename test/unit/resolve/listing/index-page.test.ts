import { describe, expect, test } from 'vitest';
import { parseIndexPage } from '../../../../src/resolve/listing/index-page.ts';
import { cpuMilliseconds } from '../../../helpers/cpu-time.ts';

const BASE = 'https://debuginfo.example/6/x86_64/';
const A = 'kernel-debuginfo-2.6.32-642.el6.x86_64.rpm';
const B = 'gcc-c++-4.4.7-17.el6.x86_64.rpm';

/** The forms in which servers write the same directory. */
const PAGES: readonly (readonly [string, string])[] = [
  [
    'Apache, fancy index in a table',
    `<table><tr><th><a href="?C=N;O=D">Name</a></th></tr>
     <tr><td><a href="/6/">Parent Directory</a></td></tr>
     <tr><td><img src="/icons/rpm.gif"></td><td><a href="${A}">kernel-debuginfo-2.6..&gt;</a></td><td>2016-05-13 258M</td></tr>
     <tr><td><a href="gcc-c%2b%2b-4.4.7-17.el6.x86_64.rpm">gcc</a></td></tr><tr><td><a href="repodata/">repodata/</a></td></tr></table>`,
  ],
  [
    'Apache, plain list',
    `<ul><li><a href="/6/"> Parent</a></li>\n<li><a href="${A}"> x</a></li>\n<li><a href="${B}"> y</a></li></ul>`,
  ],
  [
    'nginx',
    `<h1>Index of /6/x86_64/</h1><hr><pre><a href="../">../</a>\r\n<a href="${A}">k</a>   13-May-2016 10:00  270532608\r\n<a href="gcc-c%2B%2B-4.4.7-17.el6.x86_64.rpm">g</a>`,
  ],
  [
    'lighttpd',
    `<tr class="d"><td class="n"><a href="../">..</a>/</td></tr><tr><td class="n"><a href="${A}">k</a></td></tr><tr><td class='n'><a href='${B}'>g</a></td></tr>`,
  ],
  ['absolute paths', `<A HREF="/6/x86_64/${A}">k</A><a class=x href = "/6/x86_64/${B}">g</a>`.replace('HREF', 'href')],
  ['absolute URLs', `<a href="${BASE}${A}">k</a><a href="${BASE}${B}">g</a>`],
  ['no quotes, entities', `<a href=${A}>k</a><a href="gcc-c&#43;&#43;-4.4.7-17.el6.x86_64.rpm">g</a>`],
];

describe('parseIndexPage', () => {
  test.each(PAGES)('%s', (_, html) => {
    const rpms = parseIndexPage(html, BASE).filter((name) => name.endsWith('.rpm'));
    expect(rpms).toEqual([A, B]);
  });

  test.each([
    ['../evil.rpm'],
    ['%2e%2e/evil.rpm'],
    ['..%2fevil.rpm'],
    ['%2e%2e'],
    ['..'],
    ['/evil.rpm'],
    ['/6/x86_64/../evil.rpm'],
    ['sub/evil.rpm'],
    ['sub%2fevil.rpm'],
    ['..\\evil.rpm'],
    ['javascript:alert(1)//evil.rpm'],
    ['https://evil.example/evil.rpm'],
    ['//evil.example/evil.rpm'],
    ['https://debuginfo.example.evil.example/evil.rpm'],
    ['https://debuginfo.example/7/evil.rpm'],
    ['evil\u0000.rpm'],
    ['evil%00.rpm'],
    ['evil%0a.rpm'],
    ['evil\u001b[2J.rpm'],
    ['evil%1b.rpm'],
    ['-evil.rpm'],
    ['.evil.rpm'],
    ['evil.rpm%'],
    ['evil$(id).rpm'],
    ['evil;id.rpm'],
    ['évil.rpm'],
    [`${'e'.repeat(300)}.rpm`],
    [''],
  ])('%j is passed over', (link) => {
    expect(parseIndexPage(`<a href="${link}">x</a><a href="${A}">k</a>`, BASE)).toEqual([A]);
  });

  test('each name once, in the order of the page', () => {
    expect(parseIndexPage(`<a href="${B}">b</a><a href="${A}">a</a><a href="${B}">b</a>`, BASE)).toEqual([B, A]);
  });

  test.each([
    ['no link', 'x'.repeat(10_000_000)],
    ['an attribute that never ends', `<a href="${'x'.repeat(10_000_000)}`],
    ['nothing but starts of links', 'href'.repeat(2_500_000)],
    ['blanks behind the name', `href${' '.repeat(10_000_000)}`],
  ])('10 MB of one line with %s take no time', async (_, html) => {
    expect(await cpuMilliseconds(() => expect(parseIndexPage(html, BASE)).toEqual([]))).toBeLessThan(3000);
  });

  test('more links than any directory has are TOO_LARGE', () => {
    expect(() => parseIndexPage('<a href="a.rpm">'.repeat(200_001), BASE)).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  });
});
