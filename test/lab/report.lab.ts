/** The report page in a real Chromium, from the archive of this machine: what axe-core has against it, by day and by night, and on paper. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderHtml } from '../../src/report/html.ts';
import { samplePreflight } from '../unit/report/sample-preflight.ts';

const work = mkdtempSync(join(tmpdir(), 'report-lab-'));
afterAll(() => rmSync(work, { recursive: true }));
const page = renderHtml(samplePreflight('kernel-devel-5.14.0-427.13.1.el9_4'), {
  madeAt: Date.UTC(2026, 10, 30, 6, 40),
  tapprepVersion: '0.1.0',
});
const NIGHT = ['--force-dark-mode', '--blink-settings=preferredColorScheme=0'];

beforeAll(() => {
  const there = execFileSync('sh', ['-c', 'command -v chromium || :'], { encoding: 'utf8' }) !== '';
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (!there)
    execFileSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium'], { env, stdio: 'ignore' });
});

function chromium(html: string, ...more: readonly string[]): string {
  const file = join(work, 'page.html');
  writeFileSync(file, html);
  const own = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(work, 'profile')}`];
  const argv = [...own, '--hide-scrollbars', '--window-size=1100,1500', ...more, pathToFileURL(file).href];
  return execFileSync('chromium', argv, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The page with axe-core in it, which its policy would not let run. */
function withAxe(): string {
  const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8').replaceAll(
    '</script',
    String.raw`<\/script`,
  );
  const run = `axe.run(document).then(({ passes, violations }) => {
    const seen = { passes: passes.length, violations: violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]) };
    document.documentElement.setAttribute('data-axe', btoa(unescape(encodeURIComponent(JSON.stringify(seen)))));
  });`;
  const open = page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
  return open.replace('</body>', () => `<script>${axe}</script><script>${run}</script></body>`);
}

test.each([
  ['by day', []],
  ['by night', NIGHT],
])('axe-core finds nothing %s', (_name, more) => {
  const dom = chromium(withAxe(), ...more, '--virtual-time-budget=10000', '--dump-dom');
  const [, found = ''] = /data-axe="([^"]*)"/.exec(dom) ?? [];
  const seen = JSON.parse(Buffer.from(found, 'base64').toString()) as {
    passes: number;
    violations: readonly unknown[];
  };
  expect(seen.violations).toEqual([]);
  expect(seen.passes).toBeGreaterThan(20);
});

test('axe-core can find something', () => {
  const dark = withAxe().replace('</style>', '.soft { color: #ddd !important; }</style>');
  const [, found = ''] = /data-axe="([^"]*)"/.exec(chromium(dark, '--virtual-time-budget=10000', '--dump-dom')) ?? [];
  expect(Buffer.from(found, 'base64').toString()).toContain('color-contrast');
});

const print = (...more: readonly string[]): Buffer => {
  const pdf = join(work, 'page.pdf');
  chromium(page, ...more, '--no-pdf-header-footer', `--print-to-pdf=${pdf}`);
  return readFileSync(pdf);
};

const plain = (pdf: Buffer): string => pdf.toString('latin1').replaceAll(/\/(?:CreationDate|ModDate) ?\([^)]*\)/g, '');

test('on paper it is A4, and by night no other page than by day', () => {
  const [day, night] = [print(), print(...NIGHT)];
  const sizes = [...day.toString('latin1').matchAll(/\/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]/g)];
  expect(sizes.length).toBeGreaterThan(0);
  for (const [, width, height] of sizes)
    expect([Math.round(Number(width)), Math.round(Number(height))]).toEqual([595, 842]);
  expect(plain(night)).toBe(plain(day));
});
