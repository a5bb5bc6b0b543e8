/** What README and docs show is typed as it stands: here where it needs neither network nor root nor a VM, else in the file that is named. */
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import {
  commandsInBlocks,
  commandsInSentences,
  PAGES,
  type ShownCommand,
  wordsOf,
} from '../helpers/documented-commands.ts';

const cli = new Cli();
afterAll(() => cli.close());
const LOG =
  'Checking "/lib/modules/3.10.0-862.el7.x86_64/build/.config" failed with error: No such file or directory\n';

/** What the pages take for granted that somebody has. */
const work = join(cli.home, 'work');
mkdirSync(join(work, 'test'), { recursive: true });
for (const name of ['failed.log', 'failed.txt', 'build.log']) writeFileSync(join(work, name), LOG);
copyFileSync('test/fixtures/probe/centos-6.txt', join(work, 'web1.facts'));
cpSync('test/cases', join(work, 'test/cases'), { recursive: true });

/** Commands that are run here, and how they may end: 1 where this machine is not ready for SystemTap, which it need not be. */
const HERE: readonly (readonly [RegExp, readonly number[]])[] = [
  [
    /^tapprep (?:help|completion|--version|config show|scripts list|scripts show|mends show|cache list|verdicts list)\b/,
    [0],
  ],
  [/^tapprep explain\b/, [0]],
  [/^tapprep doctor(?: --log \S+)?$/, [0, 1]],
  [/^tapprep detect(?: --json)?$/, [0, 1]],
];

/** The others, by the file that types them: a lab with real kernels, or a test with servers and machines of its own. */
const ELSEWHERE: readonly (readonly [RegExp, string, RegExp])[] = [
  [/^tapprep rehearse\b.*--(?:secure-boot|sig-enforce|module-key|lockdown)/, 'test/lab/signing.lab.ts', /secureBoot/],
  [/^tapprep (?:verify|bundle)\b.*--module-key/, 'test/lab/signing.lab.ts', /moduleKey|signer/i],
  [/^tapprep module-key\b/, 'test/lab/signing.lab.ts', /moduleKey|signer/i],
  [/^tapprep rehearse\b/, 'test/lab/distribution.lab.ts', /'rehearse'/],
  [/^tapprep (?:detect|install|verify|remove|scripts run)\b.*--host/, 'test/lab/booted.lab.ts', /'--host'/],
  [/^tapprep (?:install|verify)\b.*--build-tree/, 'test/e2e/install.test.ts', /--build-tree/],
  [/^tapprep install\b.*--bundle/, 'test/lab/bundle.lab.ts', /--bundle/],
  [/^tapprep install\b.*--lock/, 'test/e2e/lock.test.ts', /--lock/],
  [/^tapprep bundle\b.*--compiled/, 'test/lab/compiled.lab.ts', /--compiled/],
  [/^tapprep bundle\b/, 'test/lab/bundle.lab.ts', /'bundle'/],
  [/^tapprep doctor\b.*--fix/, 'test/lab/fix.lab.ts', /'--fix'/],
  [/^tapprep doctor\b.*--root/, 'test/lab/fix.lab.ts', /'doctor'/],
  [/^tapprep plan\b.*--inventory/, 'test/e2e/fleet.test.ts', /--inventory/],
  [/^tapprep plan\b/, 'test/lab/kernels.lab.ts', /'plan'/],
  [/^tapprep fetch\b/, 'test/e2e/centos6-mirrors.test.ts', /'fetch'/],
  [/^tapprep install\b/, 'test/lab/bundle.lab.ts', /'install', \.\.\.target/],
  [/^tapprep remove\b/, 'test/lab/distribution.lab.ts', /'remove'/],
  [/^tapprep verify\b/, 'test/lab/bundle.lab.ts', /'verify', \.\.\.target/],
  [/^tapprep mirrors (?:list|check)\b/, 'test/integration/mirrors-check.test.ts', /mirrors|Mirrors/],
  [/^tapprep mends\b/, 'test/lab/mends.lab.ts', /mends/],
  [/^tapprep names\b/, 'test/unit/cli/names.test.ts', /names/],
  [/^tapprep scripts\b/, 'test/lab/scripts.lab.ts', /scripts/],
  [/^tapprep detect\b/, 'test/lab/packages.lab.ts', /tapprep detect/],
  [/^tapprep verdicts\b/, 'test/e2e/verdicts.test.ts', /'verdicts', action/],
  [/^tapprep cache\b/, 'test/e2e/looking.test.ts', /'cache'/],
];

const SHOWN: readonly ShownCommand[] = [
  ...new Map(
    [...PAGES.flatMap(commandsInBlocks), ...PAGES.flatMap(commandsInSentences)].map((one) => [one.command, one]),
  ).values(),
];
const runsHere = ({ command }: ShownCommand): readonly [RegExp, readonly number[]] | undefined =>
  HERE.find(([pattern]) => pattern.test(command));

/** Where a sentence names a value, something of its kind is put. */
function filledIn(command: string): readonly string[] {
  const words = wordsOf(command)
    .slice(1)
    .map((word) => (word === 'CODE' ? 'DEVEL_MISSING' : word === 'NAME' ? 'icmp' : word));
  // "tapprep explain" alone reads what is piped into it.
  return words.join(' ') === 'completion' ? [...words, 'bash'] : words;
}

test.each(SHOWN.filter((one) => runsHere(one) !== undefined))('$page: $command', async (shown) => {
  const { command } = shown;
  const script = 'cd "$1" && shift && exec "$@"';
  const { code, stdout, stderr } = await cli.start(filledIn(command), {}, LOG, ['sh', '-c', script, 'sh', work]).done;
  expect({ code, stderr: code === 2 ? stderr : '' }).toEqual({
    code: expect.toBeOneOf([...(runsHere(shown)?.[1] ?? [])]),
    stderr: '',
  });
  expect(stdout + stderr).not.toBe('');
});

test.each(SHOWN.filter((one) => runsHere(one) === undefined))('$page: $command has its place', ({ command }) => {
  const place = ELSEWHERE.find(([pattern]) => pattern.test(command));
  expect(place).toBeDefined();
  const [, file = '', words = /^$/] = place ?? [];
  expect([file, words.test(readFileSync(file, 'utf8'))]).toEqual([file, true]);
});

test('the output that the README shows of a pipe is what it prints', async () => {
  const [, line = '', output = ''] =
    /^```\n\$ (echo .*)\n([\s\S]*?)^```$/m.exec(readFileSync('README.md', 'utf8')) ?? [];
  const bin = `"${process.execPath}" "${resolve('bin/tapprep.js')}"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', line.replace('tapprep', bin)], {
    env: { ...process.env, ...cli.env },
  });
  expect(output).not.toBe('');
  expect(stdout.startsWith(output.trimEnd())).toBe(true);
});
