import { describe, expect, test } from 'vitest';
import { declareFacts } from '../../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../../src/detect/target.ts';
import { renderPlan } from '../../../../src/cli/render/plan-text.ts';
import type { PlanRequest } from '../../../../src/resolve/plan.ts';
import type { PackageRecord } from '../../../../src/resolve/reader.ts';
import { findKernelBuild, type KernelBuild } from '../../../../src/resolve/rpm/choose.ts';
import { wantedRpm } from '../../../../src/resolve/rpm/needs.ts';
import { planRpm } from '../../../../src/resolve/rpm/plan-rpm.ts';
import type { BuildId, InstalledPackage, PackagePlan, RpmTarget } from '../../../../src/types.ts';
import { rpmRepository } from '../../../helpers/rpm-repository.ts';

const REPOSITORY = rpmRepository(['https://m.example/os/']);
const REQUEST: PlanRequest = { installed: null, roles: { image: false, debuginfo: true, systemtap: 'none' } };
const EL9 = '5.14.0-503.11.1.el9_5';

function target(distro: string, release: string, more: Partial<RpmTarget> = {}): RpmTarget {
  const found = identifyTarget(declareFacts({ distro, release, arch: 'x86_64', unameV: null }));
  if (found.family !== 'rpm') throw new Error(`${release} is of the other family`);
  return { ...found, ...more };
}

const el9 = target('centos:9', `${EL9}.x86_64`);

function record(name: string, version: string, more: Partial<PackageRecord> = {}): PackageRecord {
  const arch = more.arch ?? 'x86_64';
  return {
    name,
    version,
    arch,
    urls: [`https://m.example/os/${name}-${version.replace(/^\d+:/, '')}.${arch}.rpm`],
    sizeBytes: 100,
    installedBytes: 1000,
    digest: null,
    trust: { kind: 'rpm-signature', trust: REPOSITORY.trust, digest: null, vendor: null },
    repository: REPOSITORY,
    provides: [`${name} = ${version}`],
    requires: [],
    vendor: 'CentOS',
    buildHost: 'x1.example.org',
    buildTime: 1_700_000_000,
    source: null,
    ...more,
  };
}

/** devel, debuginfo and common of one kernel as EL9 has them. */
function kernelSet(version: string, more: Partial<PackageRecord> = {}): PackageRecord[] {
  return [
    record('kernel-devel', version, { provides: [`kernel-devel-uname-r = ${version}.x86_64`], ...more }),
    record('kernel-debuginfo', version, {
      requires: [`kernel-debuginfo-common-x86_64 = ${version}`, '/bin/sh'],
      ...more,
    }),
    record('kernel-debuginfo-common-x86_64', version, more),
  ];
}

function shorten(plan: PackagePlan): readonly string[] {
  return plan.items.map((item) => `${item.role} ${item.name} ${item.version} ${item.match}`);
}

function failure(action: () => unknown): {
  readonly code?: string;
  readonly message: string;
  readonly facts?: unknown;
} {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  return { message: 'a plan' };
}

const KERNEL: KernelBuild = { vendor: 'CentOS', buildHost: 'x1.example.org', buildTime: 1_700_000_000, version: EL9 };

describe('the three packages of a kernel', () => {
  test('are found by uname-r, by name, and by what debuginfo requires', () => {
    const records = [...kernelSet('5.14.0-503.9.1.el9_5'), ...kernelSet(EL9), ...kernelSet('5.14.0-503.14.1.el9_5')];
    const plan = planRpm(el9, records, REQUEST, KERNEL);
    expect(shorten(plan)).toEqual([
      `devel kernel-devel ${EL9} uname-provide`,
      `debuginfo kernel-debuginfo ${EL9} nevra`,
      `debuginfo-common kernel-debuginfo-common-x86_64 ${EL9} nevra`,
    ]);
    expect(plan).toMatchObject({ downloadBytes: 300, installedBytes: 3000, notes: [] });
    expect(plan.items[0]).toMatchObject({
      fileName: `kernel-devel-${EL9}.x86_64.rpm`,
      install: true,
      replaces: null,
      expects: { vendor: 'CentOS', provides: [`kernel-devel-uname-r = ${EL9}.x86_64`] },
    });
  });

  test('of CentOS 6 out of a listing that has names only', () => {
    const el6 = target('centos:6', '2.6.32-642.el6.x86_64');
    const unknown = { provides: [], vendor: null, buildHost: null, buildTime: null, sizeBytes: null };
    const names = ['kernel-devel', 'kernel-debuginfo', 'kernel-debuginfo-common-x86_64'];
    const plan = planRpm(
      el6,
      names.map((name) => record(name, '2.6.32-642.el6', unknown)),
      REQUEST,
      KERNEL,
    );
    expect(shorten(plan)).toHaveLength(3);
    // The header of the file has to say what the listing could not.
    expect(plan.items.map((item) => item.expects?.vendor)).toEqual(['CentOS', 'CentOS', 'CentOS']);
  });

  test('of a variant take its devel and debuginfo but the common package of all', () => {
    const debug = target('centos:9', `${EL9}.x86_64+debug`);
    const records = [
      ...kernelSet(EL9),
      record('kernel-debug-devel', EL9, { provides: [`kernel-devel-uname-r = ${EL9}.x86_64+debug`] }),
      record('kernel-debug-debuginfo', EL9, { requires: [`kernel-debuginfo-common-x86_64 = ${EL9}`] }),
    ];
    expect(shorten(planRpm(debug, records, REQUEST, KERNEL))).toEqual([
      `devel kernel-debug-devel ${EL9} uname-provide`,
      `debuginfo kernel-debug-debuginfo ${EL9} nevra`,
      `debuginfo-common kernel-debuginfo-common-x86_64 ${EL9} nevra`,
    ]);
  });

  test('whatever the provider of uname-r is called', () => {
    const records = kernelSet(EL9).map((item) =>
      item.name === 'kernel-devel' ? { ...item, name: 'kernel5.14-devel' } : item,
    );
    expect(shorten(planRpm(el9, records, REQUEST, KERNEL))[0]).toBe(`devel kernel5.14-devel ${EL9} uname-provide`);
  });

  test('debuginfo that names the build-id of the kernel comes before one that only has its name', () => {
    const buildId = 'ab'.repeat(20) as BuildId;
    const named = record('kernel-debuginfo', EL9, {
      provides: [`debuginfo(build-id) = ${buildId}`],
      urls: ['https://m.example/other/kernel-debuginfo.rpm'],
    });
    const plan = planRpm({ ...el9, buildId }, [...kernelSet(EL9), named], REQUEST, KERNEL);
    expect(shorten(plan)).toContain(`debuginfo kernel-debuginfo ${EL9} build-id`);
  });

  test('debuginfo that requires no common package needs none', () => {
    const records = kernelSet(EL9).map((item) => ({ ...item, requires: ['/bin/sh'] }));
    expect(shorten(planRpm(el9, records, REQUEST, KERNEL))).toHaveLength(2);
  });

  test('debuginfo that requires a common package of any version takes the one of the kernel', () => {
    const older = record('kernel-debuginfo-common-x86_64', '5.14.0-1.el9');
    const records = [older, ...kernelSet(EL9)].map((item) =>
      item.name === 'kernel-debuginfo' ? { ...item, requires: ['kernel-debuginfo-common-x86_64'] } : item,
    );
    expect(shorten(planRpm(el9, records, REQUEST, KERNEL))[2]).toBe(
      `debuginfo-common kernel-debuginfo-common-x86_64 ${EL9} nevra`,
    );
  });

  test('that are installed are present, not fetched', () => {
    const installed = [{ name: 'kernel-devel', version: EL9, arch: 'x86_64' }];
    const plan = planRpm(el9, kernelSet(EL9), { ...REQUEST, installed }, KERNEL);
    expect(plan.present).toEqual([{ role: 'devel', name: 'kernel-devel', version: EL9 }]);
    expect(plan.items).toHaveLength(2);
  });

  test('the image is only unpacked, and kernel-core comes before the empty kernel package', () => {
    const image = record('kernel-core', EL9, { provides: [`kernel-uname-r = ${EL9}.x86_64`] });
    const records = [...kernelSet(EL9), record('kernel', EL9), image];
    const plan = planRpm(el9, records, { ...REQUEST, roles: { ...REQUEST.roles, image: true } }, KERNEL);
    expect(plan.items.find((item) => item.role === 'image')).toMatchObject({ name: 'kernel-core', install: false });
  });

  test('the same bytes elsewhere are further places to fetch them from', () => {
    const digest = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const;
    const set = kernelSet(EL9).map((item) => ({ ...item, digest: { ...digest, hex: digest.hex } }));
    const devel = record('kernel-devel', EL9, { digest, urls: ['https://other.example/kernel-devel.rpm'] });
    const plan = planRpm(
      el9,
      [...set.slice(0, 1), devel, ...set.slice(1).map((item) => ({ ...item, digest: null }))],
      REQUEST,
      KERNEL,
    );
    expect(plan.items[0]?.urls).toEqual([set[0]?.urls[0], 'https://other.example/kernel-devel.rpm']);
  });
});

describe('SUSE, where the index adds a rebuild counter', () => {
  const suse = target('sles:15.5', '5.14.21-150500.55.49-default');
  const records = ['5.14.21-150500.55.49.1', '5.14.21-150500.55.49.2', '5.14.21-150500.55.4.9'].flatMap((version) => [
    record('kernel-default-devel', version, { vendor: 'SUSE LLC' }),
    record('kernel-devel', version, { vendor: 'SUSE LLC', arch: 'noarch' }),
    record('kernel-default-debuginfo', version, { vendor: 'SUSE LLC' }),
  ]);

  test('the newest rebuild is taken, and a missing debugsource is told', () => {
    const plan = planRpm(suse, records, REQUEST, null);
    expect(plan.items.map((item) => item.version)).toEqual(Array.from({ length: 3 }, () => '5.14.21-150500.55.49.2'));
    expect(plan.notes.join(' ')).toContain('debugsource');
  });

  test('the rebuild that is installed comes before a newer one', () => {
    const kernel = { ...KERNEL, vendor: 'SUSE LLC', version: '5.14.21-150500.55.49.1' };
    const plan = planRpm(suse, records, REQUEST, kernel);
    expect(new Set(plan.items.map((item) => item.version))).toEqual(new Set(['5.14.21-150500.55.49.1']));
  });
});

describe('rows of the table that leave something open', () => {
  test('the one of two devel packages that is there is taken', () => {
    const V = '6.12.23-29.97.amzn2023';
    const records = ['kernel-devel', 'kernel6.12-debuginfo', 'kernel6.12-debuginfo-common-x86_64'];
    const plan = planRpm(
      target('amzn:2023', `${V}.x86_64`),
      records.map((name) => record(name, V)),
      REQUEST,
      null,
    );
    expect(plan.items.map(({ name }) => name).toSorted()).toEqual(records);
  });

  test('of kernels with one release the likeliest is taken whole, and the plan says that there are others', () => {
    const mariner = target('mariner:2.0', '5.15.182.1-1.cm2');
    const names = ['kernel-azure', 'kernel'].flatMap((stem) => [`${stem}-devel`, `${stem}-debuginfo`]);
    const plan = planRpm(
      mariner,
      names.map((name) => record(name, '5.15.182.1-1.cm2')),
      REQUEST,
      null,
    );
    expect(plan.items.map(({ name }) => name)).toEqual(['kernel-devel', 'kernel-debuginfo']);
    expect(plan.notes.map(String)).toEqual([expect.stringContaining('kernel-azure-devel of the same version')]);
  });

  test('debug packages that nobody has seen published are no reason to have no plan', () => {
    const V = '2.6.32-042stab129.1';
    const plan = planRpm(target('centos:6', V), [record('vzkernel-devel', V)], REQUEST, null);
    expect(shorten(plan)).toEqual([`devel vzkernel-devel ${V} nevra`]);
    expect(plan.notes.join()).toContain('no repository has vzkernel-debuginfo');
  });

  test('a counter that uname -r leaves out is found', () => {
    const devel = record('kernel-tlinux4-devel', '5.4.119-1.0009.tl3');
    const plan = planRpm(target('tencentos:3', '5.4.119-1-tlinux4-0009'), [devel], REQUEST, null);
    expect(shorten(plan)).toEqual(['devel kernel-tlinux4-devel 5.4.119-1.0009.tl3 nevra']);
  });
});

describe('another vendor', () => {
  const sl = { vendor: 'Scientific Linux', buildHost: 'sl.example.org', buildTime: 1_700_009_999 };

  test('of the same name and version is VENDOR_MISMATCH with both vendors', () => {
    const found = failure(() => planRpm(el9, kernelSet(EL9, sl), REQUEST, KERNEL));
    expect(found).toMatchObject({ code: 'VENDOR_MISMATCH', facts: { found: 'Scientific Linux', expected: 'CentOS' } });
    expect(found.message).toContain('Scientific Linux built it, and CentOS built the kernel');
  });

  test('is passed over where the right one is there too', () => {
    const plan = planRpm(el9, [...kernelSet(EL9, sl), ...kernelSet(EL9)], REQUEST, KERNEL);
    expect(plan.items.map((item) => item.expects?.vendor)).toEqual(['CentOS', 'CentOS', 'CentOS']);
  });

  test('is never mixed into a set where nothing is known of the kernel', () => {
    const records = [...kernelSet(EL9).slice(0, 1), ...kernelSet(EL9, sl)];
    const plan = planRpm(el9, records, REQUEST, null);
    expect(new Set(plan.items.map((item) => item.expects?.vendor))).toEqual(new Set(['Scientific Linux']));
    const half = [...kernelSet(EL9).slice(0, 1), ...kernelSet(EL9, sl).slice(1)];
    expect(failure(() => planRpm(el9, half, REQUEST, null)).code).toBe('VENDOR_MISMATCH');
  });

  test('the build of the installed kernel is preferred, another one of the same vendor is told', () => {
    const rebuilt = kernelSet(EL9, { buildTime: 1_700_005_000 });
    expect(planRpm(el9, [...rebuilt, ...kernelSet(EL9)], REQUEST, KERNEL).notes).toEqual([]);
    expect(planRpm(el9, rebuilt, REQUEST, KERNEL).notes.join(' ')).toContain('kernel-devel');
  });
});

describe('a source that signs nothing', () => {
  const buildId = 'ab'.repeat(20) as BuildId;
  const koji = rpmRepository(['https://koji.example/'], { packages: 'unsigned' }, { id: 'koji' });
  const unsigned = (id: BuildId | null): Partial<PackageRecord> => ({
    repository: koji,
    trust: { kind: 'rpm-signature', trust: koji.trust, digest: null, vendor: null, buildId: id },
  });
  const mixed = kernelSet(EL9).map((item, at) => (at === 1 ? { ...item, ...unsigned(buildId) } : item));

  test('comes after every one that signs', () => {
    const plan = planRpm(el9, [...kernelSet(EL9, unsigned(buildId)), ...kernelSet(EL9)], REQUEST, KERNEL);
    expect(new Set(plan.items.map((item) => item.repository))).toEqual(new Set(['test']));
  });

  test('gives nothing without the switch for it, whatever build-id its debuginfo names, and says how to go on', () => {
    const found = failure(() => planRpm({ ...el9, buildId }, mixed, REQUEST, KERNEL));
    expect(found).toMatchObject({
      code: 'UNSIGNED',
      message: `kernel-debuginfo ${EL9} is only in koji, which signs nothing, and what nobody signed is not installed`,
      hint: expect.stringMatching(/--no-debuginfo .* --allow-unsigned-packages /) as unknown,
    });
  });

  test('is taken by the switch, the plan says so, and the debuginfo has to be of the kernel all the same', () => {
    const records = kernelSet(EL9, unsigned(buildId));
    const plan = planRpm({ ...el9, buildId }, records, { ...REQUEST, allowUnsigned: true }, KERNEL);
    expect(plan.notes.join(' ')).toContain('koji signs nothing, and it is taken because --allow-unsigned-packages');
    expect(plan.items.map(({ role, trust }) => [role, 'buildId' in trust ? trust.buildId : undefined])).toEqual([
      ['devel', null],
      ['debuginfo', buildId],
      ['debuginfo-common', null],
    ]);
    expect(renderPlan(plan, false, null)).not.toContain('signature in the package');
  });

  test('gives no SystemTap either', () => {
    const request: PlanRequest = { ...REQUEST, roles: { ...REQUEST.roles, systemtap: 'distro' } };
    const records = [...kernelSet(EL9), record('systemtap', '5.0-1', unsigned(null))];
    const plan = planRpm(el9, records, request, KERNEL);
    expect(plan.items.map(({ name }) => name)).not.toContain('systemtap');
    expect(plan.notes.join(' ')).toContain('systemtap is only in koji, which signs nothing: it is left out');
  });

  test.each([
    ['a devel package', kernelSet(EL9).map((item, at) => (at === 0 ? { ...item, ...unsigned(buildId) } : item))],
    [
      'debuginfo where the build-id is not known',
      kernelSet(EL9).map((item, at) => (at === 1 ? { ...item, ...unsigned(null) } : item)),
    ],
  ])('can give no %s: UNSIGNED', (_, records) => {
    expect(failure(() => planRpm(el9, records, REQUEST, KERNEL)).code).toBe('UNSIGNED');
  });
});

test('the kernel in question is found where its variant stands in the name without a hyphen', () => {
  const uek = target('ol:9', '5.15.0-200.131.27.el9uek.aarch64.64k');
  const found = {
    version: '5.15.0-200.131.27.el9uek',
    arch: 'aarch64',
    vendor: 'Oracle',
    buildTime: 5,
    buildHost: 'h',
  };
  expect(findKernelBuild(uek, [{ ...found, name: 'kernel-uek64k-core' }])?.vendor).toBe('Oracle');
});

describe('findKernelBuild', () => {
  const installed: InstalledPackage[] = ['5.14.0-503.9.1.el9_5', EL9].map((version) => ({
    name: 'kernel-core',
    version,
    arch: 'x86_64',
    vendor: 'CentOS',
    buildTime: 5,
    buildHost: 'h',
  }));

  test('takes the package of the kernel in question', () => {
    expect(findKernelBuild(el9, installed)).toEqual({ vendor: 'CentOS', buildTime: 5, buildHost: 'h', version: EL9 });
    expect(findKernelBuild(target('centos:9', '5.14.0-1.el9.x86_64'), installed)).toBeNull();
  });
});

function miss(records: readonly PackageRecord[]): ReturnType<typeof failure> {
  return failure(() => planRpm(el9, records, REQUEST, null));
}

describe('a kernel whose packages are not there', () => {
  const around = [...kernelSet('5.14.0-503.9.1.el9_5'), ...kernelSet('5.14.0-503.14.1.el9_5')];
  test.each([
    ['between others', around, 'the nearest are kernel-devel 5.14.0-503.9.1.el9_5 and 5.14.0-503.14.1.el9_5'],
    ['newer than all', around.slice(0, 3), 'every kernel-devel is older, the newest is 5.14.0-503.9.1.el9_5'],
    ['older than all', around.slice(3), 'every kernel-devel is newer, the oldest is 5.14.0-503.14.1.el9_5'],
    [
      'of another architecture',
      [record('kernel-devel', EL9, { arch: 'aarch64', provides: [] })],
      'it is there for aarch64 only',
    ],
    [
      'of another variant',
      [record('kernel-debug-devel', EL9, { provides: [`kernel-devel-uname-r = ${EL9}.x86_64+debug`] })],
      'of that version they have kernel-debug-devel, which is of another variant',
    ],
    ['in repositories without any', [], 'they have no other kernel-devel for x86_64'],
  ])('%s', (_, records, expected) => {
    const found = miss(records);
    expect(found.code).toBe('NO_EXACT_PACKAGE');
    expect(found.message).toBe(`no repository has kernel-devel ${EL9} for x86_64: ${expected}`);
  });

  test('a package of that name which says that it is of another kernel does not count', () => {
    const other = record('kernel-devel', EL9, { provides: ['kernel-devel-uname-r = 5.14.0-503.11.1.el9_5.x86_64+rt'] });
    expect(miss([other]).code).toBe('NO_EXACT_PACKAGE');
  });

  test('the missing one is named even where the others are there', () => {
    const found = miss(kernelSet(EL9).filter((item) => item.name !== 'kernel-debuginfo-common-x86_64'));
    expect(found.message).toContain('no repository has kernel-debuginfo-common-x86_64');
  });
});

describe('SystemTap', () => {
  const request: PlanRequest = { ...REQUEST, roles: { ...REQUEST.roles, systemtap: 'distro' } };

  test('is the newest whole one', () => {
    const tools = ['4.9-1.el9', '5.1-4.el9'].flatMap((version) => [
      record('systemtap', version),
      record('systemtap-runtime', version),
    ]);
    const plan = planRpm(el9, [...kernelSet(EL9), ...tools, record('systemtap-client', '4.9-1.el9')], request, KERNEL);
    expect(shorten(plan).slice(3)).toEqual([
      'systemtap systemtap 5.1-4.el9 version',
      'systemtap systemtap-runtime 5.1-4.el9 version',
    ]);
  });

  test('that is installed and newer than what is on offer stays', () => {
    const newer = ['systemtap', 'systemtap-runtime'].map((name) => ({ name, version: '5.2-2.el9', arch: 'x86_64' }));
    const offered = newer.map(({ name }) => record(name, '5.1-4.el9'));
    const plan = planRpm(el9, [...kernelSet(EL9), ...offered], { ...request, installed: newer }, KERNEL);
    expect(plan.items.map(({ role }) => role)).not.toContain('systemtap');
    expect(plan.present).toEqual(newer.map(({ name, version }) => ({ role: 'systemtap', name, version })));
    const older = newer.map((item) => ({ ...item, version: '5.0-9.el9' }));
    const upgraded = planRpm(el9, [...kernelSet(EL9), ...offered], { ...request, installed: older }, KERNEL);
    expect(upgraded.items.filter(({ role }) => role === 'systemtap')).toHaveLength(2);
  });

  test('that is nowhere is told, and the kernel packages are planned all the same', () => {
    const plan = planRpm(el9, kernelSet(EL9), request, KERNEL);
    expect(plan.items).toHaveLength(3);
    expect(plan.notes).toEqual(['none of the repositories that were asked has systemtap']);
  });
});

describe('what readers are asked for', () => {
  test('names, their siblings, uname-r, build-id and file names', () => {
    const wanted = wantedRpm({ ...el9, buildId: 'ab'.repeat(20) as BuildId }, REQUEST);
    const names = [
      'kernel-devel',
      'kernel-debug-devel',
      'kernel-debuginfo-common-x86_64',
      'kernel-core',
      'gcc',
      'systemtap',
    ];
    expect(names.filter((name) => wanted.wantsName(name))).toEqual(names.slice(0, 3));
    expect(wanted.provides).toEqual([`kernel-devel-uname-r = ${EL9}.x86_64`]);
    expect(wanted.buildId).toBe('ab'.repeat(20));
    expect(wanted.fileNames).toContain(`kernel-debuginfo-common-x86_64-${EL9}.x86_64.rpm`);
  });

  test('of SUSE no file names, for only the index knows the counter', () => {
    const wanted = wantedRpm(target('sles:15.5', '5.14.21-150500.55.49-default'), REQUEST);
    expect(wanted).toMatchObject({ provides: [], fileNames: [] });
  });
});
