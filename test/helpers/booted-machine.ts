/** A Debian that boots in QEMU from a disk of its own and lets itself be entered by ssh: a machine without Node. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, createWriteStream, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectKernelModules } from '../../src/vm/kernel-modules.ts';
import { findFreePort } from './free-port.ts';

export interface BootedMachine {
  /** Name of the machine in the client's configuration. */
  readonly host: string;
  /** For ssh -F. */
  readonly configFile: string;
  /** Runs one command line there by the system's ssh. @throws Error with what it printed when it does not exit 0 */
  run(commandLine: string): string;
  close(): void;
}

export interface BootOptions {
  /** A root with openssh-server, iproute2 and kmod in it; it is copied. */
  readonly root: string;
  readonly kernelImage: string;
  /** lib/modules/RELEASE of the kernel's package. */
  readonly modules: string;
  /** Scratch that the machine lives in. */
  readonly directory: string;
}

/** The disk and the network card, which the kernel has no driver for by itself. */
const DRIVERS = ['virtio_pci', 'virtio_blk', 'virtio_net', 'ext4'];
const DISK_GIB = 6;

/** Boots it and waits until it can be entered. */
export async function bootMachine({ root, kernelImage, modules, directory }: BootOptions): Promise<BootedMachine> {
  mkdirSync(directory, { recursive: true });
  const at = (name: string): string => join(directory, name);
  const port = await findFreePort();
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', at(key)]);
  const [type, key] = readFileSync(at('host.pub'), 'utf8').split(' ');
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  writeFileSync(
    at('ssh_config'),
    `Host machine
  HostName 127.0.0.1
  Port ${port}
  User root
  IdentityFile ${at('user')}
  IdentitiesOnly yes
  UserKnownHostsFile ${at('known_hosts')}
  GlobalKnownHostsFile /dev/null
  ConnectTimeout 30
`,
  );
  makeDisk(root, at);
  await makeInitramfs(at, modules);
  const qemu = start(at, kernelImage, port);
  const run = (commandLine: string): string =>
    execFileSync('ssh', ['-F', at('ssh_config'), 'machine', commandLine], { encoding: 'utf8', timeout: 120_000 });
  await untilEntered(qemu, () => run('true'), at('console'));
  return { host: 'machine', configFile: at('ssh_config'), run, close: () => qemu.kill('SIGKILL') };
}

/** A file system with the root in it, its own key of the host, and the user's key. */
function makeDisk(root: string, at: (name: string) => string): void {
  const copy = at('root');
  execFileSync('cp', ['-a', '--reflink=auto', root, copy]);
  mkdirSync(join(copy, 'root/.ssh'), { recursive: true, mode: 0o700 });
  cpSync(at('user.pub'), join(copy, 'root/.ssh/authorized_keys'));
  for (const name of ['host', 'host.pub']) cpSync(at(name), join(copy, 'etc/ssh', name));
  chmodSync(join(copy, 'etc/ssh/host'), 0o600);
  writeFileSync(
    join(copy, 'etc/ssh/sshd_config'),
    'HostKey /etc/ssh/host\nPermitRootLogin prohibit-password\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n',
  );
  writeFileSync(
    join(copy, 'sbin/machine'),
    `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /run/sshd; mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /run; mkdir /run/sshd
mount -t debugfs debugfs /sys/kernel/debug
ip link set lo up; ip link set eth0 up; ip address add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
exec /usr/sbin/sshd -D -e
`,
    { mode: 0o755 },
  );
  execFileSync('truncate', ['-s', `${DISK_GIB}G`, at('disk')]);
  execFileSync('mkfs.ext4', ['-q', '-F', '-d', copy, at('disk')]);
  rmSync(copy, { recursive: true });
}

async function makeInitramfs(at: (name: string) => string, modules: string): Promise<void> {
  const tree = at('initramfs.d');
  for (const folder of ['bin', 'dev', 'proc', 'new']) mkdirSync(join(tree, folder), { recursive: true });
  cpSync('/bin/busybox', join(tree, 'bin/busybox'));
  const loaded = await collectKernelModules(modules, DRIVERS);
  for (const { name, data } of loaded) writeFileSync(join(tree, `${name}.ko`), data);
  const lines = [
    '#!/bin/busybox sh',
    '/bin/busybox mount -t devtmpfs dev /dev',
    ...loaded.map(({ name }) => `/bin/busybox insmod /${name}.ko`),
    'until [ -b /dev/vda ]; do /bin/busybox sleep 0.1; done',
    '/bin/busybox mount -t ext4 /dev/vda /new',
    'exec /bin/busybox switch_root /new /sbin/machine',
  ];
  writeFileSync(join(tree, 'init'), `${lines.join('\n')}\n`, { mode: 0o755 });
  execFileSync('sh', ['-ec', 'cd "$1" && find . | cpio --quiet -o -H newc >"$2"', 'sh', tree, at('initramfs')]);
}

function start(at: (name: string) => string, kernelImage: string, port: number): ChildProcess {
  const words = [
    '-M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 2048',
    '-no-user-config -nodefaults -display none -no-reboot -serial stdio',
    `-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22 -device virtio-net-pci,netdev=net,romfile=`,
    `-drive file=${at('disk')},if=virtio,format=raw,cache=unsafe`,
    `-kernel ${kernelImage} -initrd ${at('initramfs')}`,
  ].flatMap((line) => line.split(' '));
  const qemu = spawn(
    'qemu-system-x86_64',
    [...words, '-append', 'console=ttyS0 quiet net.ifnames=0 clearcpuid=141 random.trust_cpu=on'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  qemu.stdout.pipe(createWriteStream(at('console')));
  return qemu;
}

async function untilEntered(qemu: ChildProcess, enter: () => void, consoleFile: string): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    if (qemu.exitCode !== null) break;
    try {
      enter();
      return;
    } catch {
      await sleep(1000);
    }
  }
  qemu.kill('SIGKILL');
  throw new Error(`the machine cannot be entered: ${readFileSync(consoleFile, 'utf8').slice(-2000)}`);
}
