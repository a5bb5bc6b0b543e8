/** Kernels that have left every mirror, against a snapshot archive on loopback: two archives of three days each. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { declareTarget } from '../../../src/detect/target.ts';
import { tapprep } from '../../../src/make-remedy.ts';
import { openResolution } from '../../../src/pipeline/resolution.ts';
import type { Plan } from '../../../src/types.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { type ReaderLab, openReaderLab } from '../../helpers/reader-context.ts';
import { serveSnapshots, type SnapshotServer } from '../../helpers/snapshot-server.ts';
import { openTestSession } from '../../helpers/test-session.ts';

const TIMES = {
  debian: ['20230702T212906Z', '20230724T150417Z', '20231008T031245Z'],
  'debian-security': ['20230701T090000Z', '20230706T031245Z', '20230803T180000Z'],
} as const;

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-snapshots-'));
const gpg = new GpgHome();
const lab = new DebLab(gpg);
let key: TestKey;
let live: DirectoryServer;
let snapshots: SnapshotServer;
let reader: ReaderLab;

function paragraph(name: string, version: string): string {
  const file = `pool/${name}_${version}_amd64.deb`;
  return `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nFilename: ${file}\nSize: 20000000\nSHA256: ${'a'.repeat(64)}\n`;
}

/** What a kernel's build tree and probes are made of. */
function kernel(abi: string, version: string): readonly string[] {
  return [`linux-headers-${abi}-amd64`, `linux-image-${abi}-amd64`, `linux-image-${abi}-amd64-dbg`].map((name) =>
    paragraph(name, version),
  );
}

function writeSnapshot(archive: keyof typeof TIMES, at: number, paragraphs: readonly string[], by = key): void {
  const suite = archive === 'debian' ? 'bookworm' : 'bookworm-security';
  lab.writeArchive(`snapshots/${archive}/${TIMES[archive][at]}`, {
    suite,
    packages: [],
    key: by,
    edit: () => paragraphs.join('\n'),
    // As in the real ones it has run out long ago.
    release: { Date: 'Sat, 01 Jul 2023 09:00:00 UTC', 'Valid-Until': 'Sat, 08 Jul 2023 09:00:00 UTC' },
  });
}

function writeSnapshots(): void {
  writeSnapshot('debian', 0, kernel('6.1.0-9', '6.1.27-1'));
  // The point release: the same ABI in another build.
  writeSnapshot('debian', 1, kernel('6.1.0-10', '6.1.38-1'));
  writeSnapshot('debian', 2, kernel('6.1.0-13', '6.1.55-1'));
  writeSnapshot('debian-security', 0, []);
  writeSnapshot('debian-security', 1, kernel('6.1.0-10', '6.1.37-1'));
  writeSnapshot('debian-security', 2, kernel('6.1.0-11', '6.1.38-2'));
}

beforeAll(async () => {
  key = gpg.makeKey('archive', 'rsa2048');
  const current = [paragraph('gcc', '4:12.2.0-3'), paragraph('make', '4.3-4.1'), ...kernel('6.1.0-50', '6.1.176-1')];
  lab.writeArchive('live', { suite: 'bookworm', packages: [], key, edit: () => current.join('\n') });
  writeSnapshots();
  live = await serveDirectory(join(lab.directory, 'live'));
  snapshots = await serveSnapshots(join(lab.directory, 'snapshots'), TIMES);
});
afterAll(async () => {
  await live.close();
  await snapshots.close();
  lab.close();
  gpg.close();
  rmSync(scratch, { recursive: true });
});
beforeEach(async () => {
  snapshots.requests.length = 0;
  reader = await openReaderLab();
});
afterEach(async () => {
  await reader.close();
});

function writeMirrors(snapshotUrl: string): void {
  const content = ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'];
  const rest = { versions: ['*'], kind: 'deb', components: ['main'], content, verified: null, reason: 'a test' };
  const snapshot = (id: string, archive: string, suite: string): object => ({
    ...rest,
    id,
    urls: [`${snapshotUrl}archive/${archive}/{timestamp}/`],
    suites: [suite],
    state: { status: 'snapshot', since: null },
  });
  const entries = [
    { ...rest, id: 'live', urls: [live.url], suites: ['{codename}'], state: { status: 'live', since: null } },
    snapshot('snapshot', 'debian', '{codename}'),
    snapshot('snapshot-security', 'debian-security', '{codename}-security'),
  ];
  const trust = { metadata: 'signed', packages: 'unsigned', keys: [], keyrings: [key.keyring] };
  const group = { title: 'Debian', distros: ['debian'], vendor: 'Debian', trust, entries };
  const codenames = { debian: { 12: 'bookworm' } };
  writeFileSync(
    join(scratch, 'mirrors.json'),
    JSON.stringify({ format: 'tapprep-mirrors/1', codenames, groups: [group] }),
  );
}

interface Ask {
  readonly snapshot?: string;
  readonly url?: string;
  readonly distro?: string;
  /** With a cache that lasts from one plan to the next; left out: with one of its own. */
  readonly offline?: boolean;
}

/** The plan for a Debian kernel that is named as it names itself. */
async function plan(release: string, unameV: string | null, ask: Ask = {}): Promise<Plan> {
  writeMirrors(ask.url ?? snapshots.url);
  const opened = await openTestSession(join(scratch, 'cache'), {
    packageRoot: scratch,
    offline: ask.offline ?? false,
    snapshot: ask.snapshot ?? null,
    now: () => Date.UTC(2026, 10, 29),
  });
  const session = ask.offline === undefined ? { ...opened, reader: { ...reader.context, now: opened.now } } : opened;
  const facts = declareFacts({ distro: 'debian:12', release, arch: 'x86_64', unameV });
  const declared = { distro: 'debian', version: '12', kernel: release, arch: 'x86_64', unameV };
  const target = { ...declareTarget(declared), distro: ask.distro ?? 'debian' };
  const roles = { image: false, debuginfo: true, systemtap: 'none' } as const;
  const options = { roles, allowExpiredRelease: false, installed: null };
  // With this machine as the host its own archive is not asked beside: it would be the real one.
  const resolution = await openResolution(session, { host: session.local, facts, target }, options);
  return resolution.plan(null);
}

const uname = (version: string, date: string): string => `#1 SMP PREEMPT_DYNAMIC Debian ${version} (${date})`;
const SECURITY: readonly [string, string] = ['6.1.0-10-amd64', uname('6.1.37-1', '2023-07-03')];

/** Where the kernel's packages come from. */
function placesOf({ items }: Plan): readonly string[] {
  return items.flatMap((item) =>
    item.role === 'headers' || item.role === 'debuginfo'
      ? [`${item.name} ${'version' in item ? item.version : ''} ${'urls' in item ? (item.urls[0] ?? '') : ''}`]
      : [],
  );
}

function asked(): readonly string[] {
  return [...new Set(snapshots.requests.filter((path) => path.endsWith('InRelease')))];
}

describe('plan alone finds', () => {
  test.each([
    [...SECURITY, '6.1.37-1', 'debian-security/20230707T000000Z'],
    ['6.1.0-10-amd64', uname('6.1.38-1', '2023-07-14'), '6.1.38-1', 'debian/20230728T000000Z'],
    ['6.1.0-11-amd64', uname('6.1.38-2', '2023-08-01'), '6.1.38-2', 'debian-security/20230805T000000Z'],
    ['6.1.0-13-amd64', uname('6.1.55-1', '2023-09-29'), '6.1.55-1', 'debian/20231013T000000Z'],
    ['6.1.0-9-amd64', uname('6.1.27-1', '2023-05-08'), '6.1.27-1', 'debian/20230703T000000Z'],
  ])('%s, %s', async (release, unameV, version, place) => {
    const found = await plan(release, unameV);
    const base = `${snapshots.url}archive/${place}/pool/`;
    expect(placesOf(found)).toEqual(
      [`linux-headers-${release}`, `linux-image-${release}-dbg`].map(
        (name) => `${name} ${version} ${base}${name}_${version}_amd64.deb`,
      ),
    );
    // The compiler is still that of the live suite.
    expect(found.items.find(({ name }) => name === 'gcc')).toMatchObject({ urls: [expect.stringContaining(live.url)] });
  });
});

test('a kernel that the mirrors still have asks no snapshot', async () => {
  await plan('6.1.0-50-amd64', uname('6.1.176-1', '2026-10-01'));
  expect(snapshots.requests).toEqual([]);
});

test('a day without an index is passed over', async () => {
  rmSync(join(lab.directory, 'snapshots/debian-security', TIMES['debian-security'][0]), { recursive: true });
  onTestFinished(() => writeSnapshot('debian-security', 0, []));
  expect(placesOf(await plan(...SECURITY))).toHaveLength(2);
  expect(snapshots.requests).toContain('/archive/debian-security/20230701T090000Z/dists/bookworm-security/InRelease');
});

test('a server that wants to be asked more slowly is asked again', async () => {
  snapshots.refuseNext(1);
  expect(placesOf(await plan(...SECURITY))).toHaveLength(2);
  expect(snapshots.requests[1]).toBe(snapshots.requests[0]);
});

function addressOf(archive: string, time: string, suite: string): string {
  return `${snapshots.url}archive/${archive}/${time}/dists/${suite}/InRelease`;
}

test('a miss tells each address that was asked and what was there', async () => {
  const failure = await failureOf(plan('6.1.0-12-amd64', uname('6.1.52-1', '2023-09-07')));
  expect(failure.code).toBe('NO_EXACT_PACKAGE');
  expect(failure.message).toContain(
    `snapshots that were asked for 6.1.52-1 of 2023-09-07: ${addressOf('debian-security', '20230908T000000Z', 'bookworm-security')} (not yet: 6.1.38-2)`,
  );
  expect(failure.message).toContain(`${addressOf('debian', '20231005T000000Z', 'bookworm')} (not yet: 6.1.38-1)`);
  expect(failure.message).toContain(`${addressOf('debian', '20231102T000000Z', 'bookworm')} (no longer: 6.1.55-1)`);
  expect(failure.message).toContain('https://snapshot.debian.org/binary/linux-headers-6.1.0-12-amd64/');
  expect(failure.remedy).toEqual(tapprep('plan', '--snapshot', '20230908T000000Z'));
  expect(asked().length).toBeLessThanOrEqual(16);
});

test('where the snapshots cannot be reached the exact address is told, and no second one is tried', async () => {
  const failure = await failureOf(plan(...SECURITY, { url: 'http://127.0.0.1:9/' }));
  expect(failure.code).toBe('NO_EXACT_PACKAGE');
  expect(failure.facts['snapshots']).toEqual([
    {
      url: 'http://127.0.0.1:9/archive/debian-security/20230704T000000Z/dists/bookworm-security/InRelease',
      verdict: 'unknown',
      seen: null,
    },
  ]);
  expect(failure.message).toContain('20230704T000000Z/dists/bookworm-security/InRelease (did not answer)');
  expect(failure.remedy).toEqual(tapprep('plan', '--snapshot', '20230704T000000Z'));
});

test('a kernel of which nobody said when it was made tells which options make the snapshots be asked', async () => {
  const failure = await failureOf(plan('6.1.0-10-amd64', null));
  expect(failure.code).toBe('NO_EXACT_PACKAGE');
  expect(failure.message).toContain('--uname-v tells it, or --snapshot names it');
  expect(failure.remedy).toEqual(tapprep('plan', '--snapshot', 'TIME'));
  expect(snapshots.requests).toEqual([]);
});

test('with --offline, snapshots that are not in the cache are not said to lack the kernel', async () => {
  await plan('6.1.0-50-amd64', uname('6.1.176-1', '2026-10-01'), { offline: false });
  const failure = await failureOf(plan('6.1.0-12-amd64', uname('6.1.52-1', '2023-09-07'), { offline: true }));
  expect(failure.code).toBe('OFFLINE');
});

describe('a snapshot that lies is refused', () => {
  afterEach(() => writeSnapshot('debian-security', 1, kernel('6.1.0-10', '6.1.37-1')));

  test('signed by somebody else', async () => {
    writeSnapshot('debian-security', 1, kernel('6.1.0-10', '6.1.37-1'), gpg.makeKey('thief', 'rsa2048'));
    expect((await failureOf(plan(...SECURITY))).code).toBe('UNKNOWN_KEY');
  });

  test('changed after it was signed', async () => {
    const file = join(
      lab.directory,
      `snapshots/debian-security/${TIMES['debian-security'][1]}/dists/bookworm-security/InRelease`,
    );
    writeFileSync(file, readFileSync(file, 'utf8').replace('Components: main', 'Components: more'));
    expect((await failureOf(plan(...SECURITY))).code).toBe('BAD_SIGNATURE');
  });

  test('with an index that is not the signed one', async () => {
    const at = join(lab.directory, `snapshots/debian-security/${TIMES['debian-security'][1]}/dists/bookworm-security`);
    const packages = join(at, 'main/binary-amd64/Packages.gz');
    const other = readFileSync(packages);
    other[other.length - 9] = (other[other.length - 9] ?? 0) ^ 1;
    writeFileSync(packages, other);
    expect((await failureOf(plan(...SECURITY))).code).toBe('DIGEST_MISMATCH');
  });
});

describe('--snapshot', () => {
  test('asks both archives of that time and no other', async () => {
    const found = await plan(...SECURITY, { snapshot: '20230710T000000Z' });
    expect(placesOf(found)[0]).toContain('archive/debian-security/20230710T000000Z/pool/');
    expect(asked().toSorted()).toEqual([
      '/archive/debian-security/20230706T031245Z/dists/bookworm-security/InRelease',
      '/archive/debian/20230702T212906Z/dists/bookworm/InRelease',
    ]);
  });

  test('of a wrong day is a miss and not searched around', async () => {
    const failure = await failureOf(plan(...SECURITY, { snapshot: '20230901T000000Z' }));
    expect(failure.code).toBe('NO_EXACT_PACKAGE');
    expect(asked()).toHaveLength(2);
  });

  test('serves a kernel whose uname -v is not known', async () => {
    const found = await plan('6.1.0-10-amd64', null, { snapshot: '20230728T000000Z' });
    expect(placesOf(found)[0]).toContain('linux-headers-6.1.0-10-amd64 6.1.38-1');
  });

  test('is refused where no snapshot archive is known', async () => {
    const failure = await failureOf(plan(...SECURITY, { snapshot: '20230710T000000Z', distro: 'nobodys' }));
    expect(failure.code).toBe('USAGE');
    expect(failure.message).toBe(
      '--snapshot 20230710T000000Z was given, but no snapshot archive is known for nobodys 12',
    );
  });
});

test('only a snapshot may have run out: an index of a mirror that did is refused as before', async () => {
  lab.writeArchive('live', {
    suite: 'bookworm',
    packages: [],
    key,
    edit: () => '',
    release: { 'Valid-Until': 'Sat, 08 Jul 2023 09:00:00 UTC' },
  });
  expect((await failureOf(plan('6.1.0-10-amd64', null))).code).toBe('EXPIRED_RELEASE');
});
