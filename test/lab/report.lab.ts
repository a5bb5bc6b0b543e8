/**
 * The report page in a real Chromium, from the archive of this machine: what axe-core has against it, and whether it looks as it
 * did when somebody last looked at it, by day, by night, and on paper. KEEP_SCREENSHOTS=1 keeps what is there now: look at it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const packages = ['chromium', 'fonts-dejavu-core', 'imagemagick', 'poppler-utils'];
  execFileSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env, stdio: 'ignore' });
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

const KEPT = join(import.meta.dirname, 'report');
/** Letters are drawn a little differently by the next release of a font or of Chromium. */
const MOST_DIFFERENT = 0.01;

function shoot(html: string, how: 'day' | 'night' | 'paper'): string {
  const shot = join(work, `${how}.png`);
  if (how === 'paper') {
    const pdf = join(work, 'paper.pdf');
    chromium(html, '--no-pdf-header-footer', `--print-to-pdf=${pdf}`);
    execFileSync('pdftoppm', ['-png', '-r', '72', '-f', '1', '-l', '1', '-singlefile', pdf, join(work, how)]);
  } else chromium(html, ...(how === 'night' ? NIGHT : []), `--screenshot=${shot}`);
  return shot;
}

/** Which part of the pixels differs by more than a shade, from 0 to 1; 1 where the sizes do. */
function difference(one: string, other: string): number {
  const [size, otherSize] = [one, other].map((file) =>
    execFileSync('identify', ['-format', '%w %h', file], { encoding: 'utf8' }),
  );
  if (size !== otherSize) return 1;
  const [width = 0, height = 0] = size?.split(' ').map(Number) ?? [];
  const { stderr, status } = spawnSync('compare', ['-metric', 'AE', '-fuzz', '10%', one, other, 'null:'], {
    encoding: 'utf8',
  });
  if (status !== 0 && status !== 1) throw new Error(`compare ended with ${status}: ${stderr}`);
  return Number.parseFloat(stderr) / (width * height);
}

test.each(['day', 'night', 'paper'] as const)('it looks as it did: %s', (how) => {
  const kept = join(KEPT, `${how}.png`);
  const shot = shoot(page, how);
  if (process.env['KEEP_SCREENSHOTS'] === '1') copyFileSync(shot, kept);
  expect(difference(kept, shot)).toBeLessThan(MOST_DIFFERENT);
  // A step that is not shown, or a table that has lost its rules, is seen.
  const spoiled = shoot(page.replace('</style>', 'table { display: none; }</style>'), how);
  expect(difference(kept, spoiled)).toBeGreaterThan(MOST_DIFFERENT);
});
