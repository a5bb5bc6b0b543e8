// Writes test/fixtures/presence.json: what real kernels and real runtimes answer to the tests of all mends.
// node scripts/record-presence.ts ROOT VERSION=RUNTIME…
// ROOT: a system with unpacked headers packages of Debian, a grep and a dpkg database; VERSION: of the package, as 4.8-2;
// RUNTIME: usr/share/systemtap/runtime of it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRootHost } from '../src/host/root.ts';
import { hasText, readKernelPresence } from '../src/systemtap/mends/presence.ts';
import { MENDS } from '../src/systemtap/mends/table.ts';

const [root = '', ...runtimes] = process.argv.slice(2);
const host = createRootHost(root);

/** Whether it is there, whatever a mend wants; null where there is no such file. */
type Answers = Record<string, boolean | null>;

/** With what the kernel's own Makefile calls it. */
const kernels: Record<string, { readonly upstream: string; readonly answers: Answers }> = {};
for (const release of readdirSync(join(root, 'lib/modules')).toSorted()) {
  const presence = await readKernelPresence(host, { release, arch: 'x86_64' }, MENDS);
  const tests = MENDS.flatMap(({ kernel }) => kernel);
  const makefile = readFileSync(
    join(root, 'usr/src', `linux-headers-${release.replace('-cloud-amd64', '-common')}`, 'Makefile'),
    'utf8',
  );
  const upstream = ['VERSION', 'PATCHLEVEL', 'SUBLEVEL']
    .map((name) => new RegExp(`^${name} = (\\d+)`, 'm').exec(makefile)?.[1] ?? '')
    .join('.');
  const answers = Object.fromEntries(
    tests.map((test) => [
      test.kind === 'symbol' ? `symbol ${test.name}` : `${test.kind} ${test.file} ${test.text}`,
      presence.answer({ ...test, there: true }),
    ]),
  );
  kernels[release] = { upstream, answers };
}

/** How often each text of a runtime that a mend asks for or replaces is there; null where there is no such file. */
const stap: Record<string, Record<string, number | null>> = {};
for (const [, version = '', directory = ''] of runtimes.map((word) => /^([^=]+)=(.+)$/.exec(word) ?? [])) {
  const answers: Record<string, number | null> = {};
  for (const { runtime, edits } of MENDS) {
    for (const { file, text } of runtime)
      answers[`has ${file} ${text}`] = count(directory, file, (source) => Number(hasText(source, text)));
    for (const { file, text } of edits)
      answers[`count ${file} ${text}`] = count(directory, file, (source) => source.split(text).length - 1);
  }
  stap[version] = answers;
}

function count(directory: string, file: string, of: (source: string) => number): number | null {
  try {
    return of(readFileSync(join(directory, file), 'utf8'));
  } catch {
    return null;
  }
}

writeFileSync('test/fixtures/presence.json', `${JSON.stringify({ kernels, stap }, null, 1)}\n`);
