import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { wantedRpm } from '../../../src/resolve/rpm/needs.ts';
import { planRpm } from '../../../src/resolve/rpm/plan-rpm.ts';
import { createRpmReader } from '../../../src/resolve/rpm/read-repositories.ts';
import type { PackagePlan } from '../../../src/types.ts';
import { type Nginx, serveNginx } from '../../helpers/nginx.ts';
import { openReaderLab } from '../../helpers/reader-context.ts';
import { kernelBuild, type LabBuild, openRpmLab } from '../../helpers/rpm-lab.ts';
import { rpmRepository } from '../../helpers/rpm-repository.ts';

const RELEASE = '503.11.1.el9_5';
const UNAME = `5.14.0-${RELEASE}.x86_64`;
const lab = openRpmLab();
/** A process of its own: the tools are waited for without serving anything here. */
let server: Nginx;

/** One kernel with its debug variant, as EL9 has them. */
function withVariant(build: LabBuild): LabBuild {
  const uname = `${build.version}-${build.release}.x86_64+debug`;
  const common = `kernel-debuginfo-common-x86_64 = ${build.version}-${build.release}`;
  return {
    ...build,
    packages: [
      ...build.packages,
      { name: 'kernel-debug-devel', provides: [`kernel-devel-uname-r = ${uname}`] },
      { name: 'kernel-debug-debuginfo', requires: [common] },
    ],
  };
}

beforeAll(async () => {
  const releases = ['503.9.1.el9_5', RELEASE, '503.14.1.el9_5'];
  const packages = releases.flatMap((release) => Object.values(lab.build(withVariant(kernelBuild('5.14.0', release)))));
  lab.makeRepository('el9', packages);
  server = await serveNginx(join(lab.directory, 'repos'));
});
afterAll(async () => {
  await server.close();
  lab.close();
});

async function planFor(release: string): Promise<PackagePlan> {
  const target = identifyTarget(declareFacts({ distro: 'centos:9', release, arch: null, unameV: null }));
  if (target.family !== 'rpm') throw new Error('of the other family');
  const request = { installed: null, roles: { image: false, debuginfo: true, systemtap: 'none' } } as const;
  const reader = await openReaderLab();
  try {
    const read = createRpmReader(target.packageArch, wantedRpm(target, request), reader.context);
    const { records } = await read([rpmRepository([`${server.url}el9/`])], () => false);
    return planRpm(target, records, request, null);
  } finally {
    await reader.close();
  }
}

/** The addresses that dnf gives for a query, sorted. */
function askDnf(...query: readonly string[]): readonly string[] {
  const cache = join(lab.directory, 'dnf');
  const settings = { reposdir: join(cache, 'none'), cachedir: cache, persistdir: join(cache, 'persist') };
  const options = Object.entries(settings).map(([name, value]) => `--setopt=${name}=${value}`);
  const repository = [`--repofrompath=lab,${server.url}el9/`, '--repo=lab', '--releasever=9', '--forcearch=x86_64'];
  const argv = ['--quiet', '--disableplugin=*', ...options, ...repository, 'repoquery', '--location', ...query];
  return execFileSync('dnf', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    .trim()
    .split('\n')
    .toSorted();
}

/** The packages that zypper finds to provide these capabilities, as NAME-VERSION, sorted. */
function askZypper(...capabilities: readonly string[]): readonly string[] {
  const root = join(lab.directory, 'zypper');
  const zypper = (...args: readonly string[]): string =>
    execFileSync('zypper', ['--non-interactive', '--root', root, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  if (!existsSync(root)) {
    mkdirSync(root);
    zypper('addrepo', '--no-gpgcheck', `${server.url}el9/`, 'el9');
  }
  const xml = zypper('--xmlout', 'search', '--details', '--provides', '--match-exact', ...capabilities);
  return Array.from(
    xml.matchAll(/name="([^"]+)"[^>]* edition="([^"]+)"/g),
    ([, name, edition]) => `${name}-${edition}`,
  ).toSorted();
}

const CASES = [
  [UNAME, ['kernel-devel', 'kernel-debuginfo', 'kernel-debuginfo-common-x86_64']],
  [`${UNAME}+debug`, ['kernel-debug-devel', 'kernel-debug-debuginfo', 'kernel-debuginfo-common-x86_64']],
] as const;

test.each(CASES)('dnf and zypper give the same packages for %s', async (release, names) => {
  const plan = await planFor(release);
  const byName = new Map(plan.items.map((item) => [item.name, item]));
  expect([...byName.keys()].toSorted()).toEqual([...names].toSorted());

  const urls = plan.items.map((item) => item.urls[0] ?? '').toSorted();
  expect(askDnf(...names.map((name) => `${name}-5.14.0-${RELEASE}`))).toEqual(urls);
  expect(askZypper(...names.map((name) => `${name} = 5.14.0-${RELEASE}`))).toEqual(
    plan.items.map((item) => `${item.name}-${item.version}`).toSorted(),
  );
  const provider = `kernel-devel-uname-r = ${release}`;
  expect(askDnf('--whatprovides', provider)).toEqual(byName.get(names[0])?.urls);
  expect(askZypper(provider)).toEqual([`${names[0]}-5.14.0-${RELEASE}`]);
});
