/** The password for sudo on another machine, typed on a real terminal. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { type Sshd, startSshd } from '../helpers/sshd.ts';

const TYPE = join(import.meta.dirname, '../helpers/type-answer.py');
const BIN = join(import.meta.dirname, '../../bin/tapprep.js');
const SECRET = 'hunter2-is-wrong';
const cli = new Cli();
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd({ user: 'ops', sudo: 'ops ALL=(ALL) ALL' });
});
afterAll(async () => {
  await sshd.close();
  cli.close();
});

function typeInto(...command: readonly string[]): string {
  return execFileSync('/usr/bin/python3', [TYPE, 'password', `${SECRET}\r`, ...command], {
    env: cli.env,
    encoding: 'utf8',
    timeout: 120_000,
  });
}

test('a terminal that echoes shows what is typed', () => {
  expect(typeInto('sh', '-c', 'printf "password: "; read -r word')).toContain(SECRET);
});

test('a password for sudo that is typed as soon as it is asked for is nowhere on the terminal, and sudo gets it', () => {
  const target = ['--host', sshd.host, '--ssh-config', sshd.configFile];
  const shown = typeInto(process.execPath, BIN, 'remove', ...target);
  expect(shown).toContain('password for sudo on machine: ');
  // A wrong one, so that nothing is done as root on this machine.
  expect(shown).toContain('sudo on machine did not take the password');
  expect(shown).toMatch(/status 6\n$/);
  expect(shown).not.toContain(SECRET);
});
