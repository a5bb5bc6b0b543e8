import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  buildMasterArgv,
  buildSessionArgv,
  checkDestination,
  encodeForLoginShell,
} from '../../../src/host/ssh-command.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { ANY_CHARACTER } from '../../helpers/any-character.ts';

/** What sshd starts a command with, by login shell. */
const LOGIN_SHELLS: readonly (readonly [string, ...string[]])[] = [
  ['dash', '-c'],
  ['bash', '-c'],
  ['bash', '--posix', '-c'],
  ['busybox', 'sh', '-c'],
  ['tcsh', '-c'],
];

const NASTY = ["'", '"', '\\', '$HOME', '`id`', '!!', '\n', '\r', '\t', '%s', '\\0101', '*', '~', ';', '&', ' '];
const part = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: ANY_CHARACTER }));
const word = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('').replaceAll('\0', ''));

// Many words in one command, as starting a shell takes longer than all the rest.
test.each(LOGIN_SHELLS)('arguments of any kind come through %s %s unchanged', (shell, ...words) => {
  const args = ['', ...NASTY, ...fc.sample(word, 150)];
  const command = encodeForLoginShell(String.raw`printf '%s\0' "$@"`, args);
  const out = execFileSync(shell, [...words, command], { encoding: 'utf8' });
  // What is no Unicode text has no bytes of its own.
  expect(out.split('\0').slice(0, -1)).toEqual(args.map((text) => Buffer.from(text, 'utf8').toString('utf8')));
});

test('the command that a login shell sees has no character that any of them reads differently', () => {
  expect(encodeForLoginShell('echo "$1"', ["it's"], ['sudo', '-n', '--'])).toMatch(
    /^exec sudo -n -- \/bin\/sh -c 'eval "\$\(printf %b "[A-Za-z0-9 /._=:,@\\-]*"\)"' tapprep-remote$/,
  );
});

test.each(['web1', 'root@web1', 'ops@10.0.0.1', 'ssh://ops@[::1]:2222', 'domain\\user'.replace('\\', '+')])(
  '%s is a destination',
  (destination) => {
    expect(checkDestination(destination)).toBe(destination);
  },
);

test('what begins with a dash is no destination', async () => {
  const failure = await failureOf((async () => checkDestination('-oProxyCommand=id'))());
  expect(failure).toMatchObject({ code: 'USAGE' });
  expect(failure.message).toContain('begins with a dash');
});

test('the destination comes after --, and a session cannot make a connection of its own', () => {
  const place = { destination: 'web1', configFile: '/c' };
  for (const argv of [buildMasterArgv(place, '/s', '/log', 'x'), buildSessionArgv(place, '/s', 'x')]) {
    expect(argv.slice(-3)).toEqual(['--', 'web1', 'x']);
    expect(argv).toContain('BatchMode=yes');
    expect(argv.slice(0, 3)).toEqual(['ssh', '-F', '/c']);
  }
  expect(buildSessionArgv(place, '/s', 'x')).toContain('ProxyCommand=false');
});

test('shellcheck finds nothing in what runs over there', () => {
  const path = join(import.meta.dirname, '../../../src/host/remote.sh');
  const { stdout, stderr } = spawnSync('shellcheck', ['-s', 'sh', path], { encoding: 'utf8' });
  expect(stdout + stderr).toBe('');
});
