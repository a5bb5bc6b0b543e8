/** Module streams, lists of what is left out, and priorities: the packages that dnf takes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { assemblePlan } from '../../../src/resolve/plan.ts';
import { packagesOf } from '../../../src/resolve/provisions.ts';
import { completePlan } from '../../../src/resolve/rpm/complete-plan.ts';
import { createPackageSink } from '../../../src/resolve/rpm-md/package-sink.ts';
import { readRpmMd } from '../../../src/resolve/rpm-md/reader.ts';
import type { Repository } from '../../../src/types.ts';
import { type JudgeSettings, judgeByDnf } from '../../helpers/closure-judge.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';
import { openReaderLab, type ReaderLab } from '../../helpers/reader-context.ts';
import { type LabPackage, openRpmLab } from '../../helpers/rpm-lab.ts';

const work = mkdtempSync(join(tmpdir(), 'module-streams-'));
const lab = openRpmLab();
let reading: ReaderLab;
let modular: string;
let plain: string;
let other: string;

function perl(version: string, context: string): LabPackage {
  return {
    name: 'perl',
    version: `4:${version}-1.module_${context}`,
    requires: ['perl-libs'],
    provides: ['perl(strict)'],
  };
}

function document(name: string, stream: string, requires: string, artifacts: readonly string[]): string {
  const head = `---
document: modulemd
version: 2
data:
  name: ${name}
  stream: "${stream}"
  version: 1
  context: c${stream.replaceAll('.', '')}
  arch: x86_64
  summary: of a test
  description: >-
    Of a test.
  license:
    module:
    - MIT
  dependencies:
  - requires:
      ${requires}
  artifacts:
    rpms:`;
  return [head, ...artifacts.map((label) => `    - ${label}`), '...'].join('\n');
}

function labels(version: string, at: number): readonly string[] {
  return [`perl-4:${version}-1.module_x${at}.x86_64`, `perl-libs-4:${version}-1.module_x${at}.x86_64`];
}

beforeAll(async () => {
  reading = await openReaderLab();
  const builds = [
    {
      version: '1',
      packages: [
        { name: 'tool', requires: ['perl'] },
        { name: 'asks', requires: ['perl(strict)'] },
      ],
    },
    // Of no module, and newer than the default stream.
    {
      version: '2',
      packages: [
        { name: 'perl', version: '4:5.36-1.el9' },
        { name: 'perl-libs', version: '4:5.36-1.el9' },
      ],
    },
    { version: '3', packages: [{ name: 'shadow', version: '9-1.el9', provides: ['perl = 4:5.99'] }] },
    ...['5.26', '5.30', '5.32'].map((version, at) => ({
      version: String(4 + at),
      packages: [perl(version, `x${at}`), { name: 'perl-libs', version: `4:${version}-1.module_x${at}` }],
    })),
    {
      version: '9',
      packages: [
        { name: 'base', version: '2-1.module' },
        { name: 'wants-base', requires: ['base'] },
      ],
    },
  ];
  const paths = builds.flatMap((build) => Object.values(lab.build({ source: 'made', release: '1', ...build })));
  modular = lab.makeRepository('modular', paths);
  const modules = [
    document('perl', '5.26', 'platform: [el9]', labels('5.26', 0)),
    document('perl', '5.30', 'platform: [el9]', labels('5.30', 1)),
    document('perl', '5.32', 'needed: ["2"]', labels('5.32', 2)),
    document('needed', '2', 'platform: [el9]', ['base-0:2-1.module.x86_64']),
    '---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: perl\n  stream: "5.26"\n  profiles:\n    "5.26": [common]\n...\n',
  ].join('\n');
  const file = join(work, 'modules.yaml');
  writeFileSync(file, modules);
  execFileSync('modifyrepo_c', ['--mdtype=modules', file, join(modular, 'repodata')], { stdio: 'ignore' });
  const [older, newer] = ['1', '2'].map((version) =>
    Object.values(
      lab.build({
        source: 'plain',
        version,
        release: '1',
        packages: [
          { name: 'app', requires: ['lib'] },
          { name: 'lib', requires: version === '2' ? ['extra'] : [] },
          { name: 'extra' },
        ],
      }),
    ),
  );
  plain = lab.makeRepository('plain', newer ?? []);
  other = lab.makeRepository('other', older ?? []);
});
afterAll(async () => {
  await reading.close();
  lab.close();
  rmSync(work, { recursive: true });
});

function repositoryOf(directory: string, more: Partial<Repository> = {}): Repository {
  return {
    id: directory,
    kind: 'rpm-md',
    baseUrls: [`${pathToFileURL(directory).href}/`],
    suite: null,
    components: [],
    origin: 'target',
    vendor: null,
    content: ['toolchain'],
    state: 'live',
    trust: { metadata: 'unsigned', packages: 'signed', fingerprints: [], keyrings: [], allow: [] },
    allowExpiredRelease: false,
    ...more,
  };
}

const target = targetOf('rocky', '9.4', '5.14.0-427.el9.x86_64');

/** What is planned for an empty system, as dnf labels packages; null where nothing can be. */
async function plan(
  repositories: readonly Repository[],
  names: readonly string[],
  modules: Readonly<Record<string, string | null>> = {},
): Promise<readonly string[] | null> {
  const sink = createPackageSink();
  for (const repository of repositories)
    await readRpmMd(repository, 'x86_64', { wantsName: () => false, everything: sink }, reading.context);
  const chosen = Object.entries(modules);
  const state = {
    enabled: new Map(chosen.flatMap(([name, stream]) => (stream === null ? [] : [[name, stream] as const]))),
    disabled: new Set(chosen.flatMap(([name, stream]) => (stream === null ? [name] : []))),
  };
  const options = { arch: 'x86_64', installed: [], byName: [], niceToHave: [], sink, tools: names, modules: state };
  if (target.family !== 'rpm') throw new Error('not a target of rpm');
  const made = await completePlan(assemblePlan(target, [], [], []), options).catch((error: unknown) => {
    if (isTapprepError(error, 'UNSATISFIED_DEPENDENCY')) return null;
    throw error;
  });
  if (made === null) return null;
  return packagesOf(made.items)
    .map(({ name, version, arch }) => `${name}-${version}.${arch}`)
    .toSorted();
}

const STATES: readonly NonNullable<JudgeSettings['modules']>[] = [
  {},
  { perl: '5.30' },
  { perl: '5.32' },
  { perl: '5.32', needed: null },
  { perl: null },
];

test.each(STATES)('with %j of modules: the packages that dnf takes', async (modules) => {
  const requests = [['tool'], ['asks'], ['tool', 'asks'], ['wants-base'], ['shadow']];
  const judged = judgeByDnf(modular, requests, { modules });
  const ours: (readonly string[] | null)[] = [];
  for (const names of requests) ours.push(await plan([repositoryOf(modular)], names, modules));
  expect(ours).toEqual(judged);
});

test('the default stream is older than what is of no module, and is taken all the same', async () => {
  expect(await plan([repositoryOf(modular)], ['tool'])).toEqual([
    'perl-4:5.26-1.module_x0.x86_64',
    'perl-libs-4:5.26-1.module_x0.x86_64',
    'tool-1-1.x86_64',
  ]);
});

test.each([[[]], [['extra']], [['lib-2*']], [['lib']]] as const)(
  'with %j left out: the packages that dnf takes',
  async (excludes) => {
    const [judged] = judgeByDnf(plain, [['app']], { excludes, priority: [[pathToFileURL(other).href, 99]] });
    const both = [repositoryOf(plain, { excludes }), repositoryOf(other, { excludes })];
    expect(await plan(both, ['app'])).toEqual(judged);
  },
);

test.each([10, 99, 120])('beside a repository of priority %d: the packages that dnf takes', async (priority) => {
  const [judged] = judgeByDnf(plain, [['app']], { priority: [[pathToFileURL(other).href, priority]] });
  expect(await plan([repositoryOf(plain), repositoryOf(other, { priority })], ['app'])).toEqual(judged);
});

test('a list of modules that is no such list is an error, and nothing is taken', async () => {
  const file = join(work, 'modules.yaml');
  writeFileSync(file, '<html>please log in</html>\n');
  const broken = lab.makeRepository('broken', []);
  execFileSync('modifyrepo_c', ['--mdtype=modules', file, join(broken, 'repodata')], { stdio: 'ignore' });
  await expect(plan([repositoryOf(broken)], ['tool'])).rejects.toThrow(/does not begin with a document/);
});
