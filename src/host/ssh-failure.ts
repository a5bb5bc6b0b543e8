/** What ssh(1) says when there is no connection, in codes. Pure. */
import { TapprepError } from '../errors.ts';
import { quoteCommand } from '../shell-words.ts';
import type { SshPlace } from './ssh-command.ts';

interface Row {
  readonly words: RegExp;
  readonly code: 'SSH_HOST_KEY' | 'SSH_REFUSED' | 'SSH_FAILED';
  readonly message: (name: string) => string;
  readonly hint: (place: SshPlace, own: string, configuration: string) => string;
}

const HAS_CHANGED = /REMOTE HOST IDENTIFICATION HAS CHANGED/;

/** First match counts; the words are OpenSSH's (sshconnect.c, sshconnect2.c, ssh.c). */
const ROWS: readonly Row[] = [
  {
    words: HAS_CHANGED,
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

/** What is known of a connection that was not made. */
export interface SshWords {
  /** What ssh itself said, and nobody else can write: only that is read. */
  readonly own: string;
  /** What else came: of a program that it connects by, or of the other side once it was let in. */
  readonly others: string;
  /** What `ssh -G` prints; empty where it was not asked. */
  readonly configuration: string;
}

/** Whether ssh -G has to be asked. */
export function isKeyChanged(own: string): boolean {
  return HAS_CHANGED.test(own);
}

/** The error for an ssh that ended before it ran anything. */
export function explainSshFailure(place: SshPlace, { own, others, configuration }: SshWords): TapprepError {
  const name = place.destination;
  const row = ROWS.find(({ words }) => words.test(own));
  const details = { facts: { host: name, stderr: `${others}${own}`.slice(-4000) } };
  if (row !== undefined)
    return new TapprepError(row.code, row.message(name), { hint: row.hint(place, own, configuration), ...details });
  const [mine, theirs] = [lastLine(own), lastLine(others)];
  const why = mine === '' ? 'ssh gave no reason' : theirs === '' ? mine : `${mine} (${theirs})`;
  const message =
    mine === '' && theirs !== ''
      ? `${name} lets people in but gives no shell: ${theirs}`
      : `no connection to ${name} was made: ${why}`;
  return new TapprepError('SSH_FAILED', message, { hint: sshTrue(place, '-v'), ...details });
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1)?.trim() ?? '';
}

/** The error for a connection that ended while something ran over it. */
export function explainLoss(place: string, program: string, said: string): TapprepError {
  const last = lastLine(said);
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

/**
 * The name is what the configuration makes of the destination, and the file one of those that it names: of ssh's words, which hold
 * some of the other side's, nothing else comes into the command.
 */
function forgetKey({ destination }: SshPlace, own: string, configuration: string): string {
  const value = (name: string): string | null => new RegExp(`^${name} (.+)$`, 'm').exec(configuration)?.[1] ?? null;
  const host = value('hostname') ?? destination.slice(destination.lastIndexOf('@') + 1);
  const port = value('port') ?? '22';
  const name = value('hostkeyalias') ?? (port === '22' ? host : `[${host}]:${port}`);
  const offending = /^Offending \S+ key in (.+):\d+$/m.exec(own.replaceAll('\r', ''))?.[1];
  // Files with blanks in their names are not told apart.
  const files = ` ${value('userknownhostsfile') ?? ''} ${value('globalknownhostsfile') ?? ''} `;
  const file = offending !== undefined && files.includes(` ${offending} `) ? ['-f', offending] : [];
  return `${quoteCommand(['ssh-keygen', ...file, '-R', name])}    # once its owner has confirmed the new key`;
}

/** ssh-copy-id takes no ssh://USER@HOST:PORT. */
function copyKey(place: SshPlace): string {
  const [, name = place.destination, port] = /^ssh:\/\/(.+?)(?::(\d+))?\/?$/.exec(place.destination) ?? [];
  return quoteCommand(['ssh-copy-id', ...configOf(place), ...(port === undefined ? [] : ['-p', port]), name]);
}

function configOf({ configFile }: SshPlace): readonly string[] {
  return configFile === null ? [] : ['-F', configFile];
}
