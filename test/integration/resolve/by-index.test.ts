/** Kernels that no table of families is asked about: what the signed indexes of their sources say has to be enough. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readAnyRelease } from '../../../src/detect/any-release.ts';
import type { DebRelease, RpmRelease } from '../../../src/detect/kernel-release.ts';
import { wantedNames } from '../../../src/resolve/deb/kernel-names.ts';
import { planDeb } from '../../../src/resolve/deb/plan-deb.ts';
import { readDebRepositories } from '../../../src/resolve/deb/reader.ts';
import type { PlanRequest } from '../../../src/resolve/plan.ts';
import { wantedRpm } from '../../../src/resolve/rpm/needs.ts';
import { planRpm } from '../../../src/resolve/rpm/plan-rpm.ts';
import { createRpmReader } from '../../../src/resolve/rpm/read-repositories.ts';
import type { DebTarget, Repository, RpmTarget } from '../../../src/types.ts';
import { DebLab } from '../../helpers/deb-lab.ts';
import { debRepository } from '../../helpers/deb-records.ts';
import { type DirectoryServer, serveDirectory } from '../../helpers/directory-server.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { type ReaderLab, openReaderLab } from '../../helpers/reader-context.ts';
import { openRpmLab, type LabPackage } from '../../helpers/rpm-lab.ts';
import { writeRepodata } from '../../helpers/repodata.ts';
import { rpmRepository } from '../../helpers/rpm-repository.ts';

const REQUEST: PlanRequest = { installed: [], roles: { image: false, debuginfo: true, systemtap: 'none' } };

/** A target of which nothing is known but its release and its package system: the tables are switched off. */
function bare(release: string) {
  return { distro: 'nobodys', version: null, codename: null, arch: 'x86_64', release, unameV: null, buildId: null };
}

function debTarget(release: string, packageVersion: string | null): DebTarget {
  const { flavour } = readAnyRelease(release, null, 'deb') as DebRelease;
  return { ...bare(release), family: 'deb', kernelFamily: 'deb', packageArch: 'amd64', flavour, packageVersion };
}

function rpmTarget(release: string): RpmTarget {
  const { stem, variant, versionRelease } = readAnyRelease(release, null, 'rpm') as RpmRelease;
  return { ...bare(release), family: 'rpm', kernelFamily: 'rpm', packageArch: 'x86_64', stem, variant, versionRelease };
}

// [release, headers, debug package (null: none is published), version]
const DEBS: readonly (readonly [string, string, string | null, string])[] = [
  ['6.8.12-1-pve', 'proxmox-headers-6.8.12-1-pve', null, '6.8.12-1'],
  ['6.8.12-17-pve', 'proxmox-headers-6.8.12-17-pve', null, '6.8.12-17'],
  ['5.15.143-1-pve', 'pve-headers-5.15.143-1-pve', null, '5.15.143-1'],
  ['6.12.25+rpt-rpi-2712', 'linux-headers-6.12.25+rpt-rpi-2712', null, '6.12.25-1+rpt1'],
  ['6.12.25+rpt-rpi-v8', 'linux-headers-6.12.25+rpt-rpi-v8', null, '6.12.25-1+rpt1+trixie'],
  [
    '6.12.95+deb12-powerpc64le-64k',
    'linux-headers-6.12.95+deb12-powerpc64le-64k',
    'linux-image-6.12.95+deb12-powerpc64le-64k-dbg',
    '6.12.95-1~bpo12+1',
  ],
  [
    '6.12.117+deb13-powerpc64le-64k',
    'linux-headers-6.12.117+deb13-powerpc64le-64k',
    'linux-image-6.12.117+deb13-powerpc64le-64k-dbg',
    '6.12.117-1',
  ],
  [
    '7.2.13+deb14-powerpc64le-64k',
    'linux-headers-7.2.13+deb14-powerpc64le-64k',
    'linux-image-7.2.13+deb14-powerpc64le-64k-dbg',
    '7.2.13-1',
  ],
  ['6.1.0-28-amd64', 'linux-headers-6.1.0-28-amd64', 'linux-image-6.1.0-28-amd64-dbg', '6.1.119-1'],
  ['3.18.0-kali3-amd64', 'linux-headers-3.18.0-kali3-amd64', 'linux-image-3.18.0-kali3-amd64-dbg', '3.18.6-1~kali2'],
  [
    '5.14.0-kali4-cloud-amd64',
    'linux-headers-5.14.0-kali4-cloud-amd64',
    'linux-image-5.14.0-kali4-cloud-amd64-dbg',
    '5.14.16-1kali1',
  ],
  ['6.18.5+kali-amd64', 'linux-headers-6.18.5+kali-amd64', 'linux-image-6.18.5+kali-amd64-dbg', '6.18.5-1kali1'],
  ['7.0.12+kali-amd64', 'linux-headers-7.0.12+kali-amd64', 'linux-image-7.0.12+kali-amd64-dbg', '7.0.12-2kali1'],
  [
    '5.15.0-130-generic',
    'linux-headers-5.15.0-130-generic',
    'linux-image-unsigned-5.15.0-130-generic-dbgsym',
    '5.15.0-130.140',
  ],
  [
    '6.5.0-1006-intel-opt',
    'linux-headers-6.5.0-1006-intel-opt',
    'linux-image-unsigned-6.5.0-1006-intel-opt-dbgsym',
    '6.5.0-1006.10',
  ],
  ['6.8.0-51-generic', 'linux-headers-6.8.0-51-generic', null, '6.8.0-51.52~22.04.1'],
];

// [release, its devel package, whether a debuginfo of that name is there]; by: what names it
const RPMS: readonly (readonly [string, string, string, 'provides' | 'files'])[] = [
  ['4.18.0-372.9.1.1.lve.el8.x86_64', 'kernel-devel', '4.18.0-372.9.1.1.lve.el8', 'provides'],
  ['4.18.0-553.121.1.lve.el8.x86_64', 'kernel-devel', '4.18.0-553.121.1.lve.el8', 'provides'],
  ['4.18.0-553.89.1.lve.el8.x86_64', 'kernel-devel', '4.18.0-553.89.1.lve.el8', 'provides'],
  ['6.6.117-45.1.oc9.x86_64', 'kernel-devel', '6.6.117-45.1.oc9', 'provides'],
  ['6.6.117-45.oc9.x86_64', 'kernel-devel', '6.6.117-45.oc9', 'provides'],
  ['6.6.117-45.7.3.tl4.x86_64', 'kernel-devel', '6.6.117-45.7.3.tl4', 'provides'],
  ['6.6.119-51.3.tl4.x86_64', 'kernel-devel', '6.6.119-51.3.tl4', 'provides'],
  ['6.6.92-34.1.tl4.x86_64', 'kernel-devel', '6.6.92-34.1.tl4', 'provides'],
  // The name is nothing that the release tells.
  ['5.15.78-2.el7.3.x86_64', 'kernel-lt-devel', '5.15.78-2.el7.3', 'provides'],
  ['5.14.0-539.545.el9iv.x86_64', 'kernel-automotive-devel', '5.14.0-539.545.el9iv', 'provides'],
  // Nothing provides it: only the list of files tells.
  ['6.6.43-server-1.mga9', 'kernel-server-devel', '6.6.43-1.mga9', 'files'],
  ['5.4.119-19-0009.11', 'kernel-tlinux4-devel', '5.4.119-19.0009.11', 'files'],
  ['4.19.0+1', 'kernel-devel', '4.19.19-8.0.38.xcpng8.3', 'files'],
];

/** What an index says of a package that nobody fetches here. */
function paragraph(name: string, version: string, more = ''): string {
  const file = `pool/${name}_${version}_amd64.deb`;
  return `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\n${more}Filename: ${file}\nSize: 20000000\nSHA256: ${'a'.repeat(64)}\n`;
}

const gpg = new GpgHome();
const debs = new DebLab(gpg);
const rpms = openRpmLab();
let debServer: DirectoryServer;
let rpmServer: DirectoryServer;
let archive: Repository;
let reader: ReaderLab;

beforeAll(async () => {
  const key = gpg.makeKey('vendor', 'rsa2048');
  const paragraphs = [
    ...DEBS.flatMap(([, headers, debug, version], at) => [
      paragraph(headers, version, `Depends: kbuild-${at} (= ${version})\n`),
      paragraph(`kbuild-${at}`, version),
      ...(debug === null ? [] : [paragraph(debug, version)]),
    ]),
    // Of another kernel, under a name that begins like one of ours.
    paragraph('proxmox-headers-6.8.12-1-pve-extra', '1'),
  ];
  const packages = [debs.build('gcc', '4:12.2.0-3'), debs.build('make', '4.3-4.1')];
  const edit = (text: string): string => [text, ...paragraphs].join('\n');
  debs.writeArchive('vendor', { suite: 'stable', packages, key, edit });
  debServer = await serveDirectory(debs.directory);
  const trust = {
    metadata: 'signed',
    packages: 'unsigned',
    fingerprints: [],
    keyrings: [key.keyring],
    allow: [],
  } as const;
  archive = debRepository({ id: 'vendor', suite: 'stable', baseUrls: [`${debServer.url}vendor/`], trust });

  // What capabilities name is written as createrepo_c would; what files name is built, listed and packed by the tools.
  const listed = RPMS.filter(([, , , by]) => by === 'provides').flatMap(([kernel, devel, vr]) => {
    const [version = '', release = ''] = vr.split('-');
    const stem = devel.replace(/-devel$/, '');
    const common = `${stem}-debuginfo-common-x86_64`;
    return [
      { name: devel, version, release, provides: [`${devel}-uname-r = ${kernel}`] },
      { name: `${stem}-debuginfo`, version, release, requires: [`${common} = ${vr}`] },
      { name: common, version, release },
    ];
  });
  writeRepodata(join(rpms.directory, 'repos/provides'), listed);
  const built = RPMS.filter(([, , , by]) => by === 'files').flatMap(([kernel, devel, vr]) => {
    const [version = '', release = ''] = vr.split('-');
    const stem = devel.replace(/-devel$/, '');
    const common = `${stem}-debuginfo-common-x86_64`;
    const packages: readonly LabPackage[] = [
      { name: devel, files: { [`/usr/src/kernels/${kernel}/Makefile`]: 'all:\n' } },
      { name: `${stem}-debuginfo`, requires: [`${common} = ${vr}`] },
      { name: common },
    ];
    return Object.values(rpms.build({ source: stem, version, release, packages }));
  });
  rpms.makeRepository('files', built);
  rpmServer = await serveDirectory(join(rpms.directory, 'repos'));
});
afterAll(async () => {
  await debServer.close();
  await rpmServer.close();
  debs.close();
  rpms.close();
  gpg.close();
});
beforeEach(async () => {
  reader = await openReaderLab();
});
afterEach(async () => {
  await reader.close();
});

describe('dpkg: the index names', () => {
  test.each(DEBS)('%s', async (release, headers, debug, version) => {
    const target = debTarget(release, version);
    const wanted = wantedNames(target, REQUEST);
    const { records, failures } = await readDebRepositories([archive], 'amd64', wanted, reader.context);
    expect(failures).toEqual([]);
    const plan = planDeb(target, records, REQUEST);
    const kernel = plan.items.filter(({ role }) => role === 'headers' || role === 'debuginfo');
    expect(kernel.map(({ role, name, version: found, match }) => `${role} ${name} ${found} ${match}`)).toEqual([
      `headers ${headers} ${version} version`,
      ...(debug === null ? [] : [`debuginfo ${debug} ${version} version`]),
    ]);
    // What it depends on was read too, though no table named the root.
    expect(plan.items.map(({ name }) => name)).toContain(`kbuild-${DEBS.findIndex(([each]) => each === release)}`);
    expect(plan.notes.some((note) => note.includes('nothing is known of debug packages'))).toBe(debug === null);
  });
});

test('a source that only names a list of mirrors is read from what the list names', async () => {
  writeFileSync(join(debs.directory, 'mirrors.txt'), `# one\n${debServer.url}vendor/\n`);
  const discovery = { kind: 'mirror-list', url: `${debServer.url}mirrors.txt` } as const;
  const listed = { ...archive, baseUrls: [], discovery };
  const target = debTarget('6.8.12-17-pve', null);
  const { records, failures } = await readDebRepositories(
    [listed],
    'amd64',
    wantedNames(target, REQUEST),
    reader.context,
  );
  expect(failures).toEqual([]);
  expect(records.map(({ name }) => name)).toContain('proxmox-headers-6.8.12-17-pve');
});

describe('rpm: the index names', () => {
  test.each(RPMS)('%s', async (release, devel, version, by) => {
    const target = rpmTarget(release);
    const repository = rpmRepository([`${rpmServer.url}${by}/`]);
    const read = createRpmReader('x86_64', wantedRpm(target, REQUEST), reader.context);
    const { records, failures } = await read([repository], () => false);
    expect(failures).toEqual([]);
    const plan = planRpm(target, records, REQUEST, null);
    const stem = devel.replace(/-devel$/, '');
    expect(plan.items.map(({ role, name, version: found, match }) => `${role} ${name} ${found} ${match}`)).toEqual([
      `devel ${devel} ${version} ${by === 'files' ? 'nevra' : 'uname-provide'}`,
      `debuginfo ${stem}-debuginfo ${version} nevra`,
      `debuginfo-common ${stem}-debuginfo-common-x86_64 ${version} nevra`,
    ]);
    expect(plan.target).toMatchObject({ release });
  });
});

test('the list of files, which is large, is asked only where nothing provides the release', () => {
  const asked = rpmServer.requests.filter((line) => line.includes('filelists'));
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.every((line) => line.includes('/files/'))).toBe(true);
});
