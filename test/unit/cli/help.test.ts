import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import { COMMANDS, meaningOf, TASKS } from '../../../src/cli/commands.ts';
import { allPages } from '../../../src/cli/help/page.ts';
import { renderPage } from '../../../src/cli/help/text.ts';
import { TOPICS } from '../../../src/cli/help/topics.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { ERROR_CODES } from '../../../src/errors.ts';
import { Cli } from '../../helpers/cli.ts';

test.each(allPages())('the page $name fits 40 columns, but for words that are longer', (page) => {
  const lines = renderPage(page, 40).split('\n');
  expect(
    lines.filter((line) => line.length > 40 && !line.startsWith('  tapprep ') && line.trim().includes(' ')),
  ).toEqual([]);
});

test.each([80, 40])('--help of every command fits %i columns, but for names that are longer', (columns) => {
  const ran = vi.fn<() => Promise<void>>();
  const walk = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(walk)];
  const all = walk(buildProgram(ran));
  expect(all.length).toBeGreaterThan(COMMANDS.length);
  for (const command of all) {
    let text = '';
    command.configureOutput({ getOutHelpWidth: () => columns, writeOut: (piece) => (text += piece) });
    command.outputHelp();
    const lines = (text.split('\nExamples:\n')[0] ?? '').split('\n');
    expect(text).toContain('Usage: ');
    expect(lines.filter((line) => line.length > columns && !/^(?:Usage: | {2}\S+(?: \S+)*$)/u.test(line))).toEqual([]);
  }
});

test('the topics name every override and every code of an error, because they are made of the tables', () => {
  const shown = JSON.stringify(TOPICS.map(({ blocks }) => blocks()));
  for (const code of Object.keys(ERROR_CODES)) expect(shown).toContain(code);
  const overrides = COMMANDS.flatMap(({ options }) => options.map(([flags]) => flags)).filter((flags) =>
    flags.startsWith('--allow-'),
  );
  expect(overrides.length).toBeGreaterThan(2);
  for (const flags of overrides) expect(shown).toContain(flags);
});

test.each(COMMANDS.flatMap((row) => (row.only ?? []).map(([other, rows]) => [row, other, rows] as const)))(
  'help of $name says which options mean something with another one only',
  async (row, other, rows) => {
    const pages = allPages().filter(({ name }) => name === `tapprep-${row.name.replaceAll(' ', '-')}`);
    const cli = new Cli();
    const { stdout } = await cli.run([...row.name.split(' '), '--help']).finally(() => cli.close());
    const page = pages
      .map((one) => renderPage(one, 1000))
      .join('')
      .replaceAll(/\s+/gu, ' ');
    for (const [flags, meaning] of rows) {
      const wanted = meaning.includes(other)
        ? meaning
        : `${flags} with ${other}${meaning.startsWith('with ') ? ` and ${meaning.slice(5)}` : `: ${meaning}`}`;
      expect(page).toContain(wanted);
      expect(stdout.replaceAll(/\s+/gu, ' ')).toContain(wanted);
    }
  },
);

test('every command stands under one task, and each task names commands alone', () => {
  const named = TASKS.flatMap(([, words]) => words);
  expect(new Set(named)).toEqual(new Set(COMMANDS.map(({ name }) => name.split(' ')[0])));
  expect(new Set(named).size).toBe(named.length);
});

test('npm is told every page of the manual, because it links none by their directory', () => {
  const { man } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly man: readonly string[] };
  const pages = ['tapprep', ...COMMANDS.map(({ name }) => `tapprep-${name.replaceAll(' ', '-')}`)];
  expect(man.toSorted()).toEqual(pages.map((name) => `dist/man/man1/${name}.1`).toSorted());
});

test('help prints a command, an action, a topic in one or two words, and refuses the rest by name', async () => {
  const cli = new Cli();
  try {
    const [plan, list, exit, none, unknown, misspelt, code, shell] = await Promise.all([
      cli.run(['help', 'plan']),
      cli.run(['help', 'cache', 'list']),
      cli.run(['help', 'exit', 'codes']),
      cli.run(['help']),
      cli.run(['help', 'nonsense']),
      cli.run(['help', 'mirors', 'check']),
      cli.run(['help', 'DEVEL_MISING']),
      cli.run(['completion', 'tcsh']),
    ]);
    expect(plan.stdout).toMatch(/^tapprep-plan: /);
    expect(list.stdout).toContain('tapprep cache list');
    expect(exit.stdout).toContain('EXPIRED_RELEASE');
    expect(none.stdout).toContain('systemtap');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/but not for "nonsense"\n {2}try: tapprep help\n/);
    expect(misspelt.stderr).toMatch(/try: tapprep help mirrors check\n/);
    expect(code.stderr).toMatch(/try: tapprep explain DEVEL_MISSING\n/);
    expect(shell).toMatchObject({ code: 2 });
    expect(shell.stderr).toContain('"tcsh" was given');
  } finally {
    cli.close();
  }
});

const textOf = (name: string, flags: string): string =>
  COMMANDS.find((row) => row.name === name)?.options.find((option) => option[0].startsWith(flags))?.[1] ?? '';

test('the keys of a line of JSON stand where the option is that takes it', () => {
  for (const key of ['id', 'distro', 'version', 'kernel', 'arch', 'unameV'])
    expect(textOf('names', '--batch')).toContain(`"${key}"`);
  expect(textOf('plan', '--inventory')).toContain('"facts"');
});

test('the page of fetch says why it does not take what plan takes for single files', () => {
  const page = allPages().find(({ name }) => name === 'tapprep-fetch');
  expect(JSON.stringify(page)).toContain('--debuginfo-files');
});

test.each([
  ['doctor', '--sudo-password-file', 'with --fix and --host: its first line'],
  ['bundle', '--module-cert', 'with --compiled and --module-key or --module-sign-command: the certificate'],
  ['bundle', '--module-key ', 'with --compiled: sign the modules'],
  ['verify', '--module-key-passphrase-file', 'with --module-key: its first line'],
  ['rehearse', '--kernels', 'with --distro, and without --kernel: many kernels'],
])('help of %s says what %s needs beside it', (name, flags, meaning) => {
  const row = COMMANDS.find((one) => one.name === name);
  const option = row?.options.find(([own]) => own.startsWith(flags));
  expect(row === undefined || option === undefined ? '' : meaningOf(row, option)).toContain(meaning);
});

test.each([
  ['mirrors check', '1 where some do not, 3 where none does'],
  ['detect', '1 for a kernel of no known form, 2 where an option has to say more'],
  ['scripts check', '1 where one does not'],
])('help of %s says what its exit codes mean', async (name, ends) => {
  const cli = new Cli();
  const words = name.split(' ');
  const outputs = await Promise.all([cli.run([...words, '--help']), cli.run(['help', ...words])]).finally(() =>
    cli.close(),
  );
  for (const { stdout } of outputs) expect(stdout.replaceAll(/\s+/gu, ' ')).toContain(ends);
});
