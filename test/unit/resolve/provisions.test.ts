import { expect, it } from 'vitest';
import { lackingFolders } from '../../../src/resolve/provisions.ts';
import type { FolderItem } from '../../../src/types.ts';

const folder = (upstream: string): FolderItem => ({
  kind: 'folder',
  role: 'systemtap',
  name: `systemtap-${upstream}`,
  version: `${upstream}-5`,
  upstream,
  arch: 'x86_64',
  distro: 'debian',
  suite: 'trixie',
  place: `/opt/tapprep/systemtap-${upstream}`,
  packages: [],
  starter: 'a'.repeat(64) as FolderItem['starter'],
  sizeBytes: null,
  installedBytes: null,
  repository: 'r',
  install: true,
});
const folders = [folder('5.1'), folder('5.3')];

it.each([
  ['no stap at all', null],
  ["the distribution's stap", '/usr/bin/stap'],
  ['a folder whose name begins alike', '/opt/tapprep/systemtap-5.10/bin/stap'],
])('a machine lacks the portable SystemTaps of its plan where it has %s', (_what, stap) => {
  expect(lackingFolders(folders, stap)).toEqual(folders);
});

it('a machine lacks none where one of them was proven there', () => {
  expect(lackingFolders(folders, '/opt/tapprep/systemtap-5.3/bin/stap')).toEqual([]);
});
