import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';

const PAGES = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md')].toSorted();

interface Shown {
  readonly page: string;
  readonly command: string;
}

/** Every command line of tapprep in a block of shell lines, without what a shell does with it. */
function collectCommands(page: string): readonly Shown[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^```(?:sh|console)\n([\s\S]*?)^```$/gm);
  const lines = Array.from(blocks, ([, text = '']) => text.replaceAll(/\\\n\s*/g, ' ').split('\n')).flat();
  return lines.flatMap((line) =>
    line
      .replace(/^\$ /, '')
      .replace(/\s#\s.*$/, '')
      .split(/&&|\|\||\||;/)
      .map((part) => part.trim().replace(/^(?:sudo |npx )+/, ''))
      .filter((part) => /^tapprep\s/.test(part))
      .map((part) => ({ page, command: part.replaceAll(/\s\d?>+&?\s*\S+/g, '').replaceAll(/\s<\s*\S+/g, '') })),
  );
}

/** Words of a command line with simple quotes. */
function wordsOf(command: string): readonly string[] {
  return Array.from(command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g), ([, one, two, three]) => one ?? two ?? three ?? '');
}

const SHOWN = PAGES.flatMap(collectCommands);

test('the pages show commands', () => {
  expect(SHOWN.length).toBeGreaterThan(30);
  expect(new Set(SHOWN.map(({ page }) => page)).size).toBeGreaterThan(3);
});

test.each(SHOWN)('$page: $command is a line that tapprep takes', async ({ command }) => {
  let ran = '';
  const program = buildProgram(async (row) => {
    ran = row.name;
  });
  await program.parseAsync(wordsOf(command).slice(1), { from: 'user' });
  expect(wordsOf(command).slice(1, 3).join(' ')).toContain(ran.split(' ')[0]);
});

describe('the pages', () => {
  test('link to files that are there', () => {
    const broken = ['CHANGELOG.md', 'ARCHITECTURE.md', 'SECURITY.md', ...PAGES].flatMap((page) =>
      Array.from(readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g), ([, to = '']) => to)
        .filter((to) => globSync(join(dirname(page), to)).length === 0)
        .map((to) => `${page}: ${to}`),
    );
    expect(broken).toEqual([]);
  });

  test('have one index, and none is left out', () => {
    const index = readFileSync('docs/README.md', 'utf8');
    expect(
      globSync('*.md', { cwd: 'docs' }).filter((page) => page !== 'README.md' && !index.includes(`(${page})`)),
    ).toEqual([]);
  });
});
