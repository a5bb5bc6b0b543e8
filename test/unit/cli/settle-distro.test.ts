import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { settleDistro } from '../../../src/cli/settle-distro.ts';
import { labMirrorList } from '../../helpers/lab-mirrors.ts';
import type { Fingerprint } from '../../../src/types.ts';

const packageRoot = resolve(import.meta.dirname, '../../..');

const settle = async (
  command: string,
  distro: string,
  more: Readonly<Record<string, string | readonly string[]>> = {},
) => {
  const row = COMMANDS.find(({ name }) => name === command);
  if (row === undefined) throw new Error(`no command ${command}`);
  const argv = [command, '--distro', distro, '--kernel', '6.1.0-18-amd64'];
  const raw = await settleDistro({ distro, ...more }, { row, argv, env: {}, packageRoot });
  return raw['distro'];
};

test.each([
  ['debian:bookworm', 'debian:12'],
  ['debian:Bookworm', 'debian:12'],
  ['ubuntu:noble', 'ubuntu:24.04'],
  ['debian:12', 'debian:12'],
  ['debian:sid', 'debian:sid'],
  ['centos:7', 'centos:7'],
  ['fedora:rawhide', 'fedora:rawhide'],
  ['centos', 'centos'],
  ['myownlinux:4', 'myownlinux:4'],
])('the code name of a release is taken for its version: %s', async (distro, settled) => {
  expect(await settle('plan', distro)).toBe(settled);
});

describe('what is no name of a release is refused with the line that was likely meant', () => {
  test.each([
    ['plan', 'debain:12', 'tapprep plan --distro debian:12 --kernel 6.1.0-18-amd64'],
    ['rehearse', 'debain:12', 'tapprep rehearse --distro debian:12 --kernel 6.1.0-18-amd64'],
    ['names', 'ubunut:24.04', 'tapprep names --distro ubuntu:24.04 --kernel 6.1.0-18-amd64'],
    ['plan', 'debian:bokworm', 'tapprep plan --distro debian:bookworm --kernel 6.1.0-18-amd64'],
    ['plan', 'debian:stable', 'tapprep plan --distro debian:VERSION --kernel 6.1.0-18-amd64'],
    ['plan', 'debian', 'tapprep plan --distro debian:VERSION --kernel 6.1.0-18-amd64'],
  ])('%s --distro %s', async (command, distro, hint) => {
    await expect(settle(command, distro)).rejects.toMatchObject({ code: 'USAGE', hint });
  });
});

test('where no source is asked, one is named, or a banner or facts tell it, no version is needed', async () => {
  expect(await settle('names', 'debian')).toBe('debian');
  expect(await settle('plan', 'debian', { banner: 'Linux version' })).toBe('debian');
  expect(await settle('plan', 'debian', { facts: 'host.json' })).toBe('debian');
  expect(await settle('plan', 'debian', { mirror: ['deb=http://127.0.0.1/debian/ sid main'] })).toBe('debian');
  expect(await settle('plan', 'debian', { mirror: ['rpm-md=http://127.0.0.1/rpms/'] })).toBe('debian');
});

test('a mirror without a suite, and a list that has none for every release, need the version', async () => {
  const mirror = ['deb=http://127.0.0.1/debian/'];
  await expect(settle('plan', 'debian', { mirror })).rejects.toMatchObject({ code: 'USAGE' });
  const directory = mkdtempSync(join(tmpdir(), 'settle-'));
  const key = { fingerprint: 'A'.repeat(40) as Fingerprint, keyring: '/nowhere.gpg' };
  const own = (version: string): readonly string[] => {
    const file = join(directory, 'mirrors.json');
    const place = { kind: 'deb', url: 'http://127.0.0.1/', suite: 'own', version } as const;
    writeFileSync(file, JSON.stringify(labMirrorList([place], key)));
    return [file];
  };
  await expect(settle('plan', 'debian', { mirrors: own('12') })).rejects.toMatchObject({ code: 'USAGE' });
  expect(await settle('plan', 'debian', { mirrors: own('*') })).toBe('debian');
  rmSync(directory, { recursive: true });
});
