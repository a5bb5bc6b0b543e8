import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsInBlocks, commandsInSentences, PAGES, wordsOf } from '../helpers/documented-commands.ts';
import { buildProgram } from '../../src/cli/program.ts';

const SHOWN = PAGES.flatMap(commandsInBlocks);
const MENTIONED = PAGES.flatMap(commandsInSentences);

test('the pages show commands', () => {
  expect(SHOWN.length).toBeGreaterThan(30);
  expect(new Set(SHOWN.map(({ page }) => page)).size).toBeGreaterThan(3);
});

async function parse(words: readonly string[]): Promise<string> {
  let ran = '';
  const program = buildProgram(async (row) => {
    ran = row.name;
  });
  await program.parseAsync(words, { from: 'user' });
  return ran;
}

test.each(SHOWN)('$page: $command is a line that tapprep takes', async ({ command }) => {
  const ran = await parse(wordsOf(command).slice(1));
  expect(wordsOf(command).slice(1, 3).join(' ')).toContain(ran.split(' ')[0]);
});

test.each(MENTIONED)('$page mentions $command, which tapprep takes', async ({ command }) => {
  const words = wordsOf(command).slice(1);
  if (words[0] === '--version') return;
  // Of an option that is only named, the value is left out.
  const ran = await parse(words).catch(() => parse([...words, 'x:1']));
  expect(words.slice(0, 2).join(' ')).toContain(ran.split(' ')[0]);
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
