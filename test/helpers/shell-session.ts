/** An interactive shell on a terminal of its own, in which keys are pressed; `tapprep` there records how it was called. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = join(import.meta.dirname, '../../bin/tapprep.js');

export type Shell = 'bash' | 'zsh' | 'fish';

/** What tapprep prints, and ends each record with. */
const CALLED = 'tapprep-was-called';
const PROMPT = 'ready-for-keys>';

/** How each shell is started with the completion that tapprep prints, and nothing of the user's. */
const STARTS: Readonly<Record<Shell, (home: string, script: string) => readonly string[]>> = {
  bash: (home, script) => {
    writeFileSync(join(home, 'rc'), `PS1='${PROMPT}'\n${script}`);
    return ['bash', '--noprofile', '--rcfile', join(home, 'rc'), '-i'];
  },
  zsh: (home, script) => {
    // As it is installed: a file that compinit finds, and loads with the first press of the key.
    mkdirSync(join(home, 'functions'));
    writeFileSync(join(home, 'functions/_tapprep'), script);
    writeFileSync(
      join(home, '.zshrc'),
      `PS1='${PROMPT}'\nfpath=(${join(home, 'functions')} $fpath)\nautoload -U compinit && compinit -u -D\n`,
    );
    return ['zsh', '-i'];
  },
  fish: (home, script) => {
    mkdirSync(join(home, '.config/fish/completions'), { recursive: true });
    // Where it is absent, fish makes completions of all manual pages in a process that outlives the shell, and writes here.
    mkdirSync(join(home, '.local/share/fish/generated_completions'), { recursive: true });
    writeFileSync(join(home, '.config/fish/completions/tapprep.fish'), script);
    writeFileSync(
      join(home, '.config/fish/config.fish'),
      `set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\nfunction fish_prompt\n  echo -n '${PROMPT}'\nend\n`,
    );
    return ['fish', '-i'];
  },
};

export class ShellSession {
  readonly home: string = mkdtempSync(join(tmpdir(), 'shell-home-'));
  /** The directory in which the keys are pressed. */
  readonly cwd: string = join(this.home, 'here');
  readonly #argv: readonly string[];

  constructor(shell: Shell, script: string) {
    mkdirSync(this.cwd);
    mkdirSync(join(this.home, 'bin'));
    const program = join(this.home, 'bin/tapprep');
    const real = `'${process.execPath}' '${BIN}'`;
    writeFileSync(
      program,
      `#!/bin/sh\n[ "$1" != __complete ] || exec ${real} "$@"\nprintf '%s\\0' "$@" ${CALLED} >>'${this.#record}'\necho ${CALLED}\n`,
    );
    chmodSync(program, 0o755);
    this.#argv = STARTS[shell](this.home, script);
  }

  get #record(): string {
    return join(this.home, 'called-with');
  }

  /** Presses the keys of each line, then Enter, each time that the shell is ready; what tapprep was called with by each. */
  async press(lines: readonly string[]): Promise<readonly (readonly string[])[]> {
    const command = this.#argv.map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: this.cwd,
      env: {
        PATH: `${join(this.home, 'bin')}:${process.env['PATH'] ?? ''}`,
        HOME: this.home,
        ZDOTDIR: this.home,
        TERM: 'dumb',
        LC_ALL: 'C.UTF-8',
      },
    });
    const left = [...lines, 'exit'];
    let all = '';
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      seen += chunk.toString();
      const isFirst = left.length > lines.length;
      // A prompt is drawn again while keys are pressed; the one behind the call is the next.
      const at = isFirst ? 0 : seen.indexOf(CALLED);
      if (at === -1 || !seen.includes(PROMPT, at)) return;
      seen = '';
      child.stdin.write(`${left.shift() ?? ''}\r`);
    });
    await new Promise((resolve) => {
      child.on('close', resolve);
    });
    const calls = existsSync(this.#record)
      ? readFileSync(this.#record, 'utf8').split(`\0${CALLED}\0`).slice(0, -1)
      : [];
    if (calls.length !== lines.length) throw new Error(`${String(calls.length)} calls; the terminal shows:\n${all}`);
    return calls.map((call) => call.split('\0'));
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
