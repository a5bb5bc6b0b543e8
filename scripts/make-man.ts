// Writes the manual and the completions of the command table into dist/: man/*.1 and completions/. Run by build.js.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { renderMdoc } from '../src/cli/help/mdoc.ts';
import { allPages } from '../src/cli/help/page.ts';

/** Where each shell looks for the completion of a program of this name, below the directory that a package has for it. */
const COMPLETIONS = { bash: 'tapprep', zsh: '_tapprep', fish: 'tapprep.fish' } as const;

/** What a build is of: the same for the same commit, wherever and whenever it is built. */
export interface BuildFacts {
  /** null where the sources are no checkout. */
  readonly commit: string | null;
  /** Seconds since the epoch: SOURCE_DATE_EPOCH, else the commit's; 0 where neither is known. */
  readonly date: number;
}

/** @param cwd the checkout */
export function readBuildFacts(cwd: string, env: NodeJS.ProcessEnv): BuildFacts {
  const [commit = null, date = '0'] = git(cwd, ['log', '-1', '--format=%H %ct'])?.split(' ') ?? [];
  return { commit, date: Number(env['SOURCE_DATE_EPOCH'] ?? date) };
}

function git(cwd: string, args: readonly string[]): string | null {
  try {
    return execFileSync('git', ['-c', 'safe.directory=*', ...args], { cwd, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    // No git, or sources that are no checkout.
    return null;
  }
}

/** Writes man pages and completions below a directory. */
export function writeManual(out: string, { date }: BuildFacts): void {
  mkdirSync(`${out}/man/man1`, { recursive: true });
  for (const page of allPages()) writeFileSync(`${out}/man/man1/${page.name}.1`, renderMdoc(page, date * 1000));
  for (const [shell, name] of Object.entries(COMPLETIONS)) {
    cpSync(`src/cli/complete/tapprep.${shell}`, `${out}/completions/${shell}/${name}`);
  }
}
