/** What ssh(1) says when there is no connection, in codes. Pure. */
import { TapprepError } from '../errors.ts';
import { quoteCommand } from '../shell-words.ts';
import type { SshPlace } from './ssh-command.ts';

interface Row {
  readonly words: RegExp;
  readonly code: 'SSH_HOST_KEY' | 'SSH_REFUSED' | 'SSH_FAILED';
  readonly message: (name: string) => string;
  readonly hint: (place: SshPlace, said: string) => string;
}

/** First match counts; the words are OpenSSH's (sshconnect.c, sshconnect2.c, ssh.c). */
const ROWS: readonly Row[] = [
  {
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'SSH_HOST_KEY',
    message: (name) =>
      `the host key of ${name} is another one than known_hosts has for it: the machine was installed anew, or this is another machine`,
    hint: forgetKey,
  },
  {
    words: /Host key verification failed|host key is known for/,
    code: 'SSH_HOST_KEY',
    message: (name) => `the host key of ${name} is not in known_hosts, and nobody is there to confirm it`,
    hint: (place) => sshTrue(place),
  },
  {
    words: /Permission denied|Too many authentication failures|no mutual signature|sign_and_send_pubkey/,
    code: 'SSH_REFUSED',
    message: (name) => `${name} took none of the keys that ssh offered, and tapprep asks for no ssh password`,
    hint: copyKey,
  },
];

/** The error for an ssh that ended before it ran anything. @param said its standard error */
export function explainSshFailure(place: SshPlace, said: string): TapprepError {
  const name = place.destination;
  const row = ROWS.find(({ words }) => words.test(said));
  const last = said.trim().split('\n').at(-1)?.trim() ?? '';
  const details = { facts: { host: name, stderr: said.slice(-4000) } };
  if (row !== undefined)
    return new TapprepError(row.code, row.message(name), { hint: row.hint(place, said), ...details });
  return new TapprepError(
    'SSH_FAILED',
    `no connection to ${name} was made: ${last === '' ? 'ssh gave no reason' : last}`,
    {
      hint: sshTrue(place, '-v'),
      ...details,
    },
  );
}

/** The error for a connection that ended while something ran over it. */
export function explainLoss(place: string, program: string, said: string): TapprepError {
  const last = said.trim().split('\n').at(-1)?.trim() ?? '';
  return new TapprepError(
    'SSH_LOST',
    `the connection to ${place} ended while ${program} ran there${last === '' ? '' : `: ${last}`}`,
    { hint: 'run the same command again: it goes on from what is there', facts: { host: place, stderr: said } },
  );
}

/** Whether sshd opened no further session of a connection. @param said what ssh said before anything ran (mux.c) */
export function isRefusedSession(said: string): boolean {
  return /^mux_client_request_session: session request failed: Session open refused by peer/m.test(said);
}

/** The error for an sshd that opens no session beside the one that holds the connection. */
export function explainNoSession({ destination }: SshPlace): TapprepError {
  return new TapprepError(
    'SSH_FAILED',
    `sshd on ${destination} opens one session of a connection, and tapprep needs two`,
    { hint: `set MaxSessions to 2 or more in sshd_config there (10 is what sshd has by itself), and reload sshd` },
  );
}

/** The command by which a user sees what ssh says of a machine. */
export function sshTrue(place: SshPlace, ...more: readonly string[]): string {
  return quoteCommand(['ssh', ...more, ...configOf(place), place.destination, 'true']);
}

/** Which file has which name, ssh says itself: a configuration may give others than its own. */
function forgetKey({ destination }: SshPlace, said: string): string {
  const file = /^Offending \S+ key in (.+):\d+$/m.exec(said)?.[1];
  const name =
    /^Host key for (\S+) has changed/m.exec(said)?.[1] ?? destination.slice(destination.lastIndexOf('@') + 1);
  const words = ['ssh-keygen', ...(file === undefined ? [] : ['-f', file]), '-R', name];
  return `${quoteCommand(words)}    # once its owner has confirmed the new key`;
}

/** ssh-copy-id takes no ssh://USER@HOST:PORT. */
function copyKey(place: SshPlace): string {
  const [, name = place.destination, port] = /^ssh:\/\/(.+?)(?::(\d+))?\/?$/.exec(place.destination) ?? [];
  return quoteCommand(['ssh-copy-id', ...configOf(place), ...(port === undefined ? [] : ['-p', port]), name]);
}

function configOf({ configFile }: SshPlace): readonly string[] {
  return configFile === null ? [] : ['-F', configFile];
}
