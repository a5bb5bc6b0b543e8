/** What ssh(1) says when there is no connection, in codes. Pure. */
import { TapprepError } from '../errors.ts';

interface Row {
  readonly words: RegExp;
  readonly code: 'SSH_HOST_KEY' | 'SSH_REFUSED' | 'SSH_FAILED';
  readonly message: (place: string) => string;
  readonly hint: (place: string) => string;
}

/** First match counts; the words are OpenSSH's (sshconnect.c, sshconnect2.c, ssh.c). */
const ROWS: readonly Row[] = [
  {
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'SSH_HOST_KEY',
    message: (place) =>
      `the host key of ${place} is another one than known_hosts has for it: the machine was installed anew, or this is another machine`,
    hint: (place) => `ssh-keygen -R ${bare(place)}, once its owner has confirmed the new key`,
  },
  {
    words: /Host key verification failed|host key is known for/,
    code: 'SSH_HOST_KEY',
    message: (place) => `the host key of ${place} is not in known_hosts, and nobody is there to confirm it`,
    hint: (place) => `ssh ${place} true`,
  },
  {
    words: /Permission denied|Too many authentication failures|no mutual signature|sign_and_send_pubkey/,
    code: 'SSH_REFUSED',
    message: (place) => `${place} took none of the keys that ssh offered, and tapprep asks for no ssh password`,
    hint: (place) => `ssh-copy-id ${place}`,
  },
];

/** The error for an ssh that ended before it ran anything. @param said its standard error */
export function explainSshFailure(place: string, said: string): TapprepError {
  const row = ROWS.find(({ words }) => words.test(said));
  const last = said.trim().split('\n').at(-1)?.trim() ?? '';
  const details = { facts: { host: place, stderr: said.slice(-4000) } };
  if (row !== undefined) return new TapprepError(row.code, row.message(place), { hint: row.hint(place), ...details });
  return new TapprepError(
    'SSH_FAILED',
    `no connection to ${place} was made: ${last === '' ? 'ssh gave no reason' : last}`,
    {
      hint: `ssh -v ${place} true`,
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

function bare(place: string): string {
  return place.slice(place.lastIndexOf('@') + 1);
}
