/** The project's sources as attacks see them: as they are, and copies of which each lacks one guard. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CliResult, GuardEdit, Tree } from './attack.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** What guards stand in: copied, and edited there. */
const EDITED = ['src', 'scripts'] as const;
/** What the sources need beside themselves; nothing of it is edited. */
const BESIDE = ['node_modules', 'package.json', 'mirrors.json', 'mirrors.schema.json', 'stp', 'keys'] as const;

export interface Trees {
  /** The sources as they are. */
  readonly whole: Tree;
  /** A copy with these edits; attacks that share a guard share it. @throws where a text is not found as often as said */
  without(guard: readonly GuardEdit[]): Tree;
}

/** @param directory where copies and scratch directories go */
export function openTrees(directory: string): Trees {
  const copies = new Map<string, Tree>();
  let made = 0;
  let first: string | null = null;
  /** One copy where the others are: a file of it is the same file in each of them, until an edit puts another in its place. */
  const master = (): string => {
    if (first !== null) return first;
    first = join(directory, 'sources');
    mkdirSync(first);
    for (const name of EDITED) cpSync(join(PROJECT, name), join(first, name), { recursive: true });
    return first;
  };
  return {
    whole: openTree(PROJECT, directory),
    without(guard) {
      const key = JSON.stringify(guard);
      const known = copies.get(key);
      if (known !== undefined) return known;
      made += 1;
      const root = join(directory, `without-${made}`);
      linkSources(master(), root);
      for (const edit of guard) applyEdit(root, edit);
      const tree = openTree(root, directory);
      copies.set(key, tree);
      return tree;
    },
  };
}

function linkSources(master: string, root: string): void {
  mkdirSync(root);
  execFileSync('cp', ['-al', ...EDITED.map((name) => join(master, name)), root]);
  for (const name of BESIDE) symlinkSync(join(PROJECT, name), join(root, name));
}

function applyEdit(root: string, edit: GuardEdit): void {
  const path = join(root, edit.file);
  const edited = readEdited(edit, root);
  rmSync(path);
  writeFileSync(path, edited);
}

/** The file as it is without the guard. @throws where the text is not found as often as said */
export function readEdited({ file, text, replacement, count = 1 }: GuardEdit, root: string = PROJECT): string {
  const parts = readFileSync(join(root, file), 'utf8').split(text);
  if (text === '' || parts.length - 1 !== count) {
    throw new Error(`the guard is not where it was: ${file} has ${parts.length - 1} times, and not ${count}, ${text}`);
  }
  return parts.join(replacement);
}

function openTree(root: string, directory: string): Tree {
  return {
    root,
    load: (path) => import(pathToFileURL(join(root, path)).href),
    cli: (args, env, input) => runCli(root, args, env, input),
    scratch: () => mkdtempSync(join(directory, 's-')),
  };
}

/** The first word after the script stands for the name of the program. */
function runCli(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<CliResult> {
  const start = `import { main } from ${JSON.stringify(pathToFileURL(join(root, 'src/cli/main.ts')).href)}; await main();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', start, 'tapprep', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}
