/**
 * What `npm run release` makes, each in a fresh system without Node: installed as its users would, used for everything that
 * changes nothing, removed, and the system compared with what it was. Debian 11 to 13, and the lab's rpm distribution.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { prepareDistribution } from '../helpers/rpm-distribution.ts';
import { runLocally } from '../helpers/run.ts';
import { listPaths } from '../helpers/tree-paths.ts';

const repository = join(import.meta.dirname, '../..');
const RELEASE = '5.10.0-32-cloud-amd64';
const LOG =
  'Checking "/lib/modules/5.10.0-32-cloud-amd64/build/.config" failed with error: No such file or directory\n';
/** Documented to stay until `tapprep cache clean` or its owner takes it away. */
const CACHE = '/root/.cache/tapprep';
/** What Debian's and rpm's own programs write about their work, and about its end. */
const OF_PACKAGE_MANAGERS =
  /^\/(?:etc\/ld\.so\.cache|var\/cache\/(?:apt|debconf|ldconfig|man)|var\/lib\/(?:apt|dpkg|rpm|systemd|ucf)|var\/log|usr\/lib\/sysimage\/rpm|root\/\.npm|tmp|run)(?:\/|$)/;
mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'packages-'));

interface System {
  readonly root: string;
  run: (command: string) => ReturnType<typeof runLocally>;
  /** As run, but must end well; its standard output. */
  sh: (command: string) => Promise<string>;
}

function systemIn(root: string): System {
  const env = ['env', '-i', 'HOME=/root', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8'];
  const own = ['DEBIAN_FRONTEND=noninteractive', 'NODE_EXTRA_CA_CERTS=/tmp/authorities.pem', 'MANPAGER=cat'];
  const run: System['run'] = (command) => runLocally(['chroot', root, ...env, ...own, 'sh', '-c', command]);
  const sh: System['sh'] = async (command) => {
    const { exitCode, stdout, stderr } = await run(command);
    if (exitCode !== 0) throw new Error(`${command} ended with ${String(exitCode)}: ${stderr.slice(-2000)}`);
    return stdout;
  };
  return { root, run, sh };
}

function debian(suite: string): System {
  const root = join(work, `${suite}-${String(Math.random()).slice(2, 8)}`);
  execFileSync('cp', ['-a', prepareBareRoot(suite), root]);
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  return systemIn(root);
}

/** Every package of the lab's distribution that programs are run by, put together by rpm itself. */
function rpmSystem(): System {
  const root = join(work, 'rpm');
  mkdirSync(root);
  const rpms = prepareDistribution().filter((path) => !/^(?:systemtap|gcc|cpp|glibc-devel)-/.test(basename(path)));
  execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '--nosignature', '--nodeps', '-i', ...rpms], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // What EL's own filesystem package owns and the lab's, without documents, does not.
  for (const path of ['doc', 'licenses', 'man/man1']) mkdirSync(join(root, 'usr/share', path), { recursive: true });
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  return systemIn(root);
}

/** The only file of release/ that matches, brought into a system. */
function bring({ root }: System, pattern: string, to = '/tmp'): string {
  const [file, ...more] = globSync(join(repository, 'release', pattern));
  if (file === undefined || more.length > 0) throw new Error(`release/${pattern} is not one file`);
  copyFileSync(file, join(root, to, basename(file)));
  return join(to, basename(file));
}

/** All commands that need no rehearsal and change nothing, as somebody types them on the first day. */
async function useIt({ run, sh }: System, distribution: string): Promise<void> {
  expect(await sh('command -v node || echo none')).toBe('none\n');
  await useEach({ run, sh }, distribution);
}

async function useEach({ run, sh }: Pick<System, 'run' | 'sh'>, distribution: string): Promise<void> {
  expect(await sh('tapprep --version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  // The kernel that runs is this machine's, which need not be one that anybody packages.
  const detected = await run('tapprep detect --json');
  expect(JSON.parse(detected.stdout)).toMatchObject({ facts: { os: { id: distribution } } });
  expect(detected.exitCode).toBeLessThan(2);
  const plan = await run(`tapprep plan --distro debian:11 --kernel ${RELEASE} --json`);
  // A Debian asks its own archive; the lab's rpm system may have no way to one, and then says so.
  const isPlanned = plan.exitCode === 0 || distribution === 'debian';
  const form = isPlanned ? { target: { release: RELEASE } } : { error: { code: 'NETWORK' } };
  expect(JSON.parse(plan.stdout)).toMatchObject(form);
  const doctor = await run('tapprep doctor --json');
  expect(JSON.parse(doctor.stdout)).toMatchObject({ verdict: { ready: false } });
  expect(doctor.exitCode).toBe(1);
  expect(await sh(`printf '%s' '${LOG}' | tapprep explain -`)).toContain('1. DEVEL_MISSING');
  expect(await sh('tapprep scripts list')).toContain('dns');
  expect(await sh('tapprep completion bash')).toContain('complete ');
  expect(await sh('tapprep help targets')).toContain('--distro');
}

/** Paths that are there now and were not, or the reverse. */
function changesSince({ root }: System, before: readonly string[]): readonly string[] {
  const after = listPaths(root);
  const [was, is] = [new Set(before), new Set(after)];
  return [...before.filter((path) => !is.has(path)), ...after.filter((path) => !was.has(path))].filter(
    (path) => !OF_PACKAGE_MANAGERS.test(path) && !path.startsWith(CACHE) && path !== '/root/.cache',
  );
}

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/release.ts', '--level', '1'], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}, 600_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('the .deb', () => {
  test.each([
    ['bullseye', '11'],
    ['bookworm', '12'],
    ['trixie', '13'],
  ])('in %s: brings program, manual and completions, and takes them away', async (suite) => {
    const system = debian(suite);
    await system.sh('apt-get update -q && apt-get install -q -y bash-completion man-db xz-utils gpgv');
    const before = listPaths(system.root);
    await system.sh(`apt-get install -q -y --no-install-recommends ${bring(system, '*.deb')}`);
    await useIt(system, 'debian');
    const page = await system.sh('man tapprep-plan');
    expect(page).toContain('--kernel');
    const complete = '. /usr/share/bash-completion/bash_completion; _completion_loader tapprep; complete -p tapprep';
    expect(await system.sh(`bash -c '${complete}'`)).toContain('tapprep');
    await system.sh('apt-get purge -q -y tapprep');
    expect(changesSince(system, before)).toEqual([]);
    rmSync(system.root, { recursive: true });
  });
});

test('the .rpm: brings program, manual and completions, and takes them away', async () => {
  const system = rpmSystem();
  const before = listPaths(system.root);
  await system.sh(`rpm -i ${bring(system, '*.rpm')}`);
  expect(await system.sh('rpm -V tapprep; rpm -q --qf "%{NAME}" tapprep')).toBe('tapprep');
  await useIt(system, 'rocky');
  // The distribution has no man; this machine's reads the page that the package brought.
  const pages = globSync('usr/share/man/man1/tapprep*.1.gz', { cwd: system.root });
  expect(pages.length).toBeGreaterThan(10);
  const read = await runLocally(['man', '-l', join(system.root, 'usr/share/man/man1/tapprep-plan.1.gz')]);
  expect(read.stdout).toContain('--kernel');
  const source = '. /usr/share/bash-completion/completions/tapprep; complete -p tapprep';
  expect(await system.sh(`bash -c '${source}'`)).toContain('tapprep');
  await system.sh('rpm -e tapprep');
  expect(changesSince(system, before)).toEqual([]);
});

test('the one file: copied, used, and gone with one rm', async () => {
  const system = debian('bookworm');
  await system.sh('apt-get update -q && apt-get install -q -y --no-install-recommends gpgv xz-utils');
  const before = listPaths(system.root);
  const file = bring(system, 'tapprep-*-x86_64');
  await system.sh(`install -m 755 ${file} /usr/local/bin/tapprep`);
  await useIt(system, 'debian');
  await system.sh('rm /usr/local/bin/tapprep');
  expect(changesSince(system, before)).toEqual([]);
});

test('the npm package: under the Node that Debian has, with the one that comes along', async () => {
  const system = debian('bookworm');
  await system.sh(
    'apt-get update -q && apt-get install -q -y --no-install-recommends npm gpgv xz-utils ca-certificates',
  );
  const authorities = process.env['NODE_EXTRA_CA_CERTS'] ?? '/etc/ssl/certs/ca-certificates.crt';
  copyFileSync(authorities, join(system.root, 'tmp/authorities.pem'));
  const before = listPaths(system.root);
  await system.sh(`npm install --global --no-audit --no-fund ${bring(system, '*.tgz')}`);
  expect(await system.sh('node --version')).toMatch(/^v18\./);
  await useEach(system, 'debian');
  expect(await system.sh('ls /usr/local/share/man/man1')).toContain('tapprep-plan.1');
  await system.sh('npm uninstall --global tapprep');
  expect(
    changesSince(system, before).filter(
      (path) => !/^\/usr\/local\/(?:lib\/node_modules|share(?:\/man(?:\/man1)?)?)$/.test(path),
    ),
  ).toEqual([]);
});
