import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseChosen, type ChosenRecord } from '../../../src/systemtap/chosen-schema.ts';
import { readChosen, recordChosen } from '../../../src/systemtap/chosen.ts';
import { createRecordedHost } from '../../helpers/recorded-host.ts';
import { runLocally } from '../../helpers/run.ts';
import type { Host } from '../../../src/host/host.ts';

const RELEASE = '6.1.0-57-cloud-amd64';
const RECORD: ChosenRecord = {
  schema: 'tapprep-chosen/1',
  release: RELEASE,
  name: 'portable 5.1 (debian trixie)',
  version: '5.1',
  place: '/opt/tapprep/systemtap-5.1',
  hello: 'pass',
  at: '2026-11-29T12:00:00.000Z',
};

describe('the record of a kernel', () => {
  test('is read as it is written', () => {
    expect(parseChosen(JSON.stringify(RECORD), RELEASE)).toEqual(RECORD);
  });

  test('with any field missing or of another type is none', () => {
    for (const key of Object.keys(RECORD)) {
      const { [key as keyof ChosenRecord]: _, ...without } = RECORD;
      expect(parseChosen(JSON.stringify(without), RELEASE), `without ${key}`).toBeNull();
      expect(parseChosen(JSON.stringify({ ...RECORD, [key]: 7 }), RELEASE), `${key} a number`).toBeNull();
    }
  });

  test.each([
    ['of a future version', { schema: 'tapprep-chosen/2' }],
    ['of another kernel', { release: '6.1.0-58-cloud-amd64' }],
    ['that leads elsewhere', { place: '/home/user/systemtap-5.1' }],
    ['that climbs out of its prefix', { place: '/opt/tapprep/../../home/systemtap-5.1' }],
    ['that leads to another version', { place: '/opt/tapprep/systemtap-5.2' }],
    ['with a field that nobody knows', { argv: ['/bin/sh'] }],
  ])('%s is none', (_, change) => {
    expect(parseChosen(JSON.stringify({ ...RECORD, ...change }), RELEASE)).toBeNull();
  });
});

describe('a record is believed only where root alone could have made it and what it leads to', () => {
  let root: string;
  let host: Host;
  const at = (path: string): string => join(root, path);

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'tapprep-chosen-'));
    const base = createRecordedHost(root, {});
    // The real sh, with the paths of the root: what is judged is what ls and find say of real files.
    host = {
      ...base,
      readText: (path) => base.readText(path),
      run: (argv) => runLocally(argv.map((word) => (word.startsWith('/') ? at(word) : word))),
      writeFile: (path, data, mode) => {
        mkdirSync(join(at(path), '..'), { recursive: true, mode: 0o755 });
        writeFileSync(at(path), data, { mode });
        return Promise.resolve();
      },
    };
    mkdirSync(at('/opt/tapprep/systemtap-5.1/bin'), { recursive: true, mode: 0o755 });
    for (const name of ['stap', 'staprun'])
      writeFileSync(at(`/opt/tapprep/systemtap-5.1/bin/${name}`), '', { mode: 0o755 });
    writeFileSync(at('/opt/tapprep/systemtap-5.1/manifest.json'), '{\n "schema": "tapprep-systemtap/1"\n}\n');
    await recordChosen(host, RELEASE, RECORD);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('as tapprep leaves it', async () => {
    expect(await readChosen(host, RELEASE)).toEqual({ kind: 'chosen', record: RECORD });
  });

  const FORGERIES: readonly (readonly [string, () => void])[] = [
    ['the record is another one’s', () => chownSync(at(`/var/lib/tapprep/systemtap-${RELEASE}.json`), 1000, 1000)],
    ['others may write the record', () => chmodSync(at(`/var/lib/tapprep/systemtap-${RELEASE}.json`), 0o666)],
    ['others may write its directory', () => chmodSync(at('/var/lib/tapprep'), 0o777)],
    ['the prefix is another one’s', () => chownSync(at('/opt/tapprep'), 1000, 1000)],
    ['the folder is another one’s', () => chownSync(at('/opt/tapprep/systemtap-5.1'), 1000, 1000)],
    ['a group may write stap', () => chmodSync(at('/opt/tapprep/systemtap-5.1/bin/stap'), 0o775)],
    ['a file deep in it is another one’s', () => chownSync(at('/opt/tapprep/systemtap-5.1/bin/staprun'), 1000, 0)],
    [
      'the folder is a link',
      () => {
        renameSync(at('/opt/tapprep/systemtap-5.1'), at('/elsewhere'));
        symlinkSync(at('/elsewhere'), at('/opt/tapprep/systemtap-5.1'));
      },
    ],
    ['the marker is missing', () => rmSync(at('/opt/tapprep/systemtap-5.1/manifest.json'))],
    ['the marker is something else', () => writeFileSync(at('/opt/tapprep/systemtap-5.1/manifest.json'), '{}\n')],
    ['the folder is gone', () => rmSync(at('/opt/tapprep/systemtap-5.1'), { recursive: true })],
  ];
  test.each(FORGERIES)('not where %s', async (_, forge) => {
    forge();
    expect(await readChosen(host, RELEASE)).toMatchObject({ kind: 'refused' });
  });

  test('with the distribution’s own SystemTap proven in its place it goes, and its directory with the last thing in it', async () => {
    writeFileSync(at('/var/lib/tapprep/journal.json'), '{}\n');
    await recordChosen(host, RELEASE, null);
    expect(await readChosen(host, RELEASE)).toEqual({ kind: 'none' });
    expect(readdirSync(at('/var/lib/tapprep'))).toEqual(['journal.json']);
    await recordChosen(host, RELEASE, RECORD);
    rmSync(at('/var/lib/tapprep/journal.json'));
    await recordChosen(host, RELEASE, null);
    await recordChosen(host, RELEASE, null);
    expect(existsSync(at('/var/lib/tapprep'))).toBe(false);
  });

  test('where there is none, none is made up', async () => {
    rmSync(at(`/var/lib/tapprep/systemtap-${RELEASE}.json`));
    expect(await readChosen(host, RELEASE)).toEqual({ kind: 'none' });
  });
});
