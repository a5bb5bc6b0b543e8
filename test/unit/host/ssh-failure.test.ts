import { expect, test } from 'vitest';
import { explainSshFailure } from '../../../src/host/ssh-failure.ts';

/** As OpenSSH 9.2 says it, with its own ends of lines. */
const CHANGED = [
  '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
  'Add correct host key in /home/a user/known hosts to get rid of this message.',
  'Offending ED25519 key in /home/a user/known hosts:3',
  'Host key for [far.example.org]:2222 has changed and you have requested strict checking.',
  'Host key verification failed.',
].join('\r\n');
const UNKNOWN = 'No ED25519 host key is known for far and you have requested strict checking.';
const REFUSED = 'me@far: Permission denied (publickey).';

test.each([
  ['far', 'F 1', UNKNOWN, "ssh -F 'F 1' far true"],
  ['far', null, UNKNOWN, 'ssh far true'],
  ['far', 'F', REFUSED, 'ssh-copy-id -F F far'],
  ['ssh://me@far:2222', null, REFUSED, 'ssh-copy-id -p 2222 me@far'],
  ['far', 'F', 'kex_exchange_identification: read: Connection reset', 'ssh -v -F F far true'],
  ['far', 'F', '', 'ssh -v -F F far true'],
  [
    'me@far',
    'F',
    CHANGED,
    "ssh-keygen -f '/home/a user/known hosts' -R '[far.example.org]:2222'    # once its owner has confirmed the new key",
  ],
  [
    'me@far',
    null,
    'REMOTE HOST IDENTIFICATION HAS CHANGED',
    'ssh-keygen -R far    # once its owner has confirmed the new key',
  ],
])(
  '%s by the configuration %s: the command to paste is for the same connection',
  (destination, configFile, said, hint) => {
    expect(explainSshFailure({ destination, configFile }, said).hint).toBe(hint);
  },
);
