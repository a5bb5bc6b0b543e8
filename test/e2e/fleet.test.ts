import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declareFacts } from '../../src/detect/declared-facts.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { type DirectoryServer, serveDirectory } from '../helpers/directory-server.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { makeReleases, writeKernelArchive } from '../helpers/kernel-archive.ts';
import { labMirrorList } from '../helpers/lab-mirrors.ts';

/** Installed on the machines whose facts end in "-has". */
const HAS = [
  ['gcc', '99:1-1'],
  ['libdw1', '0.9-1'],
] as const;
const DECLARED = { distro: 'debian', version: '11', arch: 'x86_64' };

interface Item {
  readonly name: string;
  readonly replaces: string | null;
}
interface Group {
  readonly hosts: readonly string[];
  readonly lacks: Readonly<Record<string, readonly Item[]>>;
  readonly plan: { readonly items: readonly Item[] };
}
const nameOf = ({ name }: Item): string => name;
const lab = new DebLab(new GpgHome());
const releases = makeReleases(3);
const cli = new Cli();
let server: DirectoryServer;

beforeAll(async () => {
  const key = lab.gpg.makeKey('archive', 'rsa2048');
  server = await serveDirectory(writeKernelArchive(lab, key, releases));
  const text = `deb ${server.url} bullseye main\n`;
  // What a facts file says of keys is not believed: the list of this user's names the archive and its key.
  const places = [{ kind: 'deb', url: server.url, suite: 'bullseye', version: '11' }] as const;
  mkdirSync(join(cli.home, '.config/tapprep'), { recursive: true });
  writeFileSync(join(cli.home, '.config/tapprep/mirrors.json'), JSON.stringify(labMirrorList(places, key)));
  for (const release of [...releases, '5.10.0-999-cloud-amd64']) {
    const facts = declareFacts({ distro: 'debian:11', release, arch: 'x86_64', unameV: null });
    const own = { ...facts, source: 'host', repositories: [{ path: '/etc/apt/sources.list', text }] };
    writeFileSync(join(cli.home, `${release}.json`), JSON.stringify(own));
    const packages = HAS.map(([name, version]) => ({ name, version, arch: 'amd64' }));
    const compiler = { path: '/usr/bin/gcc', version: '99' };
    writeFileSync(join(cli.home, `${release}-has.json`), JSON.stringify({ ...own, packages, compiler }));
  }
});

afterAll(async () => {
  await server.close();
  lab.close();
  cli.close();
});

function plan(lines: readonly unknown[], ...more: readonly string[]): Promise<CliResult> {
  const file = join(cli.home, 'inventory');
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return cli.run(['plan', '--inventory', file, ...more]);
}

const member = (id: string, release: string | undefined): object => ({ id, facts: `${release}.json` });

test('machines of one kernel get one plan', async () => {
  const [a, b] = releases;
  const lines = [member('web1', a), member('web2', b), member('web3', a), member('web4', a)];
  const result = await plan(lines, '--json');
  expect(`${result.code} ${result.stderr}`).toMatch(/^0 /);
  const report = JSON.parse(result.stdout) as { groups: { hosts: string[]; plan: { items: { name: string }[] } }[] };
  expect(report.groups.map(({ hosts }) => hosts)).toEqual([['web1', 'web3', 'web4'], ['web2']]);
  expect(report.groups[1]?.plan.items.map(({ name }) => name)).toContain(`linux-headers-${b}`);
  expect((await plan(lines)).stdout).toMatch(
    /^3: web1, web3, web4 +debian 11 +5\.10\.0-100-cloud-amd64 +x86_64 +7 packages, .*\n1: web2 [\s\S]*4 of 4 machines planned, 2 kinds\n$/m,
  );
});

test('a mirror that does not answer is waited for once, not again for each kernel', async () => {
  const mirror = 'deb=http://127.0.0.1:9/gone/';
  const result = await plan(
    releases.map((release) => member(release, release)),
    '--mirror',
    mirror,
  );
  expect(`${result.code} ${result.stderr}`).toMatch(/^0 /);
  const waited = result.stderr.match(/127\.0\.0\.1:9\/gone\/\S*(?= could not be read.*trying again)/g) ?? [];
  // Its files share what is known of it: one reason, one line.
  expect(waited).toHaveLength(1);
});

test('what each machine lacks of its plan is told; what does in an older version is not replaced', async () => {
  const [a = ''] = releases;
  const has = `${a}-has.json`;
  const lines = [
    member('bare', a),
    { id: 'has', facts: has },
    { id: 'too', facts: has },
    { id: 'told', ...DECLARED, kernel: a },
  ];
  const { stdout } = await plan(lines, '--json');
  const report = JSON.parse(stdout) as { groups: readonly Group[] };
  const groups = report.groups.filter(({ hosts }) => !hosts.includes('told'));
  expect(groups.map(({ hosts }) => hosts)).toEqual([['bare'], ['has', 'too']]);
  const [bare, old] = groups;
  expect(bare?.lacks['bare']?.map(nameOf)).toEqual(bare?.plan.items.map(nameOf));
  expect(bare?.plan.items.map(nameOf)).toContain('libdw1');
  const left = bare?.plan.items.map(nameOf).filter((name) => name !== 'gcc' && name !== 'libdw1');
  for (const host of ['has', 'too']) {
    expect(old?.lacks[host]?.map(nameOf)).toEqual(left);
    expect(old?.lacks[host]?.filter(({ replaces }) => replaces !== null)).toEqual([]);
  }
  // Of a machine that is only described nobody knows.
  expect(report.groups.find(({ hosts }) => hosts.includes('told'))?.lacks).toEqual({});
});

test('machines with a plan of their own share it only where all that they have is the same', async () => {
  const [a = ''] = releases;
  const facts = JSON.parse(readFileSync(join(cli.home, `${a}-has.json`), 'utf8')) as { packages: readonly object[] };
  const packages = [...facts.packages, { name: 'zsh', version: '5.8-6', arch: 'amd64' }];
  writeFileSync(join(cli.home, 'more.json'), JSON.stringify({ ...facts, packages }));
  const has = `${a}-has.json`;
  const lines = [
    { id: 'has', facts: has },
    { id: 'more', facts: 'more.json' },
    { id: 'too', facts: has },
  ];
  const { stdout } = await plan(lines, '--json');
  const { groups } = JSON.parse(stdout) as { groups: readonly Group[] };
  expect(groups.map(({ hosts }) => hosts)).toEqual([['has', 'too'], ['more']]);
  expect(groups[1]?.lacks['more']).toEqual(groups[0]?.lacks['has']);
});

test('a machine without a plan and a line that is none are told, and the others are planned', async () => {
  const result = await plan([
    member('web1', releases[0]),
    member('lost', '5.10.0-999-cloud-amd64'),
    'no json',
    { id: 'odd', distro: 'debian', version: '11', kernel: 'my-own-kernel' },
    member('gone', 'absent'),
  ]);
  expect(result.code).toBe(1);
  expect(result.stdout).toContain('lost: NO_EXACT_PACKAGE: ');
  expect(result.stdout).toContain('line 3: USAGE: the line is no JSON');
  expect(result.stdout).toMatch(/odd: (UNKNOWN_RELEASE|CUSTOM_KERNEL_NO_PACKAGE): /);
  expect(result.stdout).toContain('gone: BAD_FACTS: ');
  expect(result.stdout).toContain('1 of 5 machines planned, 2 kinds');
});

test('a code name is the same machine as its number', async () => {
  const [a] = releases;
  const lines = ['11', 'bullseye', 'Bullseye'].map((version) => ({ id: version, ...DECLARED, version, kernel: a }));
  const result = await plan(lines);
  expect(`${result.code} ${result.stderr}`).toMatch(/^0 /);
  expect(result.stdout).toMatch(/^3: 11, bullseye, Bullseye +debian 11 /m);
});

test('two lines of one id: the second is refused, and the first has its plan', async () => {
  const [a, b] = releases;
  const result = await plan([member('web1', a), member('web2', a), member('web1', b)]);
  expect(result.code).toBe(2);
  expect(result.stdout).toContain('line 3: USAGE: its id web1 is that of line 1, but an id names one machine');
  expect(result.stdout).toMatch(/^2: web1, web2 /m);
  expect(result.stdout).toContain('2 of 3 machines planned, 1 kind\n');
});

test('a facts file that is not there is told as one of the inventory, which no option named', async () => {
  const { stdout } = await plan([member('gone', 'absent')]);
  expect(stdout).toMatch(/gone: BAD_FACTS: there is no facts file \/.*\/absent\.json\n/);
  expect(stdout).not.toContain('--facts');
});

test('every machine of a plan is named: a few in the table, all of them with --verbose', async () => {
  const lines = ['a', 'b', 'c', 'd', 'e'].map((id) => member(id, releases[0]));
  expect((await plan(lines)).stdout).toMatch(/^5: a, b, c and 2 more [\s\S]*1 kind; --verbose names every one\n$/m);
  expect((await plan(lines, '--verbose')).stdout).toMatch(/^a, b, c and 2 more: a, b, c, d, e\n[\s\S]*1 kind\n$/m);
});

test('an inventory that is not there or empty, or beside another target: exit 2', async () => {
  expect((await plan([])).code).toBe(2);
  expect((await cli.run(['plan', '--inventory', '/nowhere'])).code).toBe(2);
  expect((await plan([member('web1', releases[0])], '--root', '/')).code).toBe(2);
});
