import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeControl, exitCodeOf, redact, redactLogins, TapprepError, toSafeJson } from '../../src/errors.ts';
import { quoteCommand } from '../../src/shell-words.ts';
import { cpuMilliseconds } from '../helpers/cpu-time.ts';
import { ANY_CHARACTER } from '../helpers/any-character.ts';

test.each([
  ['fetching http://user:secret@mirror.example/x failed', 'fetching http://***@mirror.example/x failed'],
  ['https://a@b@c.example/p', 'https://***@c.example/p'],
  [
    'proxy http://u:p%40@127.0.0.1:3128 and ftp://anonymous:me@host/',
    'proxy http://***@127.0.0.1:3128 and ftp://***@host/',
  ],
  ['http://host/path?mail=a@b', 'http://host/path?mail=a@b'],
  ['http://h/x?a=1&sig=s3cret&b=2 ended', 'http://h/x?a=1&sig=***&b=2 ended'],
  ['https://h/?X-Amz-Security-Token=abc#top', 'https://h/?X-Amz-Security-Token=***#top'],
  ['no url, a@b stays', 'no url, a@b stays'],
])('redact takes credentials out of %s', (text, safe) => {
  expect(redact(text)).toBe(safe);
});

const TOKEN = 'k3JH8sdYq92mXz7LpQw4';

test.each([
  ['a "/" in a password', 'http://user:pa/ss@proxy:3128/ refused', 'http://***@proxy:3128/ refused'],
  ['a "/" after digits', 'http://user:12/34@proxy:3128', 'http://***@proxy:3128'],
  ['"@" and "/" in a password', 'http://u:p@ss/w@h/x', 'http://***@h/x'],
  ['a token without a password', `https://${TOKEN}:@packages.example/x`, 'https://***@packages.example/x'],
  ['a proxy without a scheme', 'http_proxy=user:secret@proxy:3128 is bad', 'http_proxy=***@proxy:3128 is bad'],
  ['a proxy without a scheme and with a domain', 'user:secret@proxy.corp.example', '***@proxy.corp.example'],
  ['pwd', 'https://h/x?pwd=abc&a=1', 'https://h/x?pwd=***&a=1'],
  ['pw', 'https://h/x?a=1&pw=abc', 'https://h/x?a=1&pw=***'],
  ['jwt', 'https://h/x?jwt=abc', 'https://h/x?jwt=***'],
  ['a web token anywhere', 'sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'sent ***'],
  ['a comment', '# login for ops: password=hunter2', '# login for ops: password=***'],
  ['spaces around "="', 'password = hunter2', 'password = ***'],
  ['quotes', `proxy_password='hunter 2'`, 'proxy_password=***'],
  ['YAML and JSON in a log', '"api_key": "hunter2"', '"api_key": "***"'],
  ['netrc', 'machine h login me password hunter2', 'machine h login me password ***'],
  ['a header', 'Authorization: Basic aHVudGVyMg==', 'Authorization: Basic ***'],
  [
    'a registration of SUSE',
    'https://updates.example/SUSE/x/?a1b2c3d4e5f6g7h8i9',
    'https://updates.example/SUSE/x/?***',
  ],
  ['a token after its marker', 'https://h/token/0123456789abcdef0123/rpm/', 'https://h/token/***/rpm/'],
  ['a UUID after its marker', 'https://h/private/1b4e28ba-2fa1-11d2-883f-0016d3cca427/x', 'https://h/private/***/x'],
  ['a password for ssh', 'ssh://ops:hunter2@h:22', 'ssh://***@h:22'],
  ['a random part of a path', `https://dl.example/${TOKEN}/org/deb/`, 'https://dl.example/***/org/deb/'],
])('redact masks %s', (_, text, safe) => {
  expect(redact(text)).toBe(safe);
  expect(redact(safe), 'twice is as once').toBe(safe);
});

test.each([
  'https://h/debian/dists/sid/main/by-hash/SHA256/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'https://h/buildid/0123456789abcdef0123456789abcdef01234567/debuginfo',
  'https://h/SLEModuleBasesystem15SP4/x86_64/kernel-default-devel-5.14.21-150400.24.8.x86_64.rpm',
  'https://h/keys/RPM-GPG-KEY-CentOS-7',
  'https://h:8080/x?mail=a@b',
  'http://[::1]:8080/x',
  'probe kernel.function("tcp_v4_rcv@net/ipv4/tcp_ipv4.c:1234")',
  'error at x.stp:12:5@1',
  'ssh -v ssh://ops@127.0.0.1:22 true',
  'gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY',
])('redact leaves %s as it is', (text) => {
  expect(redact(text)).toBe(text);
});

test('what is asked keeps the token of its path, and no login', () => {
  expect(redactLogins(`https://u:p@h/${TOKEN}/?token=x`)).toBe(`https://***@h/${TOKEN}/?token=***`);
});

test.each([
  '://',
  'a:b@',
  '?key',
  '&key',
  'password=',
  'token="',
  'eyJ',
  '-eyJ',
  '.eyJa',
  'login ',
  '/t/',
  'http://a:',
])('a text that repeats %s costs no more than a scan', async (mark) => {
  const cost = (size: number): Promise<number> => cpuMilliseconds(() => redact(mark.repeat(size / mark.length)));
  const small = await cost(20_000);
  const large = await cost(200_000);
  // Ten times the text: a scan takes ten times as long, a square a hundred times.
  expect(large).toBeLessThan(Math.max(200, small * 60));
});

test('JSON stays JSON, with the values that it had, whatever they hold', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = toSafeJson(value);
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      JSON.parse(text);
    }),
  );
  const value = { note: 'a\u009b31m\u202eb', password: 'hunter2', log: 'password="hunter2", then' };
  expect(JSON.parse(toSafeJson(value))).toEqual({ ...value, password: '***', log: 'password=***, then' });
  expect(toSafeJson(undefined)).toBe('null');
});

test('redact keeps every text without "@" and "=" as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter((s) => !s.includes('@') && !s.includes('=')),
      (text) => redact(text) === text,
    ),
  );
});

test('a message never carries credentials or their hint', () => {
  const error = new TapprepError('NETWORK', 'no answer from http://u:pw@h/', { hint: 'curl http://u:pw@h/' });
  expect(`${error.message} ${error.hint}`).not.toContain('pw');
});

test('escapeControl leaves nothing that a terminal would obey', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: ANY_CHARACTER }),
      (text) => !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(escapeControl(text)),
    ),
  );
  expect(escapeControl('a\u001b[31mb')).toBe('a\\x1b[31mb');
});

test.each([
  ['USAGE', 2],
  ['NETWORK', 3],
  ['DIGEST_MISMATCH', 4],
  ['INSTALL_FAILED', 5],
  ['NOT_ROOT', 6],
  ['INTERRUPTED', 130],
  ['NO_EXACT_PACKAGE', 1],
] as const)('%s exits %i', (code, exit) => {
  expect(exitCodeOf(new TapprepError(code, 'x'))).toBe(exit);
});

test('redact leaves a quoted command in one piece, whatever its words hold', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '\\',
    ' ',
    ';',
    'x',
    '=',
    ':',
    'token=',
    'pw="',
    "secret':",
    'login a password ',
  );
  const word = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const commands = fc.sample(fc.tuple(word, word), 3000).map((words) => redact(quoteCommand(['count', ...words])));
  // Each has to be one command still, in the eyes of a shell.
  const script = `count() { echo ran; }\n${commands.join('\n')}\n`;
  const said = execFileSync('sh', { input: script, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  expect(said).toBe('ran\n'.repeat(commands.length));
});
