import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTapprepError } from '../../../../src/errors.ts';
import { findClosure } from '../../../../src/resolve/deb/closure.ts';
import { parseGroup, splitGroups } from '../../../../src/resolve/deb/dependencies.ts';
import { isSatisfied, type Chosen, type Installed } from '../../../../src/resolve/deb/installation.ts';
import type { DebRecord } from '../../../../src/resolve/deb/packages-index.ts';
import { createPool, type Requirement, type Pool } from '../../../../src/resolve/deb/pool.ts';
import { debRecord, debRepository } from '../../../helpers/deb-records.ts';
import { cpuMilliseconds } from '../../../helpers/cpu-time.ts';

const SECURITY = debRepository({ id: 'security' });
const BACKPORTS = debRepository({ id: 'backports' });

/** "name version" of everything chosen, sorted. */
function close(
  wishes: string,
  records: readonly DebRecord[],
  installed: Readonly<Record<string, string>> = {},
): string[] {
  const groups = splitGroups(wishes).map((text) => ({ text, group: parseGroup(text) }));
  const chosen = findClosure(groups, createPool(records), new Map(Object.entries(installed)), 'amd64');
  return Array.from(chosen.values(), ({ name, version }) => `${name} ${version}`).toSorted();
}

describe('chooses', () => {
  test.each<[string, string, readonly DebRecord[], Readonly<Record<string, string>>, readonly string[]]>([
    ['nothing for what is installed', 'a (>= 1)', [debRecord('a', '2')], { a: '1' }, []],
    [
      'the newest version',
      'a',
      [debRecord('a', '1'), debRecord('a', '10', { repository: SECURITY }), debRecord('a', '9')],
      {},
      ['a 10'],
    ],
    [
      'what pre-dependencies need too',
      'a',
      [debRecord('a', '1', { PreDepends: 'b' }), debRecord('b', '1')],
      {},
      ['a 1', 'b 1'],
    ],
    ['the first alternative', 'a | b', [debRecord('b', '1'), debRecord('a', '1')], {}, ['a 1']],
    ['an installed alternative before a new one', 'a | b', [debRecord('a', '1')], { b: '1' }, []],
    [
      'the second alternative where the first leads nowhere',
      'a | b',
      [debRecord('a', '1', { Depends: 'gone' }), debRecord('b', '1')],
      {},
      ['b 1'],
    ],
    [
      'an older version where the newest leads nowhere',
      'a',
      [debRecord('a', '2', { Depends: 'x' }), debRecord('x', '1', { Depends: 'gone' }), debRecord('a', '1')],
      {},
      ['a 1'],
    ],
    ['a provider', 'mta', [debRecord('exim', '1', { Provides: 'mta' })], {}, ['exim 1']],
    [
      'no provider without a version for a versioned wish',
      'x (>= 2) | b',
      [debRecord('p', '1', { Provides: 'x' }), debRecord('b', '1')],
      {},
      ['b 1'],
    ],
    ['a versioned provider', 'x (>= 2)', [debRecord('p', '1', { Provides: 'x (= 2.1)' })], {}, ['p 1']],
    [
      'nothing where an installed package provides it',
      'mta',
      [debRecord('exim', '1', { Provides: 'mta' })],
      { exim: '1' },
      [],
    ],
    [
      'nothing where an installed package, of a version that no index has any more, provides it',
      'mta',
      [debRecord('exim', '2', { Provides: 'mta' })],
      { exim: '1' },
      [],
    ],
    [
      'packages of the same source together',
      'headers (= 1)',
      [
        debRecord('headers', '1', { Source: 'linux', Depends: 'kbuild (>= 1)' }),
        debRecord('kbuild', '1', { Source: 'linux' }),
        debRecord('kbuild', '2', { Source: 'linux', repository: SECURITY }),
      ],
      {},
      ['headers 1', 'kbuild 1'],
    ],
    [
      'the version that needs no upgrade of an installed package',
      'libc-dev',
      [
        debRecord('libc-dev', '1', { Depends: 'libc (= 1)' }),
        debRecord('libc-dev', '2', { Depends: 'libc (= 2)', repository: SECURITY }),
        debRecord('libc', '1'),
        debRecord('libc', '2', { repository: SECURITY }),
      ],
      { libc: '1' },
      ['libc-dev 1'],
    ],
    [
      'an upgrade where nothing else will do',
      'libc-dev',
      [debRecord('libc-dev', '2', { Depends: 'libc (= 2)' }), debRecord('libc', '2'), debRecord('libc', '1')],
      { libc: '1' },
      ['libc 2', 'libc-dev 2'],
    ],
    [
      'the upgrade of an installed package that the first upgrade would break',
      'libc (>= 2)',
      [
        debRecord('libc', '2'),
        debRecord('libc', '1'),
        debRecord('libc-bin', '1', { Depends: 'libc (= 1)' }),
        debRecord('libc-bin', '2', { Depends: 'libc (= 2)' }),
      ],
      { libc: '1', 'libc-bin': '1' },
      ['libc 2', 'libc-bin 2'],
    ],
    [
      'the upgrade of an installed package that a new one breaks',
      'a',
      [debRecord('a', '1', { Breaks: 'b (<< 2)' }), debRecord('b', '2'), debRecord('b', '1')],
      { b: '1' },
      ['a 1', 'b 2'],
    ],
    [
      'a package that conflicts with what it provides itself',
      'mta',
      [debRecord('exim', '1', { Provides: 'mta', Breaks: 'mta' })],
      {},
      ['exim 1'],
    ],
    [
      'the archive proper before backports, whatever is newer',
      'a',
      [debRecord('a', '2', { repository: BACKPORTS, notAutomatic: true }), debRecord('a', '1')],
      {},
      ['a 1'],
    ],
    [
      'backports where only they will do',
      'a (>= 2)',
      [debRecord('a', '2', { repository: BACKPORTS, notAutomatic: true }), debRecord('a', '1')],
      {},
      ['a 2'],
    ],
    [
      'through a circle',
      'a',
      [debRecord('a', '1', { Depends: 'b' }), debRecord('b', '1', { Depends: 'a' })],
      {},
      ['a 1', 'b 1'],
    ],
    [
      'another qualifier of the own architecture',
      'a:amd64, b:any',
      [debRecord('a', '1'), debRecord('b', '1')],
      {},
      ['a 1', 'b 1'],
    ],
  ])('%s', (_, wishes, records, installed, expected) => {
    expect(close(wishes, records, installed)).toEqual(expected);
  });
});

describe('fails, naming both sides', () => {
  test.each<[string, string, readonly DebRecord[], Readonly<Record<string, string>>, RegExp]>([
    [
      'where no repository has it',
      'a',
      [debRecord('a', '1', { Depends: 'gone (>= 2)' })],
      {},
      /^a 1 of main needs gone \(>= 2\), but no repository has gone$/,
    ],
    [
      'where the version does not fit',
      'a',
      [debRecord('a', '1', { Depends: 'b (>= 2)' }), debRecord('b', '1')],
      {},
      /^a 1 of main needs b \(>= 2\), but the repositories have b 1 of main$/,
    ],
    [
      'where an installed package would be downgraded',
      'dev',
      [debRecord('dev', '1', { Depends: 'libc (= 1)' }), debRecord('libc', '1')],
      { libc: '2' },
      /^dev 1 of main needs libc \(= 1\), but the repositories have libc 1 of main and 2 is installed$/,
    ],
    [
      'where two chosen packages exclude each other',
      'a, b',
      [debRecord('a', '1'), debRecord('b', '1', { Breaks: 'a' })],
      {},
      /^the plan needs b, .*\(b 1 and a 1 exclude each other\)$/,
    ],
    [
      'where an installed package is in the way and has no other version',
      'make',
      [debRecord('make', '1', { Breaks: 'make-guile' })],
      { 'make-guile': '1' },
      /make 1 and the installed make-guile 1 exclude each other/,
    ],
    [
      'where an upgrade breaks an installed package that has no newer version',
      'libc (>= 2)',
      [debRecord('libc', '2'), debRecord('libc', '1'), debRecord('old', '1', { Depends: 'libc (= 1)' })],
      { libc: '1', old: '1' },
      /^libc 2 of main needs old \(>> 1\), but the repositories have old 1 of main and 1 is installed$/,
    ],
    ['where it is of another architecture', 'a:i386', [debRecord('a', '1')], {}, /^the plan needs a:i386/],
  ])('%s', (_, wishes, records, installed, words) => {
    expect(() => close(wishes, records, installed)).toThrow(words);
    expect(() => close(wishes, records, installed)).toThrow(
      expect.objectContaining({ code: 'UNSATISFIED_DEPENDENCY' }),
    );
  });

  test('and gives up on a repository made to keep it busy', async () => {
    const hostile = Array.from({ length: 30 }, (_, at) => [
      debRecord(`p${at}`, '1', { Depends: at === 29 ? 'gone' : `p${at + 1}` }),
      debRecord(`p${at}`, '2', { Depends: at === 29 ? 'gone' : `p${at + 1}` }),
    ]).flat();
    const refuse = (): void =>
      expect(() => close('p0', hostile)).toThrow(expect.objectContaining({ code: 'UNSATISFIED_DEPENDENCY' }));
    expect(await cpuMilliseconds(refuse)).toBeLessThan(5000);
  });
});

/** null where there is no solution; every other error is one. */
function tryClosure(wish: Requirement, pool: Pool, installed: Installed): Chosen | null {
  try {
    return findClosure([wish], pool, installed, 'amd64');
  } catch (error) {
    if (isTapprepError(error, 'UNSATISFIED_DEPENDENCY')) return null;
    throw error;
  }
}

test('whatever it returns holds together, and never downgrades', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const version = fc.constantFrom('1', '2', '3');
  const relation = fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('', ' (>= 2)', ' (= 1)', ' (<< 3)'))
    .map((parts) => parts.join(''));
  const record = fc
    .tuple(fc.constantFrom(...names), version, fc.array(relation, { maxLength: 2 }), fc.option(relation))
    .map(([name, at, depends, broken]) => debRecord(name, at, { Depends: depends.join(', '), Breaks: broken ?? '' }));
  const installed = fc.dictionary(fc.constantFrom(...names), version, { maxKeys: 3 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), installed, (records, there) => {
      const pool = createPool(records);
      const before = new Map(Object.entries(there));
      const wish = { text: 'a (>= 2)', group: parseGroup('a (>= 2)') };
      const chosen = tryClosure(wish, pool, before);
      if (chosen === null) return;
      const wishes = [wish, ...Array.from(chosen.values()).flatMap((each) => pool.requires(each))];
      expect(wishes.filter(({ group }) => !isSatisfied(group, pool, before, chosen))).toEqual([]);
      for (const { name, version } of chosen.values())
        expect(Number(version)).toBeGreaterThanOrEqual(Number(before.get(name) ?? 0));
    }),
    { numRuns: 300 },
  );
});
