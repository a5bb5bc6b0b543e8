import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { settleDistro } from '../../../src/cli/settle-distro.ts';

const packageRoot = resolve(import.meta.dirname, '../../..');

const settle = async (command: string, distro: string, more: Readonly<Record<string, string>> = {}) => {
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

test('where no source is asked, or a banner tells it, no version is needed', async () => {
  expect(await settle('names', 'debian')).toBe('debian');
  expect(await settle('plan', 'debian', { banner: 'Linux version' })).toBe('debian');
});
