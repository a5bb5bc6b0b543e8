import { expect, test } from 'vitest';
import { createModulemdReader, type ModuleIndex } from '../../../src/resolve/rpm-md/modulemd.ts';
import { findModularPackages, NO_STATE } from '../../../src/resolve/rpm/module-streams.ts';
import { createPackageMatcher } from '../../../src/resolve/rpm/package-patterns.ts';

function read(text: string): ModuleIndex {
  const reader = createModulemdReader('modules.yaml');
  for (const line of text.split('\n')) reader.line(line);
  return reader.end();
}

const TEXT = `---
document: modulemd
version: 2
data:
  name: perl
  stream: "5.30"
  version: 8010020190930154512
  context: 9edba152
  arch: x86_64
  summary: Practical Extraction and Report Language
  description: >-
    document: nothing
    stream: 7
  license:
    module:
    - MIT
  dependencies:
  - buildrequires:
      platform: [el8]
      perl: [bootstrap]
    requires:
      platform: [el8]
      other: [1.0, '2']
  profiles:
    common:
      rpms:
      - perl-core
  components:
    rpms:
      perl:
        rationale: It is "perl".
        ref: stream-5.30
  artifacts:
    rpms:
    - perl-4:5.30.1-452.x86_64
    - perl-libs-4:5.30.1-452.x86_64
...
---
document: modulemd-defaults
version: 1
data:
  module: perl
  stream: 5.26
  profiles:
    5.26: [common]
...
---
document: modulemd-obsoletes
version: 1
data:
  module: perl
  stream: 5.24
...
`;

test('what libmodulemd writes: name, stream, requirements, packages, defaults; nothing of what stands in texts', () => {
  const { builds, defaults } = read(TEXT);
  expect(builds).toEqual([
    {
      name: 'perl',
      stream: '5.30',
      requires: new Map([
        ['platform', ['el8']],
        ['other', ['1.0', '2']],
      ]),
      artifacts: ['perl-4:5.30.1-452.x86_64', 'perl-libs-4:5.30.1-452.x86_64'],
    },
  ]);
  expect([...defaults]).toEqual([['perl', '5.26']]);
});

test.each([
  ['<html>login</html>', /does not begin with a document/],
  ['---\nversion: 2\ndata:\n  name: x\n...', /says nothing of its kind/],
  ['---\ndocument: modulemd\nversion: 2\ndata:\n  name: x\n...', /names no module and stream/],
  ['---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  stream: 1\n...', /names no module/],
])('%j is refused', (text, why) => {
  expect(() => read(text)).toThrow(why);
});

function build(name: string, stream: string, requires: Readonly<Record<string, readonly string[]>> = {}) {
  const artifacts = [`${name}-0:${stream}-1.x86_64`];
  return { name, stream, requires: new Map(Object.entries(requires)), artifacts };
}

test('a stream that is enabled stands for the default; what is disabled is off; what a stream requires is on with it', () => {
  const builds = [
    build('perl', '5.26'),
    build('perl', '5.30', { other: ['2'] }),
    build('other', '1'),
    build('other', '2'),
  ];
  const indexes = [{ builds, defaults: new Map([['perl', '5.26']]) }];
  const on = (enabled: readonly (readonly [string, string])[], disabled: readonly string[]): readonly string[] => [
    ...(findModularPackages(indexes, { enabled: new Map(enabled), disabled: new Set(disabled) })?.on ?? []),
  ];
  expect(on([], [])).toEqual(['perl-0:5.26-1.x86_64']);
  expect(on([['perl', '5.30']], [])).toEqual(['perl-0:5.30-1.x86_64', 'other-0:2-1.x86_64']);
  expect(on([], ['perl'])).toEqual([]);
  // Nothing that the stream could stand on.
  expect(on([['perl', '5.30']], ['other'])).toEqual([]);
  expect(findModularPackages([{ builds: [], defaults: new Map() }], NO_STATE)).toBeNull();
});

test.each([
  ['kernel*', true],
  ['kernel-devel', true],
  ['kernel-devel.x86_64', true],
  ['kernel-devel-5.14.0', true],
  ['kernel-devel-5.14.0-1.el9', true],
  ['kernel-devel-5.14.0-1.el9.x86_64', true],
  ['kernel-devel-2:5.14.0-1.el9.x86_64', true],
  ['kernel-deve?', true],
  ['kernel-[c-e]evel', true],
  ['kernel-deve[!lm]', false],
  ['kernel-deve[!m]', true],
  ['kernel-[devel', false],
  ['kernel', false],
  ['kernel.devel', false],
  ['*.i686', false],
])('the pattern %s fits kernel-devel: %s', (pattern, fits) => {
  const matches = createPackageMatcher(['nothing', pattern]);
  expect(matches({ name: 'kernel-devel', evr: '2:5.14.0-1.el9', arch: 'x86_64' })).toBe(fits);
});
