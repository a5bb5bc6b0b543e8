import fc from 'fast-check';
import sax from 'sax';
import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../../src/report/html.ts';
import { renderJunit } from '../../../src/report/junit.ts';
import { describeExamination, describeFailure, describeRepair } from '../../../src/report/preflight.ts';
import { ANY_CHARACTER } from '../../helpers/any-character.ts';
import { samplePreflight } from './sample-preflight.ts';

const OPTIONS = { madeAt: Date.UTC(2026, 0, 2, 3, 4, 5), tapprepVersion: '0.1.0' };

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** Every element of a document; throws where it is not well-formed. */
function readElements(xml: string): readonly Element[] {
  const parser = sax.parser(true, { strictEntities: true } as sax.SAXOptions);
  const elements: Element[] = [];
  const open: Element[] = [];
  Object.assign(parser, {
    onerror(error: Error) {
      throw error;
    },
    onopentag({ name, attributes }: sax.Tag) {
      const element = { name, attributes, text: '' };
      elements.push(element);
      open.push(element);
    },
    ontext(text: string) {
      const current = open.at(-1);
      if (current !== undefined) current.text += text;
    },
    onclosetag() {
      open.pop();
    },
  });
  parser.write(xml).close();
  return elements;
}

/** The tags of a page in order: what a browser would make elements of. */
function tagsOf(html: string): readonly string[] {
  return [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
}

/** XML 1.0, section 2.2. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='x",
  ']]>',
  '</pre></style><!--',
  '&lt;&#60;&amp',
  '\u0000\u0007\u001b[2J\u001b]0;t\u0007\u007f\u009b',
  '\ufffe\uffff\ud800x\udfff',
  '\u202egnp.exe\u2066',
  'line 1\r\nline 2\tend',
] as const;

const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: ANY_CHARACTER, maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('<', '>', '&', '"', "'", ']', '\u0000', '\ud800', '\ufffe', 'a', '\n'),
    maxLength: 20,
  }),
);

describe('HTML', () => {
  const plain = tagsOf(renderHtml(samplePreflight('x'), OPTIONS));

  test('foreign text makes no tag and leaves no control character', () => {
    fc.assert(
      fc.property(hostile, (foreign) => {
        // Empty output has no box of its own, so the text is never empty here.
        const html = renderHtml(samplePreflight(`x${foreign}`), OPTIONS);
        expect(tagsOf(html)).toEqual(plain);
        // oxlint-disable-next-line no-control-regex
        expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 300 },
    );
  });

  test('the page loads and runs nothing', () => {
    const html = renderHtml(samplePreflight('https://elsewhere.example/x.png'), OPTIONS);
    expect(html).toContain(`default-src 'none'`);
    expect(html).not.toMatch(/<(script|link|img|iframe|object)\b|\b(src|on\w+)=|@import|url\(/i);
    // Links lead to the page's own steps and nowhere else.
    for (const [, to = ''] of html.matchAll(/\bhref="([^"]*)"/g))
      expect(html).toContain(`id="${to.replace(/^#/, '')}"`);
    expect([...html.matchAll(/<a /g)]).toHaveLength([...html.matchAll(/<a href="#step-\d+">/g)].length);
  });

  test('it names digest, signer, sizes, times and the moment it was made', () => {
    const html = renderHtml(samplePreflight('kernel-devel'), OPTIONS);
    for (const part of ['ab'.repeat(32), 'CD'.repeat(20), '12.3 MB', '1.5 s', '5.0 s', '2026-01-02T03:04:05Z']) {
      expect(html).toContain(part);
    }
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('@media print');
  });

  test('the head tells verdict, kernel, SystemTap, time and signature in one row, and leads to the failed step', () => {
    const tools = { ...samplePreflight('Systemtap translator/driver (version 5.1/0.190)').steps[0] };
    const page = { ...samplePreflight('x'), kernel: '6.1.0', signedBy: 'Fleet key' };
    Object.assign(page, { steps: [tools, ...page.steps.slice(1)] });
    const html = renderHtml(page, OPTIONS);
    const cells = [...html.matchAll(/<div><dt>([^<]+)<\/dt><dd>([^<]*)<\/dd><\/div>/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(cells).toEqual([
      ['Verdict', 'not ready'],
      ['Kernel', '6.1.0'],
      ['SystemTap', '5.1'],
      ['Time', '5.0 s'],
      ['Module signed by', 'Fleet key'],
    ]);
    expect(html).toContain('<a href="#step-2">x</a>');
    expect(html).toMatch(/<tr id="step-2">.{0,60}fail/);
  });

  test('the plan is folded under its sum', () => {
    expect(renderHtml(samplePreflight('x'), OPTIONS)).toMatch(
      /<details><summary>1 package to fetch, 12\.3 MB;[^<]*<\/summary><table>/,
    );
  });

  test('a password in an address is taken out', () => {
    const html = renderHtml(samplePreflight('https://user:secret@host/repo'), OPTIONS);
    expect(html).not.toContain('secret');
  });

  test.each([
    ['vm', 'booted in QEMU'],
    ['local', 'the running kernel'],
    [null, 'No module was loaded'],
  ] as const)('ready in %s says how it was proven', (ranIn, words) => {
    expect(renderHtml({ ...samplePreflight('x'), ready: true, ranIn }, OPTIONS)).toContain(words);
  });

  test('an error is shown with its code and hint', () => {
    const page = describeFailure('install', { code: 'NETWORK', message: 'no <answer>', hint: 'tapprep mirrors check' });
    const html = renderHtml(page, OPTIONS);
    expect(html).toContain('no &lt;answer&gt; [NETWORK]');
    expect(html).toContain('tapprep mirrors check');
    expect(html).not.toContain('class="verdict pass"');
  });
});

describe('JUnit', () => {
  test.each(['<a><b></a>', '<a>&nbsp;</a>', '<a>& b</a>', '<a x="1" y=2/>'])('the judge refuses %s', (xml) => {
    expect(() => readElements(xml)).toThrow(/Line: 0/);
  });

  test('is well-formed for any foreign text', () => {
    fc.assert(
      fc.property(hostile, (foreign) => {
        const xml = renderJunit(samplePreflight(foreign));
        expect(xml).not.toMatch(FORBIDDEN);
        // sax lets a bare < in an attribute pass; XML does not.
        expect(xml).not.toMatch(/="[^"]*</);
        expect(readElements(xml).map(({ name }) => name)).toContain('failure');
      }),
      { numRuns: 300 },
    );
  });

  test('text comes back from a parser as it was', () => {
    const text = 'a <b> & "c"\n\t\'d\' ]]> e';
    const elements = readElements(renderJunit(samplePreflight(text)));
    const failures = elements.filter(({ name }) => name === 'failure');
    expect(failures.map((one) => one.attributes['message'])).toEqual([text, text]);
    expect(failures.map((one) => one.text)).toEqual([text, text]);
    expect(elements.find(({ name }) => name === 'skipped')?.attributes['message']).toBe(text);
  });

  test('counts cases, failures, skips and time', () => {
    const elements = readElements(renderJunit(samplePreflight('x')));
    const suite = elements.find(({ name }) => name === 'testsuite')?.attributes;
    expect(suite).toMatchObject({ name: 'tapprep.install', tests: '4', failures: '2', skipped: '1', errors: '0' });
    expect(suite?.['time']).toBe('5.000');
    expect(elements.filter(({ name }) => name === 'testcase')).toHaveLength(4);
    expect(elements.find(({ name }) => name === 'failure')?.attributes['type']).toBe('DEVEL_MISSING');
  });

  test('a run that was not proven never counts as passed, even where no step failed', () => {
    const page = describeExamination({
      facts: { os: { prettyName: 'Some Linux' }, kernel: { release: '1.2.3-own' } },
      target: null,
      checks: [],
      findings: [],
      verdict: { ready: false, remedies: [], commands: ['reboot'], byHand: [] },
    });
    const elements = readElements(renderJunit(page));
    expect(elements.find(({ name }) => name === 'failure')?.text).toBe('reboot');
    expect(renderHtml(page, OPTIONS)).toContain('SystemTap preflight: 1.2.3-own');
  });

  test('an error is an error', () => {
    const elements = readElements(
      renderJunit(describeFailure('verify', { code: 'TIMEOUT', message: 'm', hint: null })),
    );
    expect(elements.find(({ name }) => name === 'error')?.attributes).toEqual({ type: 'TIMEOUT', message: 'm' });
    expect(elements.find(({ name }) => name === 'testsuite')?.attributes).toMatchObject({ tests: '1', errors: '1' });
  });

  test('after fixes the steps decide, not the checks of before', () => {
    const { target, checks, diagnoses, steps } = samplePreflight('x');
    if (target === null) throw new Error('the sample has a target');
    const verdict = { ready: false, remedies: [], commands: ['tapprep install'], byHand: [] };
    const facts = { os: { prettyName: null }, kernel: { release: 'x' } };
    const passed = steps.filter(({ status }) => status === 'pass');
    const page = describeRepair(
      { facts, target, checks, findings: diagnoses, verdict },
      {
        fixes: [{ command: '<tapprep install>', status: 'done', reason: null }],
        outcome: null,
        stages: [],
        verify: { target, steps: passed, ready: true, ranIn: 'vm', diagnoses: [] },
      },
    );
    const suite = readElements(renderJunit(page)).find(({ name }) => name === 'testsuite');
    expect(suite?.attributes).toMatchObject({ tests: '1', failures: '0' });
    const html = renderHtml(page, OPTIONS);
    expect(html).toContain('&lt;tapprep install&gt;');
    expect(html).toContain('Checks before the fixes');
    expect(html).toContain('Findings before the fixes');
    expect(html).not.toContain('What to do');
  });
});
