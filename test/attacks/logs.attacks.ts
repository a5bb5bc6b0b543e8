/** Logs that an attacker wrote: read by `explain`, or printed by what verify builds and runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyReport } from '../../src/types.ts';
import { type Attack, type GuardEdit, held, type Outcome, succeeded, type Tree } from './attack.ts';

const off = (file: string, text: string, replacement: string): GuardEdit => ({ file, text, replacement });
const EXCERPT = 'src/diagnose/log-excerpt.ts';
const LINE = 'src/diagnose/log-line.ts';
const BOUNDED = 'src/host/bounded-output.ts';
const WORDS = 'src/verify/tool-words.ts';
const ESCAPE = 'src/report/escape.ts';
const MEGABYTE = 1024 * 1024;
/** The title of the terminal, a colour by C1, and a line that runs backwards. */
const SEQUENCES = '\u001b]0;owned\u0007 \u009b31m \u202egpj';
const OBEYED = /[\u0007\u001b\u009b\u202e]/;
const KNOWN = 'Checking "/lib/modules/6.1.0-18-amd64/build/.config" failed with error: No such file or directory';

async function explain(tree: Tree, log: string): Promise<string> {
  const path = join(tree.scratch(), 'build.log');
  writeFileSync(path, log);
  const { stdout, stderr } = await tree.cli(['explain', path], { HOME: tree.scratch() });
  if (!stdout.includes('DEVEL_MISSING')) throw new Error(`the log was not understood: ${stdout}${stderr}`);
  return stdout;
}

/** Runs a program that prints so many bytes in one line on standard error, and returns what is kept of them. */
async function runEndless(tree: Tree, bytes: number, onLine?: (line: string) => void): Promise<string> {
  const { runProcess } = await tree.load<typeof import('../../src/host/run-process.ts')>('src/host/run-process.ts');
  const argv = ['sh', '-c', `head -c ${bytes} /dev/zero | tr '\\0' x >&2`];
  const result = await runProcess(argv, { PATH: '/usr/bin:/bin' }, onLine === undefined ? {} : { onLine });
  return result.stderr;
}

function bounded(what: string, size: number, most: number): Outcome {
  const words = `${size} characters ${what}`;
  return size > most ? succeeded(words) : held(words);
}

/** The report of a run in which a build log said this. */
function reportOf(output: string): VerifyReport {
  const step = { id: 'hello', step: 'hello', status: 'fail', reason: null, blame: 'target', output, seconds: 1 };
  const target = { distro: 'debian', version: '12', release: '6.1.0-18-amd64', arch: 'x86_64', family: 'deb' };
  return { target, ranIn: null, steps: [step], ready: false, diagnoses: [] } as unknown as VerifyReport;
}

const HIDDEN = 'All matches were filtered out by exclude filtering for argument: ';
const EXCLUDED = off(
  'src/diagnose/package-manager/source-messages.ts',
  String.raw`(?!\S{0,160}\.rpm(?!\S))(\w[\w.+~^:-]{0,160})(?!\S)`,
  String.raw`(\S{1,160})`,
);

const OTHER_SUITE = String.raw`E: The repository 'http://x$(id).debian.org/debian wilma Release' does not have a Release file.
Err:2 http://x$(id).debian.org/debian wilma Release
  404  Not Found
Hit:1 http://ftp.debian.org/debian bookworm InRelease`;

const NOT_SETUID = 'ERROR: The effective user ID of staprun must be set to the root user.';
const LISTED = '-rwsr-x--- 1 root stapusr 183072 Jan  1  2024 ';
const ANY_PLACE = off(
  'src/diagnose/rules/installation.ts',
  String.raw`/^\/(?:(?:usr|opt)(?:\/(?!\.\.?(?:\/|$))[^/]+)*)?$/`,
  '/^/',
);

const ANY_TREE = off('src/diagnose/make-in-tree.ts', 'return OF_ROOT.test(tree)', 'return tree !== OF_ROOT.source');

/** Lines that a log may hold, and what no command may be that is given to be pasted. */
const WORDS_OF_COMMANDS: readonly (readonly [string, string, string, ...GuardEdit[]])[] = [
  [
    'the address of a package, which dnf installs as root without asking who signed it',
    `${HIDDEN}http://evil.example/evil.rpm`,
    'evil.example',
    EXCLUDED,
  ],
  ['a package that lies where the log says', `${HIDDEN}evil.rpm`, 'all evil.rpm', EXCLUDED],
  ['an option of dnf', `${HIDDEN}--config=/tmp/evil.conf`, '/tmp/evil.conf', EXCLUDED],
  [
    'an option of modinfo',
    'insmod: ERROR: could not insert module --basedir=/tmp/evil: Unknown symbol in module',
    'basedir',
    off(
      'src/diagnose/rules/load.ts',
      String.raw`(?!-|\S{0,200}stap)(\S{1,300})`,
      String.raw`(?!\S{0,200}stap)(\S{1,300})`,
    ),
  ],
  [
    'a tree that somebody else wrote, in which root is to call make',
    'ERROR: Kernel not configured; no .config found in /tmp/evil',
    'make -C /tmp/evil',
    ANY_TREE,
  ],
  [
    'a command of the shell, as the name of a package that apt holds',
    String.raw`$ apt-get install linux-headers-6.1.0-18-amd64
The following held packages will be changed:
  linux-headers-6.1.0-18-amd64
$ dpkg -l | grep ^h
hi  linux-headers-6.1;id>/tmp/owned  6.1.76-1  amd64  headers`,
    'amd64 linux-headers-6.1;id',
    off(
      'src/diagnose/log-withheld.ts',
      String.raw`([a-z0-9][\w.+-]{1,100}?)(?::\w{2,10})? +\d`,
      String.raw`(\S{2,100}?)(?::\w{2,10})? +\d`,
    ),
    off('src/diagnose/rules/withheld.ts', 'unhold ${quoteCommand(names)}`', "unhold ${names.join(' ') as 'x'}`"),
  ],
  [
    'a command of the shell, as the name of the loader that does not start',
    '$(id)staprun: error while loading shared libraries: libx.so.1: cannot open shared object file',
    'command -v $(id)',
    off('src/diagnose/rules/installation.ts', 'shellLine`ldd "$(command', '`ldd "$(command'),
  ],
  [
    'a command of the shell, as the host of a source whose suite is of a derivative',
    OTHER_SUITE,
    'F x$(id)',
    off('src/diagnose/rules/sources.ts', String.raw`const isHost = /^\w[\w.-]*$/.test(host);`, 'const isHost = true;'),
    off('src/diagnose/rules/sources.ts', '${quoteWord(host)}', "${host as 'x'}"),
  ],
  [
    'a mount that others write to, off which root is to take nosuid',
    `${NOT_SETUID}\ntmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\n${LISTED}/dev/shm/x/staprun`,
    'remount,suid',
    ANY_PLACE,
  ],
  [
    'the home of somebody, off whose mount root is to take nosuid',
    `${NOT_SETUID}\n${LISTED}/usr/../home/mallory/staprun`,
    'remount,suid',
    ANY_PLACE,
  ],
  [
    'a tree that a log was built in, in which whoever pastes it is to call make',
    `make -C /tmp/evil M=/root/x modules
WARNING: Symbol version dump /tmp/evil/Module.symvers is missing; modules will have no dependencies and modversions.`,
    'make -C /tmp/evil',
    ANY_TREE,
  ],
  [
    'a tree that is only written as one of root, in which root is to call make',
    'ERROR: Kernel not configured; no .config found in /usr/src/../../tmp/evil',
    'make -C /usr/src/../../tmp/evil',
    ANY_TREE,
  ],
  [
    'a built tree that is only written as that of a kernel',
    `$ ls /lib/modules/../../tmp/6.1.0/build/include/config/auto.conf
/lib/modules/../../tmp/6.1.0/build/include/config/auto.conf
$ uname -r
6.1.0
ERROR: Kernel configuration is invalid.`,
    'make -C /lib/modules/..',
    off(
      'src/diagnose/rules/build-tree.ts',
      String.raw`lib\/modules\/[^\s/]{3,80}\/build)\/include`,
      String.raw`lib\/modules\/\S{3,80}\/build)\/include`,
    ),
  ],
];

const commands: readonly Attack[] = WORDS_OF_COMMANDS.map(([what, line, bad, ...guard]) => ({
  name: `a log puts into a command of explain ${what}`,
  guard,
  attempt: async (tree) => {
    const { diagnose } = await tree.load<typeof import('../../src/diagnose/diagnose.ts')>('src/diagnose/diagnose.ts');
    const found = diagnose({ log: line });
    if (found.length === 0) throw new Error(`the log was not understood: ${line}`);
    const command = found.flatMap(({ fix }) => fix).find((each) => each.includes(bad));
    return command === undefined ? held('no command has it') : succeeded(command);
  },
}));

export const attacks: readonly Attack[] = [
  {
    name: 'a line of a log that explain quotes sets the title of the terminal and turns the line',
    guard: [
      off('src/cli/output.ts', 'stream.write(escapeControl(redact(text)))', 'stream.write(text)'),
      off('src/diagnose/diagnose.ts', 'escapeControl(redact(raw.trim()))', 'redact(raw.trim())'),
    ],
    attempt: async (tree) => {
      const told = await explain(tree, `${KNOWN} ${SEQUENCES}\n`);
      return OBEYED.test(told) ? succeeded('the terminal obeys it') : held('escaped');
    },
  },
  {
    name: 'a log of one line without end, in which a known word comes again and again, fills the memory of explain',
    guard: [off(EXCERPT, 'const HITS_PER_NEEDLE = 32;', 'const HITS_PER_NEEDLE = 1e9;')],
    attempt: async (tree) => {
      const { LogExcerpt } = await tree.load<typeof import('../../src/diagnose/log-excerpt.ts')>(EXCERPT);
      const excerpt = new LogExcerpt(['No such file']);
      const piece = Buffer.from(`No such file ${'x'.repeat(8000)}`.repeat(128));
      for (let round = 0; round < 40; round += 1) excerpt.push(piece);
      return bounded('are kept', excerpt.finish().length, 3 * MEGABYTE);
    },
  },
  {
    name: 'a line of a megabyte keeps the patterns of explain busy',
    guard: [off(LINE, 'const LONGEST_LINE = 2048;', 'const LONGEST_LINE = 1e9;')],
    attempt: async (tree) => {
      const { splitLog } = await tree.load<typeof import('../../src/diagnose/log-line.ts')>(LINE);
      const longest = Math.max(...splitLog('x'.repeat(MEGABYTE)).map(({ text }) => text.length));
      return bounded('meet every pattern', longest, 10_000);
    },
  },
  {
    name: 'a build that prints without end fills the memory of verify',
    guard: [off(BOUNDED, 'const KEPT_BYTES = 4 * 1024 * 1024;', 'const KEPT_BYTES = 4096 * 1024 * 1024;')],
    attempt: async (tree) => bounded('are kept', (await runEndless(tree, 40 * MEGABYTE)).length, 10 * MEGABYTE),
  },
  {
    name: 'a build that prints one line without end fills the memory of what shows its lines',
    guard: [off(BOUNDED, 'if (partial.length < LINE_BYTES) return;', 'if (partial.length >= 0) return;')],
    attempt: async (tree) => {
      let longest = 0;
      await runEndless(tree, 3 * MEGABYTE, (line) => (longest = Math.max(longest, line.length)));
      return bounded('in one line', longest, MEGABYTE);
    },
  },
  {
    name: 'the output of a build moves the cursor out of the report of verify',
    guard: [off(WORDS, 'const clean = escapeControl(text.trim());', 'const clean = text.trim();')],
    attempt: async (tree) => {
      const { quoteOutput } = await tree.load<typeof import('../../src/verify/tool-words.ts')>(WORDS);
      return OBEYED.test(quoteOutput(`make: ${SEQUENCES}`)) ? succeeded('the terminal obeys it') : held('escaped');
    },
  },
  {
    name: 'the output of a build makes a report of megabytes',
    guard: [off(WORDS, 'const MAX_OUTPUT = 8192;', 'const MAX_OUTPUT = 1e9;')],
    attempt: async (tree) => {
      const { quoteOutput } = await tree.load<typeof import('../../src/verify/tool-words.ts')>(WORDS);
      return bounded('are quoted', quoteOutput('x'.repeat(8 * MEGABYTE)).length, 10_000);
    },
  },
  {
    name: 'the output of a build is a program in the page of the report',
    guard: [off(ESCAPE, '.replace(/[&<>"\']/g, (char) => ENTITIES[char] ?? char)', '')],
    attempt: async (tree) => {
      const { renderHtml } = await tree.load<typeof import('../../src/report/html.ts')>('src/report/html.ts');
      const { describeVerification } =
        await tree.load<typeof import('../../src/report/preflight.ts')>('src/report/preflight.ts');
      const page = renderHtml(describeVerification(reportOf('</pre><script>alert(1)</script>')), {
        madeAt: 0,
        tapprepVersion: '0',
      });
      if (!page.includes('alert(1)')) throw new Error('the output is not in the page');
      return page.includes('<script>') ? succeeded('a script of the attacker') : held('escaped');
    },
  },
  ...commands,
];
