import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { collectFacts } from '../../../src/detect/facts.ts';
import type { RemoteHost } from '../../../src/host/host.ts';
import { startCompanion } from '../../../src/host/run-process.ts';
import { createSshHost } from '../../../src/host/ssh.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { type Sshd, type SshdOptions, startSshd } from '../../helpers/sshd.ts';

const work = mkdtempSync(join(tmpdir(), 'ssh-work-'));
const opened: RemoteHost[] = [];
const servers: Sshd[] = [];

afterEach(async () => {
  for (const host of opened.splice(0)) await host.close();
  for (const server of servers.splice(0)) await server.close();
});
// Other users come by here, too.
chmodSync(work, 0o755);
afterAll(() => rmSync(work, { recursive: true }));

async function serve(options: SshdOptions = {}): Promise<Sshd> {
  const sshd = await startSshd(options);
  servers.push(sshd);
  return sshd;
}

async function open(
  { configFile, host }: Sshd,
  over: { readonly signal?: AbortSignal; readonly password?: string; readonly destination?: string } = {},
): Promise<RemoteHost> {
  const remote = await createSshHost(
    { destination: over.destination ?? host, configFile },
    { signal: over.signal ?? new AbortController().signal, sudoPassword: () => Promise.resolve(over.password ?? null) },
  );
  opened.push(remote);
  return remote;
}

/** Not one that has ended and that nobody has asked about. */
function isRunning(pid = ''): boolean {
  return existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** However busy the machine is. */
const POLL = { timeout: 120_000, interval: 20 };

/** A process that was told to end does so in its own time, also after the session that told it has ended. */
async function expectEnd(pid: string | undefined): Promise<void> {
  expect(Number(pid)).toBeGreaterThan(1);
  await expect.poll(() => isRunning(pid), POLL).toBe(false);
}

/** Empty as long as there is none. */
function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function countOf(text: string, word: string): number {
  return text.split(word).length - 1;
}

describe('one machine', () => {
  let sshd: Sshd;
  let host: RemoteHost;
  const full = join(work, 'full');
  beforeAll(async () => {
    // Before sshd starts, which sees no later mount.
    mkdirSync(full);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full]);
    sshd = await startSshd();
    host = await createSshHost(
      { destination: sshd.host, configFile: sshd.configFile },
      { signal: new AbortController().signal, sudoPassword: () => Promise.resolve(null) },
    );
  });
  afterAll(async () => {
    await host.close();
    await sshd.close();
    execFileSync('umount', [full]);
  });

  test('a program gets its arguments, environment, directory and input, and its output and status come back', async () => {
    const text = 'printf "%s|" "$@" "$WORD" "$LC_ALL"; pwd; cat; echo err >&2; exit 7';
    const result = await host.run(['sh', '-c', text, 'sh', "it's", '', 'a  b\n', '$HOME `id` \\ !1'], {
      env: { WORD: 'x y' },
      cwd: work,
      input: 'in\0put',
    });
    expect(result).toMatchObject({
      exitCode: 7,
      stdout: `it's||a  b\n|$HOME \`id\` \\ !1|x y|C|${work}\nin\0put`,
      stderr: 'err\n',
      timedOut: false,
    });
  });

  test('lines come as they are printed', async () => {
    const seen: string[] = [];
    // Were the first line held back until the program ends, nobody would let it end.
    const heard = join(work, 'heard one');
    await host.run(['sh', '-c', 'echo one; until [ -e "$1" ]; do sleep 0.05; done; echo two >&2', 'sh', heard], {
      onLine: (line, stream) => {
        seen.push(`${stream} ${line}`);
        if (line === 'one') writeFileSync(heard, '');
      },
    });
    expect(seen).toEqual(['stdout one', 'stderr two']);
  });

  test('a program that is not there is TOOL_MISSING, and one that exits 127 or 255 is not', async () => {
    expect(await failureOf(host.run(['no-such-program']))).toMatchObject({ code: 'TOOL_MISSING' });
    expect(await failureOf(host.run(['/no/such/program']))).toMatchObject({ code: 'TOOL_MISSING' });
    for (const status of [127, 255]) expect((await host.run(['sh', '-c', `exit ${status}`])).exitCode).toBe(status);
    expect(await host.which('sh')).toMatch(/^\/(usr\/)?bin\/sh$/);
    expect(await host.which('no-such-program')).toBeNull();
    expect(await host.which('/bin/cat')).toBe('/bin/cat');
  });

  test('files are written whole, read, fetched and removed', async () => {
    const path = join(work, "new/di r/it's");
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7) % 256));
    await host.writeFile(path, bytes, 0o640);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect((await host.run(['stat', '-c', '%a', path])).stdout).toBe('640\n');
    await host.writeFile(path, 'grüße\n', 0o600);
    expect(await host.readText(path)).toBe('grüße\n');
    const copy = await host.fetchFile(path);
    expect(copy === null ? null : readFileSync(copy, 'utf8')).toBe('grüße\n');
    const put = join(work, 'put');
    await host.putFile(copy ?? '', put, 0o755);
    expect(readFileSync(put, 'utf8')).toBe('grüße\n');
    await host.removeFile(path);
    await host.removeFile(path);
    expect(await host.readText(path)).toBeNull();
    expect(await host.fetchFile(path)).toBeNull();
    expect(readdirSync(join(work, 'new/di r'))).toEqual([]);
  });

  test('a file larger than what is asked for is not waited for', async () => {
    const large = join(work, 'large');
    writeFileSync(large, '');
    truncateSync(large, 3 * 1024 ** 3);
    expect(await failureOf(host.fetchFile(large, 1_000_000))).toMatchObject({ code: 'TOO_LARGE' });
    expect(await failureOf(host.readText(large))).toMatchObject({ code: 'TOO_LARGE' });
    expect(await host.readText(join(work, 'none'))).toBeNull();
  });

  test('what cannot be written says so', async () => {
    expect(await failureOf(host.writeFile('/proc/none', 'x', 0o644))).toMatchObject({ code: 'PERMISSION' });
    expect(await failureOf(host.writeFile(join(full, 'x'), Buffer.alloc(200_000), 0o644))).toMatchObject({
      code: 'NO_SPACE',
    });
    expect(readdirSync(full)).toEqual([]);
  });

  test('a time limit ends the program over there, with all that it started', async () => {
    const pids = join(work, 'pids');
    const result = await host.run(['sh', '-c', `sleep 50 & echo $! $$ >${pids}; echo begun; wait`], {
      timeoutMs: 2_000,
    });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, stdout: 'begun\n' });
    const [child, parent] = readFileSync(pids, 'utf8').trim().split(' ');
    for (const pid of [child, parent]) await expectEnd(pid);
  });

  test('a program that ignores the signal is killed', async () => {
    const result = await host.run(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], { timeoutMs: 300 });
    expect(result.timedOut).toBe(true);
  });

  test('an abort ends it, too', async () => {
    const controller = new AbortController();
    const pid = join(work, 'pid');
    const run = failureOf(host.run(['sh', '-c', `echo $$ >${pid}; exec sleep 50`], { signal: controller.signal }));
    await expect.poll(() => readText(pid), POLL).toMatch(/^\d+\n$/);
    controller.abort();
    expect(await run).toMatchObject({ code: 'INTERRUPTED' });
    await expectEnd(readFileSync(pid, 'utf8').trim());
  });

  test('all of it went over one connection', () => {
    expect(countOf(sshd.log(), 'Accepted publickey')).toBe(1);
    expect(countOf(sshd.log(), 'Starting session: command')).toBeGreaterThan(20);
  });
});

test('facts are one round trip after the login, also where a banner comes first', async () => {
  const sshd = await serve({ shell: '/bin/bash' });
  writeFileSync(join(sshd.directory, 'home/.bashrc'), 'echo "tapprep-probe 1"; echo "uname-r	9.9.9"\n');
  const host = await open(sshd);
  const before = countOf(sshd.log(), 'Starting session: command');
  const facts = await collectFacts(host);
  expect(facts.user.uid).toBe(0);
  expect(facts).toMatchObject({ source: 'host', root: null, kernel: { running: true } });
  expect(facts.packages.length).toBeGreaterThan(50);
  expect(countOf(sshd.log(), 'Starting session: command') - before).toBe(1);
  expect(countOf(sshd.log(), 'Accepted publickey')).toBe(1);
});

test('thirty programs that are asked for at once all run, where sshd takes ten sessions of a connection', async () => {
  const host = await open(await serve());
  const words = Array.from({ length: 30 }, (_, i) => `program-${i}`);
  const results = await Promise.all(words.map((word) => host.run(['sh', '-c', 'sleep 0.5; echo "$1"', 'sh', word])));
  expect(results.map(({ exitCode, stdout }) => `${exitCode} ${stdout}`)).toEqual(words.map((word) => `0 ${word}\n`));
});

describe('an sshd that allows few sessions of a connection', () => {
  test.each([2, 3, 5])('%i: all that is asked for at once runs, and nothing runs twice', async (sessions) => {
    const host = await open(await serve({ config: `MaxSessions ${sessions}` }));
    const list = join(work, `sessions-${sessions}`);
    const words = Array.from({ length: 12 }, (_, i) => `program-${i}`);
    const append = 'sleep 0.2; echo "$1" >>"$2"; cat';
    const results = await Promise.all(
      words.map((word) => host.run(['sh', '-c', append, 'sh', word, list], { input: word })),
    );
    expect(results.map(({ exitCode, stdout }) => `${exitCode} ${stdout}`)).toEqual(words.map((word) => `0 ${word}`));
    expect(readText(list).trim().split('\n').toSorted()).toEqual(words.toSorted());
  });

  test('two: a time limit ends the program over there, over a connection of its own', async () => {
    const sshd = await serve({ config: 'MaxSessions 2' });
    const host = await open(sshd);
    const pid = join(work, 'of-two');
    const result = await host.run(['sh', '-c', `echo $$ >${pid}; exec sleep 50`], { timeoutMs: 2_000 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null });
    await expectEnd(readFileSync(pid, 'utf8').trim());
    expect(countOf(sshd.log(), 'Accepted publickey')).toBe(2);
  });

  test('one: it says which setting is too low', async () => {
    const host = await open(await serve({ config: 'MaxSessions 1' }));
    const failure = await failureOf(host.run(['true']));
    expect(failure).toMatchObject({ code: 'SSH_FAILED' });
    expect(failure.message).toBe('sshd on machine opens one session of a connection, and tapprep needs two');
    expect(failure.hint).toContain('MaxSessions');
  });
});

test('nothing is left here after the end of the connection', async () => {
  const sshd = await serve();
  // Other tests have connections of their own in the directory of all.
  const own = mkdtempSync(join(tmpdir(), 's-'));
  vi.stubEnv('TMPDIR', own);
  try {
    const host = await open(sshd);
    const [directory = '', ...others] = readdirSync(own);
    expect([directory, others]).toEqual([expect.stringMatching(/^tapprep-ssh-/), []]);
    expect(execFileSync('stat', ['-c', '%a', join(own, directory)], { encoding: 'utf8' })).toBe('700\n');
    await host.fetchFile('/etc/hostname');
    await opened.pop()?.close();
    expect(readdirSync(own)).not.toContain(directory);
  } finally {
    vi.unstubAllEnvs();
    rmSync(own, { recursive: true });
  }
});

describe('login shells', () => {
  test.each(['/bin/bash', '/bin/dash', '/bin/tcsh'])('%s that prints a banner changes nothing', async (shell) => {
    const sshd = await serve({ shell });
    // bash reads .bashrc when sshd starts it, csh .cshrc; dash reads what ENV names only for a terminal.
    for (const name of ['.bashrc', '.cshrc'])
      writeFileSync(
        join(sshd.directory, 'home', name),
        'echo "Welcome to the machine, \'guest\'"\nsh -c "echo No mining, please >&2"\nprintf "no line end"\n',
      );
    const host = await open(sshd);
    expect(
      await host.run(['sh', '-c', 'printf "%s " "$1" "$2"; echo e >&2', 'sh', "it's", '!!\n{a,b} ~ *']),
    ).toMatchObject({
      exitCode: 0,
      stdout: "it's !!\n{a,b} ~ * ",
      stderr: 'e\n',
    });
    expect(await host.readText('/etc/hostname')).toBe(readFileSync('/etc/hostname', 'utf8'));
  });

  test('an account without a shell says so', async () => {
    const failure = await failureOf(open(await serve({ shell: '/usr/sbin/nologin' })));
    expect(failure).toMatchObject({ code: 'SSH_FAILED' });
    expect(failure.message).toContain('This account is currently not available');
  });
});

describe('no connection', () => {
  test.each(['-oProxyCommand=touch x', 'root@-oProxyCommand=x', '--', 'a b', 'a\nb', '', 'root@'])(
    '%j is no machine',
    async (destination) => {
      const nowhere = { configFile: '/dev/null', host: '' } as Sshd;
      expect(await failureOf(open(nowhere, { destination }))).toMatchObject({ code: 'USAGE' });
    },
  );

  test('a host key that changed: both sides are named, and nothing is sent', async () => {
    const sshd = await serve();
    const other = join(sshd.directory, 'other');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const [type, key] = readFileSync(`${other}.pub`, 'utf8').split(' ');
    writeFileSync(join(sshd.directory, 'known_hosts'), `[127.0.0.1]:${sshd.port} ${type} ${key}\n`);
    const failure = await failureOf(open(sshd));
    expect(failure).toMatchObject({ code: 'SSH_HOST_KEY' });
    expect(failure.message).toContain('another one than known_hosts has');
    expect(sshd.log()).not.toContain('Accepted');
    // Which name in which file, ssh has said.
    execFileSync('sh', ['-c', failure.hint ?? 'false'], { stdio: 'ignore' });
    expect(readFileSync(join(sshd.directory, 'known_hosts'), 'utf8')).toBe('');
  });

  test('an unknown host key is confirmed by nobody', async () => {
    const sshd = await serve();
    writeFileSync(join(sshd.directory, 'known_hosts'), '');
    const failure = await failureOf(open(sshd));
    expect(failure).toMatchObject({ code: 'SSH_HOST_KEY', hint: `ssh -F ${sshd.configFile} machine true` });
    expect(readFileSync(join(sshd.directory, 'known_hosts'), 'utf8')).toBe('');
  });

  test('a key that is not taken', async () => {
    const sshd = await serve();
    writeFileSync(join(sshd.directory, 'user.pub'), '');
    expect(await failureOf(open(sshd))).toMatchObject({ code: 'SSH_REFUSED' });
  });

  test('nobody listens', async () => {
    const sshd = await serve();
    const config = join(work, 'nobody');
    writeFileSync(config, `Host machine\n  HostName 127.0.0.1\n  Port 9\n`);
    const failure = await failureOf(open({ ...sshd, configFile: config }));
    expect(failure).toMatchObject({ code: 'SSH_FAILED' });
    expect(failure.message).toContain('Connection refused');
  });

  test('ssh ends over an address before it opens its log: its words are told', async () => {
    const nowhere = { configFile: '/dev/null', host: '' } as Sshd;
    const failure = await failureOf(open(nowhere, { destination: 'ssh://127.0.0.1:70000' }));
    expect(failure).toMatchObject({ code: 'SSH_FAILED' });
    expect(failure.message).toMatch(/^no connection to ssh:\/\/127\.0\.0\.1:70000 was made: \S/);
    expect(failure.message).not.toContain('ssh gave no reason');
  });

  test.each([
    [join('/nowhere', 'ssh'), true],
    ['/bin/false', false],
  ])('whether there is a %s is known once it has ended', async (file, isMissing) => {
    const companion = await startCompanion([file], {}, () => undefined);
    await companion.ended;
    expect(companion.isMissing()).toBe(isMissing);
  });
});

describe('a connection that is lost', () => {
  test('in the middle of a program: SSH_LOST, and no second connection is made', async () => {
    const sshd = await serve();
    const host = await open(sshd);
    const run = failureOf(host.run(['sleep', '50']));
    await sleep(500);
    sshd.cut();
    expect(await run).toMatchObject({ code: 'SSH_LOST' });
    expect(await failureOf(host.run(['true']))).toMatchObject({ code: 'SSH_LOST' });
    expect(countOf(sshd.log(), 'Accepted publickey')).toBe(1);
  });

  test('a file that is being written stays what it was', async () => {
    const sshd = await serve();
    const host = await open(sshd);
    const [path, big] = [join(work, 'kept'), join(work, 'big')];
    writeFileSync(path, 'old');
    execFileSync('truncate', ['-s', '2G', big]);
    const put = failureOf(host.putFile(big, path, 0o644));
    await sleep(400);
    sshd.cut();
    expect(await put).toMatchObject({ code: 'SSH_LOST' });
    await expect.poll(() => readdirSync(work).filter((name) => name.startsWith('.kept')), POLL).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('old');
    rmSync(big);
  });

  test('a program that must come to its end does, however much it prints', async () => {
    const sshd = await serve();
    const host = await open(sshd);
    const done = join(work, 'done');
    const text =
      'echo begun; sleep 1; i=0; while [ $i -lt 9000 ]; do echo "line $i"; echo "oops $i" >&2; i=$((i+1)); done; echo $i >"$1"';
    const begun = Promise.withResolvers<void>();
    const run = failureOf(host.run(['sh', '-c', text, 'sh', done], { untilEnd: true, onLine: () => begun.resolve() }));
    await begun.promise;
    sshd.cut();
    expect(await run).toMatchObject({ code: 'SSH_LOST' });
    await expect.poll(() => readText(done), POLL).toBe('9000\n');
  });

  test('such a program answers as any other where the connection holds', async () => {
    const host = await open(await serve());
    const result = await host.run(['sh', '-c', 'echo out; echo err >&2; exit 3'], { untilEnd: true });
    expect(result).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('this process dies: the connection goes with it', async () => {
    const sshd = await serve();
    const child = join(import.meta.dirname, '../../helpers/ssh-child.ts');
    const { stdout, signal } = spawnSync(process.execPath, [child, sshd.configFile], { encoding: 'utf8' });
    expect([stdout, signal]).toEqual(['0\n', 'SIGKILL']);
    await expect.poll(() => sshd.log(), POLL).toMatch(/Disconnected from user root|Connection closed by 127/);
  });
});

describe('root rights by sudo', () => {
  test('without a password', async () => {
    const host = await open(await serve({ user: 'ops', sudo: 'ops ALL=(ALL) NOPASSWD: ALL' }));
    expect(host.uid).toBe(4242);
    expect((await host.run(['id', '-u'])).stdout).toBe('4242\n');
    const root = await host.asRoot();
    expect((await root.run(['sh', '-c', 'id -u; cat'], { input: 'in' })).stdout).toBe('0\nin');
    const path = join(work, 'by-root');
    await root.writeFile(path, 'x', 0o600);
    expect(await root.readText(path)).toBe('x');
    expect(await failureOf(host.readText(path))).toMatchObject({ code: 'PERMISSION' });
  });

  test('with a password, which the program never sees and no command line holds', async () => {
    const sshd = await serve({ user: 'ops', sudo: 'ops ALL=(ALL) ALL' });
    const host = await open(sshd, { password: 'letmein' });
    const root = await host.asRoot();
    expect((await root.run(['sh', '-c', 'id -u; cat'], { input: 'in' })).stdout).toBe('0\nin');
    const seen = await root.run(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; cat'], { input: 'nothing' });
    expect(seen.stdout).toContain('tapprep-remote');
    expect(seen.stdout + seen.stderr + sshd.log()).not.toContain('letmein');
    const ended = await root.run(['sleep', '50'], { timeoutMs: 300 });
    expect(ended.timedOut).toBe(true);
  });

  test('with a password, behind a login shell that prints more than anybody keeps', async () => {
    const sshd = await serve({ user: 'ops', sudo: 'ops ALL=(ALL) ALL', shell: '/bin/bash' });
    const chatter = 'for i in $(seq 200); do echo "password: no, this is line $i of a banner"; done';
    writeFileSync(join(sshd.directory, 'home/.bashrc'), `${chatter}; ${chatter} >&2\nprintf "no line end"\n`);
    const root = await (await open(sshd, { password: 'letmein' })).asRoot();
    expect((await root.run(['sh', '-c', 'id -u; cat'], { input: 'in' })).stdout).toBe('0\nin');
    const refused = await failureOf((await open(sshd)).asRoot());
    expect(refused).toMatchObject({ code: 'NOT_ROOT' });
    expect(refused.message).toMatch(/but sudo gives none: sudo: /);
  });

  test('a wrong password, none at all, and a user who may not', async () => {
    const sshd = await serve({ user: 'ops', sudo: 'ops ALL=(ALL) ALL' });
    const forbidden = await serve({ user: 'ops' });
    // sudo takes its time before it says no: all three are asked at once.
    const [wrong, none, nobody] = await Promise.all([
      open(sshd, { password: 'wrong' }).then((host) => failureOf(host.asRoot())),
      open(sshd).then((host) => failureOf(host.asRoot())),
      open(forbidden, { password: 'letmein' }).then((host) => failureOf(host.asRoot())),
    ]);
    expect(wrong).toMatchObject({ code: 'NOT_ROOT' });
    expect(JSON.stringify(wrong) + wrong.message).not.toContain('wrong');
    expect(none).toMatchObject({ code: 'NOT_ROOT' });
    expect(nobody).toMatchObject({ code: 'NOT_ROOT' });
  });
});
