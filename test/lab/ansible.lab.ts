/** The role of ansible/ by the real ansible-core over real sshds: three distributions, and machines that cannot be prepared. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli } from '../helpers/cli.ts';
import { Fleet } from '../helpers/fleet-hosts.ts';
import { runLocally } from '../helpers/run.ts';
import { listPackages } from '../helpers/system-state.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const cli = new Cli();
const at = (...names: readonly string[]): string => join(cli.home, ...names);
const env = {
  HOME: cli.home,
  LC_ALL: 'C.UTF-8',
  ANSIBLE_COLLECTIONS_PATH: at('collections'),
  ANSIBLE_NOCOLOR: '1',
  no_proxy: '127.0.0.1',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
};
/** Made by a controller that evaluates what a hostile machine says. */
const OWNED = at('owned');
const TEMPLATE = `{{ lookup('ansible.builtin.pipe', 'touch ${OWNED}') }}`;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.open(
    `echo "/usr/share/systemtap/runtime/linux/runtime.h:30:2: error: implicit declaration of function 'get_fs'"
     echo 'Pass 4: compilation failed.  [man error::pass4]'; echo "${TEMPLATE}"; exit 1`,
  );
  await fleet.add('web1', 'bullseye');
  const { root } = await fleet.add('web2', 'bullseye');
  writeFileSync(join(root, 'etc/debian_version'), `${TEMPLATE}\n`);
  await fleet.add('db1', 'almalinux');
  await fleet.add('old1', 'bookworm');
  await fleet.add('lost1', 'bullseye', '5.10.0-1-cloud-amd64');

  mkdirSync(at('.config/tapprep'), { recursive: true });
  writeFileSync(at('.config/tapprep/mirrors.json'), JSON.stringify(fleet.mirrorList()));
  const galaxy = ['ansible-galaxy', 'collection'];
  await must([...galaxy, 'build', join(REPOSITORY, 'ansible'), '--output-path', cli.home]);
  const [tar = ''] = readdirSync(cli.home).filter((name) => name.endsWith('.tar.gz'));
  await must([...galaxy, 'install', '--offline', at(tar), '-p', at('collections')]);
  const lines = Object.entries(fleet.hosts).map(
    ([name, { sshd, kernel }]) =>
      `${name} ansible_host=127.0.0.1 ansible_port=${sshd.port} ansible_user=root tapprep_kernel=${kernel} ` +
      `ansible_ssh_private_key_file=${sshd.directory}/user ` +
      `ansible_ssh_common_args="-F none -o UserKnownHostsFile=${sshd.directory}/known_hosts -o IdentitiesOnly=yes"`,
  );
  writeFileSync(at('hosts'), `${lines.join('\n')}\n`);
  writeFileSync(
    at('site.yml'),
    `- hosts: all
  gather_facts: false
  roles:
    - role: tapprep.tapprep.prepare
      tapprep_command: [${process.execPath}, ${join(REPOSITORY, 'bin/tapprep.js')}]
      tapprep_not_running: true
`,
  );
});

afterAll(async () => {
  await fleet.close();
  cli.close();
});

async function must(argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runLocally(argv, { env });
  if (exitCode !== 0) throw new Error(stderr);
}

/** What a run told of each machine, beside all of its text. */
interface Play {
  readonly text: string;
  readonly recap: Readonly<Record<string, string>>;
}

async function play(...args: readonly string[]): Promise<Play> {
  const { stdout, stderr } = await runLocally(['ansible-playbook', '-i', at('hosts'), at('site.yml'), ...args], {
    env,
  });
  const lines = (stdout.split('PLAY RECAP')[1] ?? '').matchAll(
    /^(\w+) +: .*(changed=\d+) +(unreachable=\d+) +(failed=\d+)/gm,
  );
  const recap = Object.fromEntries(Array.from(lines, ([, host, ...counts]) => [host, counts.join(' ')]));
  return { text: `${stdout}${stderr}`, recap };
}

/** Every file and link of a machine with what tells a change of it, but Ansible's own directory and what rpm's readers share. */
function snapshot(host: string): readonly string[] {
  const root = fleet.hosts[host]?.root ?? '';
  return globSync('**', { cwd: root, exclude: (path) => /^(root|tmp|proc|dev)$/.test(path) })
    .filter((path) => !path.endsWith('.sqlite-shm'))
    .map((path) => {
      const { mode, size, mtimeMs } = lstatSync(join(root, path));
      return `${path} ${mode} ${size} ${mtimeMs}`;
    })
    .toSorted();
}

function packages(host: string): string {
  const root = fleet.hosts[host]?.root ?? '';
  return host === 'db1' ? execFileSync('chroot', [root, 'rpm', '-qa'], { encoding: 'utf8' }) : listPackages(root);
}

function report(host: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(at('tapprep-reports', `${host}.json`), 'utf8')) as Readonly<Record<string, unknown>>;
}

const HOSTS = ['web1', 'web2', 'db1', 'old1', 'lost1'] as const;
const UNCHANGED = 'changed=0 unreachable=0 failed=0';
const CHANGED = 'changed=1 unreachable=0 failed=0';
const FAILED = 'changed=0 unreachable=0 failed=1';

test('--check --diff: says what would come, downloads nothing, and changes nothing', async () => {
  const before = HOSTS.map(snapshot);
  const { recap, text } = await play('--check', '--diff');
  // That SystemTap does not compile on old1 is only known once it was tried.
  expect(recap).toEqual({ web1: CHANGED, web2: CHANGED, db1: CHANGED, old1: CHANGED, lost1: FAILED });
  expect(text).toContain('+systemtap 4.4-2 amd64\n');
  expect(text).toContain('+kernel-devel 4.18.0-553.el8_10 x86_64\n');
  expect(text).toMatch(/lost1.*NO_EXACT_PACKAGE: no repository has linux-headers-5\.10\.0-1-cloud-amd64/);
  expect(HOSTS.map(snapshot)).toEqual(before);
  expect(existsSync(at('tapprep-reports'))).toBe(false);
  expect(existsSync(at('.cache/tapprep/ansible/bundles'))).toBe(false);
});

test('a play of a single host plans it like one of many', async () => {
  const { recap } = await play('--check', '--limit', 'web1');
  expect(recap).toEqual({ web1: CHANGED });
  const lost = await play('--check', '--limit', 'lost1');
  expect(lost.recap).toEqual({ lost1: FAILED });
  expect(lost.text).toMatch(/lost1.*NO_EXACT_PACKAGE/);
});

test('the first run installs, the second changes nothing; what cannot be prepared is told with its diagnosis', async () => {
  const untouched = packages('old1');
  const first = await play();
  process.stdout.write(first.text.slice(first.text.indexOf('PLAY RECAP')));
  expect(first.recap).toEqual({ web1: CHANGED, web2: CHANGED, db1: CHANGED, old1: FAILED, lost1: FAILED });
  expect(packages('web1')).toBe(packages('web2'));
  expect(packages('web1')).toContain('linux-headers-5.10.0-99-cloud-amd64 5.10.299-1 installed\n');
  expect(packages('db1')).toContain('kernel-debuginfo-4.18.0-553.el8_10.x86_64\n');
  expect(first.text).toMatch(
    /old1.*NOT_PROVEN: stap -p4 failed: .*STAP_TOO_OLD \(certain\): this SystemTap does not compile/,
  );
  expect(packages('old1')).toBe(untouched);
  // Two machines of one kernel: one download, three kinds of machine in all.
  expect(readdirSync(at('.cache/tapprep/ansible/bundles'))).toHaveLength(3);

  expect(readdirSync(at('tapprep-reports')).toSorted()).toEqual(HOSTS.map((host) => `${host}.json`).toSorted());
  expect(report('web2')).toMatchObject({ error: null, report: { undone: false } });
  expect(report('old1')).toMatchObject({
    error: { code: 'NOT_PROVEN' },
    diagnoses: [{ code: 'STAP_TOO_OLD' }],
    report: { undone: true, verify: { ready: false } },
  });
  expect(report('lost1')).toMatchObject({ error: { code: 'NO_EXACT_PACKAGE' }, report: null });

  const second = await play('--diff');
  process.stdout.write(second.text.slice(second.text.indexOf('PLAY RECAP')));
  expect(second.recap).toEqual({ web1: UNCHANGED, web2: UNCHANGED, db1: UNCHANGED, old1: FAILED, lost1: FAILED });
  expect(second.text).not.toContain('+++');
  // Proven again, and nothing is left of what was sent.
  expect(report('db1')).toMatchObject({ lacked: [], error: null, report: { install: null } });
  for (const host of HOSTS) {
    const root = fleet.hosts[host]?.root ?? '';
    expect(readdirSync(join(root, 'var/tmp'))).toEqual([]);
    expect(readdirSync(join(root, 'root/.ansible/tmp'))).toEqual([]);
  }
});

test('what a machine says is never evaluated on the controller', () => {
  expect(JSON.stringify(report('old1'))).toContain('ansible.builtin.pipe');
  expect(existsSync(OWNED)).toBe(false);
});
