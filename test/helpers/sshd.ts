/** A real sshd on loopback with keys, users and sudo rules of its own; its sessions may be chrooted. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';

export interface SshdOptions {
  /** Where sessions see the root directory; this machine's own where left out. */
  readonly chroot?: string;
  /** Login shell of root and ops. */
  readonly shell?: string;
  /** Line of sudoers for "ops", who has uid 4242 and the password "letmein". */
  readonly sudo?: string;
  /** Login user in the client's configuration. */
  readonly user?: 'root' | 'ops';
  /** More lines of sshd_config. */
  readonly config?: string;
  /** More lines for the client. */
  readonly client?: string;
}

export interface Sshd {
  /** Name of the machine in the client's configuration. */
  readonly host: string;
  /** For ssh -F. */
  readonly configFile: string;
  readonly port: number;
  /** Of the keys and known_hosts. */
  readonly directory: string;
  /** What sshd wrote: logins and the commands that were started. */
  log(): string;
  /** Kills the processes that serve the connections, as a cable that is cut would. */
  cut(): void;
  close(): Promise<void>;
}

/** What it listens as stays the same over a restart, so that a lost machine can come back. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'sshd-'));
  // sshd reads the keys of a user as that user.
  chmodSync(directory, 0o755);
  const port = await findFreePort();
  const at = (name: string): string => join(directory, name);
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', at(key)]);
  const [type, key] = readFileSync(at('host.pub'), 'utf8').split(' ');
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  writeAccounts(at, options);
  writeFileSync(at('sshd_config'), sshdConfig(at, port, options));
  writeFileSync(at('ssh_config'), clientConfig(at, port, options));
  // The users and sudo rules exist for this sshd only; so does /run, and nobody else's processes are seen.
  const script = `
    set -e
    for file in passwd shadow group sudoers; do
      [ -e "/etc/$file" ] || continue
      mount --bind "$1/$file" "/etc/$file"
    done
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir /run/sshd /run/root
    if [ -n "$2" ]; then
      # sshd wants every directory above to belong to root alone, so the tree is seen here.
      mount --bind "$2" /run/root
      for folder in proc dev; do [ ! -d "/run/root/$folder" ] || mount --bind "/$folder" "/run/root/$folder"; done
    fi
    exec /usr/sbin/sshd -D -f "$1/sshd_config" -E "$1/log"`;
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', directory, options.chroot ?? ''],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  await untilOpen(port);
  return {
    host: 'machine',
    configFile: at('ssh_config'),
    port,
    directory,
    log: () => readFileSync(at('log'), 'utf8'),
    cut: () => killSessions(child.pid ?? 0),
    close: async () => {
      killSessions(child.pid ?? 0);
      child.kill('SIGTERM');
      if (child.exitCode === null) await new Promise((resolve) => child.on('close', resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function writeAccounts(at: (name: string) => string, { shell = '/bin/sh', sudo }: SshdOptions): void {
  const home = at('home');
  mkdirSync(home);
  writeFileSync(
    at('passwd'),
    `root:x:0:0:root:${home}:${shell}\nsshd:x:102:65534::/run/sshd:/usr/sbin/nologin\nops:x:4242:4242::${home}:${shell}\n`,
  );
  const hash = execFileSync('openssl', ['passwd', '-6', 'letmein'], { encoding: 'utf8' }).trim();
  writeFileSync(at('shadow'), `root:*:19000:0:99999:7:::\nops:${hash}:19000:0:99999:7:::\n`, { mode: 0o640 });
  writeFileSync(at('group'), 'root:x:0:\nshadow:x:42:\nops:x:4242:\n');
  writeFileSync(at('sudoers'), `root ALL=(ALL) ALL\n${sudo ?? ''}\n`, { mode: 0o440 });
}

function sshdConfig(at: (name: string) => string, port: number, { chroot, config = '' }: SshdOptions): string {
  return `ListenAddress 127.0.0.1
Port ${port}
HostKey ${at('host')}
PidFile none
AuthorizedKeysFile ${at('user.pub')}
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel VERBOSE
MaxStartups 100
${chroot === undefined ? '' : 'ChrootDirectory /run/root'}
${config}
`;
}

function clientConfig(at: (name: string) => string, port: number, { user = 'root', client = '' }: SshdOptions): string {
  return `Host machine
  HostName 127.0.0.1
  Port ${port}
  User ${user}
  IdentityFile ${at('user')}
  IdentitiesOnly yes
  UserKnownHostsFile ${at('known_hosts')}
  GlobalKnownHostsFile /dev/null
  ${client}
`;
}

/** The children of the listener: each serves one connection. */
function killSessions(listener: number): void {
  const children = `/proc/${listener}/task/${listener}/children`;
  try {
    for (const pid of readFileSync(children, 'utf8').split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`sshd does not listen on port ${port}`);
}
