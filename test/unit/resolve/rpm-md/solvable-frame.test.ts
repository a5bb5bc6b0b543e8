import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCatalogue, RELATIONS } from '../../../../src/resolve/rpm-md/catalogue.ts';
import { createSolvableReader } from '../../../../src/resolve/rpm-md/solvable-frame.ts';

function frame(entries: string, more = ''): string {
  return `<package type="rpm"><name>tool</name><arch>x86_64</arch><version epoch="1" ver="2.0" rel="3.el9"/>
<format><rpm:vendor>CentOS</rpm:vendor><rpm:requires>${entries}</rpm:requires>${more}</format></package>`;
}

function read(...frames: readonly string[]) {
  const catalogue = createCatalogue();
  catalogue.startRepository();
  const reader = createSolvableReader(catalogue, 'primary.xml');
  for (const text of frames) reader.read(Buffer.from(text));
  const text = (symbol: number): string => catalogue.symbols.text(symbol);
  return Array.from({ length: catalogue.size() - 1 }, (_, at) => ({
    name: text(catalogue.nameOf(at + 1)),
    evr: text(catalogue.evrOf(at + 1)),
    arch: text(catalogue.archOf(at + 1)),
    ...Object.fromEntries(RELATIONS.map((kind) => [kind, Array.from(catalogue.relations(at + 1, kind), text)])),
  }));
}

describe('one package of primary.xml', () => {
  test('its relations, each with its version, and itself', () => {
    const [found] = read(
      frame(
        '<rpm:entry name="libc.so.6()(64bit)"/><rpm:entry name="perl" flags="GE" epoch="4" ver="5.10" rel="1"/><rpm:entry name="/bin/sh" pre="1"/>',
        '<rpm:obsoletes><rpm:entry name="old" flags="LT" epoch="0" ver="2"/></rpm:obsoletes><file>/usr/bin/tool</file><file type="dir">/etc/tool.d</file>',
      ),
    );
    expect(found).toMatchObject({
      name: 'tool',
      evr: '1:2.0-3.el9',
      arch: 'x86_64',
      provides: ['tool = 1:2.0-3.el9'],
      requires: ['libc.so.6()(64bit)', 'perl >= 4:5.10-1', '/bin/sh'],
      obsoletes: ['old < 2'],
      files: ['/usr/bin/tool', '/etc/tool.d'],
    });
  });

  test('entities in names and rich dependencies', () => {
    const [found] = read(frame('<rpm:entry name="(a &gt;= 1 or b &lt; 2)"/><rpm:entry name="c&amp;d"/>'));
    expect(found).toMatchObject({ requires: ['(a >= 1 or b < 2)', 'c&d'] });
  });

  test('a comment or CDATA goes the slow way and means the same', () => {
    const entries = '<rpm:entry name="x" flags="EQ" epoch="0" ver="1" rel="2"/>';
    const plain = read(frame(entries, '<file>/usr/bin/a&amp;b</file>'));
    expect(read(frame(`<!-- > " -->${entries}`, '<file><![CDATA[/usr/bin/a&b]]></file>'))).toEqual(plain);
    expect(plain[0]).toMatchObject({ requires: ['x = 1-2'], files: ['/usr/bin/a&b'] });
  });

  test('whatever the attributes are, both ways mean the same', () => {
    const text = fc.stringMatching(/^[\w.+~()/&;> -]{0,12}$/);
    const attribute = fc.tuple(
      fc.constantFrom('name', 'flags', 'epoch', 'ver', 'rel', 'pre', 'vex', 'names', 'nine', 'x:rel'),
      fc.oneof(text, fc.constantFrom('EQ', 'LT', 'GE', '0', '1', '00', '01', 'toString', 'kernel(x)', 'modalias(y)')),
      fc.constantFrom('"', "'"),
      fc.constantFrom('', ' ', '\n'),
    );
    const entry = fc.uniqueArray(attribute, { selector: ([key]) => key, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), (entries) => {
        const written = entries
          .map((list) =>
            list.map(
              ([key, value, quote, space]) => ` ${space}${key}=${quote}${value.replaceAll('&', '&amp;')}${quote}`,
            ),
          )
          .map((list) => `<rpm:entry${list.join('')}/>`)
          .join('');
        // A comment sends the frame to the parser.
        expect(read(frame(written))).toEqual(read(frame(`<!-- -->${written}`)));
      }),
      { numRuns: 300 },
    );
  });

  test('symbols of kernels are left out', () => {
    const [found] = read(frame('<rpm:entry name="ksym(default:printk)" flags="EQ" epoch="0" ver="1"/>'));
    expect(found).toMatchObject({ requires: [] });
  });

  test('without a name it is no package', () => {
    expect(() => read('<package type="rpm"><arch>x</arch></package>')).toThrow(
      expect.objectContaining({ code: 'BAD_METADATA' }),
    );
  });
});
