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

/** As ssh -G says it. */
const CONFIGURATION = `user me
hostname far.example.org
port 2222
userknownhostsfile /home/a user/known hosts /home/a/second
globalknownhostsfile /etc/ssh/ssh_known_hosts
`;

test.each([
  ['far', 'F 1', UNKNOWN, "ssh -F 'F 1' far true"],
  ['far', null, UNKNOWN, 'ssh far true'],
  ['far', 'F', REFUSED, 'ssh-copy-id -F F far'],
  ['ssh://me@far:2222', null, REFUSED, 'ssh-copy-id -p 2222 me@far'],
  ['far', 'F', 'kex_exchange_identification: read: Connection reset', 'ssh -v -F F far true'],
  ['far', 'F', '', 'ssh -v -F F far true'],
])(
  '%s by the configuration %s: the command to paste is for the same connection',
  (destination, configFile, own, hint) => {
    const words = { own, others: '', configuration: '' };
    expect(explainSshFailure({ destination, configFile }, words).hint).toBe(hint);
  },
);

const NAME = "'[far.example.org]:2222'";

test.each([
  ['that names the file', CHANGED, CONFIGURATION, `-f '/home/a user/known hosts' -R ${NAME}`],
  ['without the file', CHANGED, CONFIGURATION.replace('known hosts ', 'others '), `-R ${NAME}`],
  [
    'of another machine',
    CHANGED.replace(/far\S+ has/, 'payroll has'),
    CONFIGURATION,
    `-f '/home/a user/known hosts' -R ${NAME}`,
  ],
  ['with an alias', CHANGED, `${CONFIGURATION}hostkeyalias other\n`, `-f '/home/a user/known hosts' -R other`],
  [
    'of the usual port',
    CHANGED,
    CONFIGURATION.replace('2222', '22'),
    "-f '/home/a user/known hosts' -R far.example.org",
  ],
  ['that nobody gave', CHANGED, '', '-R far'],
])('the key to forget is that of the destination, by a configuration %s', (_, own, configuration, words) => {
  const place = { destination: 'me@far', configFile: 'F' };
  expect(explainSshFailure(place, { own, others: '', configuration }).hint).toBe(
    `ssh-keygen ${words}    # once its owner has confirmed the new key`,
  );
});

test.each([
  ['', CHANGED, 'far lets people in but gives no shell: Host key verification failed.'],
  [
    'Connection closed by UNKNOWN port 65535',
    REFUSED,
    `no connection to far was made: Connection closed by UNKNOWN port 65535 (${REFUSED})`,
  ],
])('what did not come from ssh itself proves nothing', (own, others, message) => {
  const words = { own, others, configuration: '' };
  expect(explainSshFailure({ destination: 'far', configFile: null }, words)).toMatchObject({
    code: 'SSH_FAILED',
    message,
  });
});
