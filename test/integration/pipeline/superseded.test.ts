/** Kernels that have left their mirrors: Ubuntu's by a snapshot and by Launchpad, Fedora's by what koji kept signed. */
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { declareTarget } from '../../../src/detect/target.ts';
import { openResolution } from '../../../src/pipeline/resolution.ts';
import type { Plan } from '../../../src/types.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { GpgHome, type TestKey } from '../../helpers/gpg.ts';
import { type LaunchpadServer, serveLaunchpad } from '../../helpers/launchpad-server.ts';
import { type Nginx, serveNginx } from '../../helpers/nginx.ts';
import { type ReaderLab, openReaderLab } from '../../helpers/reader-context.ts';
import { kernelBuild, openRpmLab } from '../../helpers/rpm-lab.ts';
import { serveSnapshots, type SnapshotServer } from '../../helpers/snapshot-server.ts';
import { openTestSession } from '../../helpers/test-session.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-superseded-'));
const gpg = new GpgHome();
let key: TestKey;
let reader: ReaderLab;

beforeAll(() => {
  key = gpg.makeKey('archive', 'rsa2048');
});
afterAll(() => {
  gpg.close();
  rmSync(scratch, { recursive: true });
});
beforeEach(async () => {
  reader = await openReaderLab();
});
afterEach(async () => {
  await reader.close();
});

const rest = { versions: ['*'], verified: null, reason: 'a test' };

interface Asked {
  readonly distro: string;
  readonly version: string;
  readonly release: string;
  readonly unameV: string | null;
  readonly group: object;
  readonly keys?: object;
  readonly codenames?: object;
  readonly allowUnsigned?: boolean;
  readonly debuginfo?: boolean;
}

async function plan({ distro, version, release, unameV, group, keys = {}, ...more }: Asked): Promise<Plan> {
  const codenames = more.codenames ?? {};
  writeFileSync(
    join(scratch, 'mirrors.json'),
    JSON.stringify({ format: 'tapprep-mirrors/1', keys, codenames, groups: [group] }),
  );
  const opened = await openTestSession(join(scratch, 'cache'), {
    packageRoot: scratch,
    offline: false,
    now: () => Date.UTC(2026, 10, 29),
  });
  const allowUnsigned = more.allowUnsigned ?? false;
  const session = { ...opened, allowUnsigned, reader: { ...reader.context, now: opened.now } };
  const facts = declareFacts({ distro: `${distro}:${version}`, release, arch: 'x86_64', unameV });
  const target = declareTarget({ distro, version, kernel: release, arch: 'x86_64', unameV });
  const roles = { image: false, debuginfo: more.debuginfo ?? true, systemtap: 'none' } as const;
  const resolution = await openResolution(
    session,
    { host: session.local, facts, target },
    { roles, allowExpiredRelease: false, installed: null },
  );
  return resolution.plan(null);
}

/** Where the kernel's packages come from. */
function addressesOf({ items }: Plan): readonly string[] {
  return items.flatMap((item) =>
    ['headers', 'devel', 'debuginfo', 'debuginfo-common'].includes(item.role) && 'urls' in item
      ? [item.urls[0] ?? '']
      : [],
  );
}

function paragraph(name: string, version: string): string {
  const file = `pool/${name}_${version}_amd64.deb`;
  return `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nFilename: ${file}\nSize: 20000000\nSHA256: ${'a'.repeat(64)}\n`;
}

const kernel = (abi: string, upload: string): readonly string[] =>
  ['linux-headers', 'linux-image'].map((name) => paragraph(`${name}-${abi}-generic`, `${abi}.${upload}`));

describe('Ubuntu', () => {
  const TIMES = { ubuntu: ['20230905T000000Z', '20231002T000000Z', '20231101T000000Z'] } as const;
  const RELEASE = '5.15.0-86-generic';
  const DEBUG = `linux-image-unsigned-${RELEASE}-dbgsym`;
  const lab = new DebLab(gpg);
  let live: DirectoryServer;
  let snapshots: SnapshotServer;
  let launchpad: LaunchpadServer;

  const published = (url: string, version = '5.15.0-86.96', series = 'jammy/amd64'): LaunchpadServer['published'] => [
    { name: DEBUG, version, series, files: [{ url, size: 900_000_000, sha1: 'c'.repeat(40), sha256: 'b'.repeat(64) }] },
  ];
  const ddeb = (): string => `${launchpad.origin}/ubuntu/+archive/primary/+files/${DEBUG}_5.15.0-86.96_amd64.ddeb`;

  beforeAll(async () => {
    const write = (at: string, packages: readonly string[]): void => {
      lab.writeArchive(at, { suite: 'jammy', packages: [], key, edit: () => packages.join('\n') });
    };
    write('live', [paragraph('gcc', '4:11.2.0-1'), paragraph('make', '4.3-4.1'), ...kernel('5.15.0-150', '160')]);
    TIMES.ubuntu.forEach((time, at) => {
      write(`snapshots/ubuntu/${time}`, kernel(`5.15.0-${['82', '86', '88'][at]}`, ['91', '96', '98'][at] ?? ''));
    });
    live = await serveDirectory(join(lab.directory, 'live'));
    snapshots = await serveSnapshots(join(lab.directory, 'snapshots'), TIMES);
    launchpad = await serveLaunchpad();
  });
  afterAll(async () => {
    await live.close();
    await snapshots.close();
    await launchpad.close();
    lab.close();
  });
  beforeEach(() => {
    launchpad.requests.length = 0;
    launchpad.published = published(ddeb());
  });

  const ask = (more: Partial<Asked> = {}): Promise<Plan> => {
    const deb = { ...rest, kind: 'deb', suites: ['{codename}'], components: ['main'] };
    const content = ['image', 'devel', 'systemtap', 'toolchain'];
    const entries = [
      { ...deb, id: 'live', urls: [live.url], content, state: { status: 'live', since: null } },
      {
        ...deb,
        id: 'snapshot',
        urls: [`${snapshots.url}archive/ubuntu/{timestamp}/`],
        content,
        state: { status: 'snapshot', since: null },
      },
      {
        ...rest,
        id: 'launchpad',
        kind: 'launchpad',
        urls: [launchpad.url],
        content: ['debuginfo'],
        state: { status: 'archive', since: null },
        trust: { metadata: 'unsigned', packages: 'unsigned', keys: [] },
      },
    ];
    const trust = { metadata: 'signed', packages: 'unsigned', keys: [], keyrings: [key.keyring] };
    return plan({
      distro: 'ubuntu',
      version: '22.04',
      release: RELEASE,
      unameV: '#96-Ubuntu SMP Wed Sep 20 08:23:49 UTC 2023',
      group: { title: 'Ubuntu', distros: ['ubuntu'], vendor: 'Ubuntu', trust, entries },
      codenames: { ubuntu: { '22.04': 'jammy' } },
      ...more,
    });
  };

  test('headers come from the snapshot of a day that has them, the debug package from Launchpad', async () => {
    const found = await ask({ allowUnsigned: true });
    expect(addressesOf(found)).toEqual([
      `${snapshots.url}archive/ubuntu/20231004T000000Z/pool/linux-headers-${RELEASE}_5.15.0-86.96_amd64.deb`,
      ddeb(),
    ]);
    expect(found.items.find(({ role }) => role === 'debuginfo')).toMatchObject({
      name: DEBUG,
      version: '5.15.0-86.96',
      sizeBytes: 900_000_000,
      trust: { kind: 'unsigned-index', digest: { algorithm: 'sha256', hex: 'b'.repeat(64) } },
    });
    // Not the other two names of it, once the first is there; and nothing but this very version.
    expect(
      launchpad.requests.every((path) => path.includes('binarypub') || path.endsWith('&version=5.15.0-86.96')),
    ).toBe(true);
  });

  test('what Launchpad has is refused by name without the switch, as nobody signs it', async () => {
    const failure = await failureOf(ask());
    expect(failure.code).toBe('UNSIGNED');
    expect(failure.message).toContain(`${DEBUG} 5.15.0-86.96 is only in launchpad, which signs nothing`);
    expect(failure.hint).toContain('--allow-unsigned-packages');
  });

  test('without debug information Launchpad is not asked', async () => {
    expect(addressesOf(await ask({ debuginfo: false }))).toHaveLength(1);
    expect(launchpad.requests).toEqual([]);
  });

  test.each([
    ['another version', () => published(ddeb(), '5.15.0-86.97')],
    ['another architecture', () => published(ddeb(), '5.15.0-86.96', 'jammy/arm64')],
    ['a file of another name', () => published(`${launchpad.origin}/+files/telnetd_1_amd64.deb`)],
    ['nothing', () => []],
  ])('%s at Launchpad is a miss, and the miss tells the address', async (_what, make) => {
    launchpad.published = make();
    const failure = await failureOf(ask({ allowUnsigned: true }));
    expect(failure.code).toBe('NO_EXACT_PACKAGE');
    expect(failure.message).toContain(DEBUG);
    expect(failure.hint).toContain(`/+archive/primary/+files/${DEBUG}_5.15.0-86.96_amd64.ddeb`);
  });

  test.each([
    ['a page of HTML', '<html>log in</html>', 'answered with something else than Launchpad'],
    ['JSON of another form', '{"entries": [{"self_link": 7}]}', 'answered with something else than Launchpad'],
    [
      'a file on a host of its own',
      () => published(`http://127.0.0.9/${DEBUG}_5.15.0-86.96_amd64.ddeb`),
      'which is not on its own host',
    ],
  ])('%s from Launchpad is told', async (_what, answer, message) => {
    launchpad.published = typeof answer === 'string' ? answer : answer();
    const failure = await failureOf(ask({ allowUnsigned: true }));
    expect(JSON.stringify([failure.message, failure.facts, String(failure.cause)])).toContain(message);
  });
});

describe('Fedora', () => {
  const RELEASE = '6.8.5-301.fc40.x86_64';
  const lab = openRpmLab();
  const served = join(scratch, 'koji');
  const build = join(served, 'packages/kernel/6.8.5/301.fc40');
  let signed: string;
  let koji: Nginx;

  beforeAll(async () => {
    signed = join(build, 'data/signed', key.fingerprint.slice(-8).toLowerCase(), 'x86_64');
    const packages = Object.values(lab.build(kernelBuild('6.8.5', '301.fc40')));
    mkdirSync(join(build, 'x86_64'), { recursive: true });
    mkdirSync(signed, { recursive: true });
    for (const path of packages) copyFileSync(path, join(build, 'x86_64', basename(path)));
    for (const path of packages) {
      lab.sign(path, gpg, key);
      copyFileSync(path, join(signed, basename(path)));
    }
    koji = await serveNginx(served);
  });
  afterAll(async () => {
    await koji.close();
    lab.close();
  });

  const ask = (more: Partial<Asked> = {}): Promise<Plan> => {
    const base = `${koji.url}packages/kernel/{kver}/{krel}/`;
    const listing = {
      ...rest,
      kind: 'listing',
      content: ['image', 'devel', 'debuginfo', 'toolchain'],
      state: { status: 'archive', since: null },
    };
    const entries = [
      { ...listing, id: 'koji-signed', keyOf: 'fedora-{version}', urls: [`${base}data/signed/{keyid}/{arch}/`] },
      {
        ...listing,
        id: 'koji',
        urls: [`${base}{arch}/`],
        trust: { metadata: 'unsigned', packages: 'unsigned', keys: [] },
      },
    ];
    const trust = { metadata: 'unsigned', packages: 'signed', keys: ['fedora-40'], keyrings: [key.armored] };
    return plan({
      distro: 'fedora',
      version: '40',
      release: RELEASE,
      unameV: null,
      group: { title: 'Fedora', distros: ['fedora'], vendor: 'Fedora Project', trust, entries },
      keys: { 'fedora-40': { fingerprint: key.fingerprint, name: 'Fedora 40', expires: null, verified: null } },
      ...more,
    });
  };

  test("the copies that koji keeps under the release's own key are taken", async () => {
    const found = addressesOf(await ask());
    expect(found.length).toBeGreaterThan(1);
    expect(found.filter((url) => !url.startsWith(`${koji.url}packages/kernel/6.8.5/301.fc40/data/signed/`))).toEqual(
      [],
    );
  });

  test('where those were cleared away, what nobody signed is refused by name', async () => {
    renameSync(signed, `${signed}.gone`);
    onTestFinished(() => renameSync(`${signed}.gone`, signed));
    const failure = await failureOf(ask());
    expect(failure.code).toBe('UNSIGNED');
    expect(failure.message).toContain('koji');
    expect(addressesOf(await ask({ allowUnsigned: true }))[0]).toContain('/301.fc40/x86_64/');
  });
});
