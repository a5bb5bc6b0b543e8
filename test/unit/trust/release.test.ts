import { describe, expect, test } from 'vitest';
import { tapprep } from '../../../src/make-remedy.ts';
import { parseReleaseFile } from '../../../src/resolve/deb/release-file.ts';
import { checkRelease } from '../../../src/trust/release.ts';
import { debRepository } from '../../helpers/deb-records.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

function check(fields: string, over: Parameters<typeof debRepository>[0] = {}): readonly string[] {
  const file = parseReleaseFile(
    `${fields}\nSHA256:\n`.replace('SHA256:\n', `SHA256:\n ${'0'.repeat(64)} 1 main/binary-amd64/Packages\n`),
    'InRelease',
  );
  return checkRelease(file, debRepository(over), 'http://mirror.example/InRelease', NOW);
}

describe('dates', () => {
  test('a Release without Valid-Until never expires', () => {
    expect(check('Date: Sat, 09 Aug 2025 09:16:30 UTC')).toEqual([]);
  });

  test('one past its Valid-Until is refused, with the way to accept it', () => {
    expect(() => check('Valid-Until: Fri, 06 Nov 2026 08:08:01 UTC', { id: 'sid' })).toThrow(
      expect.objectContaining({
        code: 'EXPIRED_RELEASE',
        message:
          'http://mirror.example/InRelease was valid until 2026-11-06 08:08 UTC, now it is 2026-11-22 12:00 UTC (16 days later): the mirror is stale, or someone replays an old index',
        remedy: tapprep('plan', '--allow-expired-release'),
      }),
    );
  });

  test('where that is allowed it is accepted, and said', () => {
    const notes = check('Valid-Until: Fri, 06 Nov 2026 08:08:01 UTC', { allowExpiredRelease: true });
    expect(notes).toEqual([expect.stringContaining('accepted because an expired Release is allowed')]);
  });

  test('a clock that is behind is told as such, whatever is allowed', () => {
    expect(() => check('Date: Tue, 24 Nov 2026 12:00:01 UTC', { allowExpiredRelease: true })).toThrow(
      expect.objectContaining({
        code: 'CLOCK_WRONG',
        message: expect.stringContaining('the clock of this machine says 2026-11-22'),
      }),
    );
    expect(check('Date: Mon, 23 Nov 2026 11:00:00 UTC')).toEqual([]);
  });
});

describe('suite', () => {
  test.each([
    ['bookworm', 'Suite: oldstable\nCodename: bookworm'],
    ['oldstable', 'Suite: oldstable\nCodename: bookworm'],
    ['bookworm-security', 'Suite: oldstable-security\nCodename: bookworm-security'],
    ['stretch/updates', 'Suite: oldoldstable\nCodename: stretch'],
    ['./', 'Suite: anything'],
    ['nodistro', 'Origin: Somebody'],
  ])('%s is %j', (suite, fields) => {
    expect(check(fields, { suite })).toEqual([]);
  });

  test.each([
    ['bookworm', 'Suite: stable\nCodename: trixie'],
    ['bookworm-security', 'Suite: oldstable\nCodename: bookworm'],
    ['sid', 'Codename: trixie'],
  ])('%s is not %j', (suite, fields) => {
    expect(() => check(fields, { suite })).toThrow(`was asked for suite ${suite}`);
  });
});
