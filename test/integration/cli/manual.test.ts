import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeManual } from '../../../scripts/make-man.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { keyOf } from '../../../src/cli/options.ts';

const out = mkdtempSync(join(tmpdir(), 'manual-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));
writeManual(out, { commit: null, date: 1_780_000_000 });
const folder = join(out, 'man/man1');
const pages = readdirSync(folder);

/** A page as man prints it, without overstrikes. */
function read(page: string, columns: number): string {
  const shown = spawnSync('man', ['-l', join(folder, page)], {
    env: { ...process.env, MANWIDTH: String(columns), LC_ALL: 'C.UTF-8', MANPAGER: 'cat', MAN_KEEP_FORMATTING: '' },
    encoding: 'utf8',
  });
  expect(shown.stderr).toBe('');
  expect(shown.status).toBe(0);
  return shown.stdout;
}

test('there is a page of tapprep and one of each command', () => {
  const names = ['tapprep', ...COMMANDS.map(({ name }) => `tapprep-${name.replaceAll(' ', '-')}`)];
  expect(pages.toSorted()).toEqual(names.map((name) => `${name}.1`).toSorted());
});

test('mandoc has nothing against any page, and every page that another one names exists', () => {
  const { stdout } = spawnSync('mandoc', ['-T', 'lint', ...pages], { cwd: folder, encoding: 'utf8' });
  // Where mandoc looks for other pages, none of tapprep's is installed.
  expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('referenced manual not found'))).toEqual([]);
  for (const page of pages) {
    const named = readFileSync(join(folder, page), 'utf8').matchAll(/^\.Xr (\S+) 1/gm);
    expect(pages).toEqual(expect.arrayContaining(Array.from(named, ([, name]) => `${name ?? ''}.1`)));
  }
});

test('man shows every option of a command', () => {
  const shown = read('tapprep-install.1', 100).replaceAll('‐', '-');
  const row = COMMANDS.find(({ name }) => name === 'install');
  expect(row?.options.length).toBeGreaterThan(20);
  for (const option of row?.options ?? []) {
    expect(shown).toContain(/--[a-z-]+/.exec(option[0])?.[0] ?? keyOf(option));
  }
});

test('a reader with 40 columns has every page whole, and no line that is longer', () => {
  for (const page of ['tapprep.1', 'tapprep-plan.1', 'tapprep-bundle.1']) {
    const lines = read(page, 40).split('\n');
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => line.length > 40 && !/^\s*(?:\S+|tapprep .*)$/.test(line))).toEqual([]);
  }
});

test('the completions lie where each shell looks for them', () => {
  for (const path of ['bash/tapprep', 'zsh/_tapprep', 'fish/tapprep.fish']) {
    const [shell = ''] = path.split('/');
    expect(spawnSync(shell, ['-n', join(out, 'completions', path)]).status).toBe(0);
  }
});
