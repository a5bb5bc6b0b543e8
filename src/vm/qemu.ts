/** One QEMU process, which never outlives the process that started it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { TapprepError } from '../errors.ts';
import type { VmMachine } from './machines.ts';

export interface QemuOptions {
  readonly program: string;
  readonly machine: VmMachine;
  /** Board and processor, in the place of the machine's own. */
  readonly board?: readonly string[];
  /** What it boots. */
  readonly boot: readonly string[];
  readonly memoryMb: number;
  readonly onConsole: (chunk: Uint8Array) => void;
  readonly onReport: (chunk: Uint8Array) => void;
}

export interface Qemu {
  /** Resolves when the process is gone, whatever ended it. */
  readonly exited: Promise<QemuExit>;
  /** Ends it at once: nothing in it is kept. */
  stop(): void;
}

export interface QemuExit {
  readonly exitCode: number | null;
  /** What QEMU itself said. */
  readonly stderr: string;
}

const MAX_STDERR = 16 * 1024;

/**
 * A shell that waits for QEMU and ends it when its own standard input ends. The write side of that pipe is held by this
 * process alone, so the kernel closes it even when this process is killed with SIGKILL.
 */
const WATCH = [
  'exec 4<&0',
  '"$@" 4<&- </dev/null &',
  'qemu=$!',
  '{ IFS= read -r _ <&4; kill -KILL "$qemu"; } 2>/dev/null 3>&- >/dev/null &',
  'watch=$!',
  'exec 4<&- 3>&-',
  'wait "$qemu"',
  'status=$?',
  'kill "$watch" 2>/dev/null',
  // Nothing of it is left when this one has ended.
  'wait "$watch" 2>/dev/null',
  'exit "$status"',
].join('\n');

/**
 * A machine in software with two serial ports (console on standard output, reports on descriptor 3) and two network cards
 * that are joined inside QEMU and lead nowhere else. Without an option ROM the firmware does not look at them.
 */
function buildQemuArgv(options: Omit<QemuOptions, 'onConsole' | 'onReport'>): readonly string[] {
  const { program, machine, board, boot, memoryMb } = options;
  return [
    program,
    ...(board ?? machine.board),
    ...'-accel tcg -smp 1 -no-user-config -nodefaults -display none -no-reboot'.split(' '),
    '-chardev',
    'stdio,id=console,signal=off',
    ...machine.console,
    '-chardev',
    'socket,id=report,fd=3',
    ...machine.report.qemu,
    ...[0, 1].flatMap((card) => [
      '-netdev',
      `hubport,id=net${card},hubid=0`,
      '-device',
      `${machine.network},netdev=net${card}`,
    ]),
    '-m',
    String(memoryMb),
    ...boot,
  ];
}

/** A machine without firmware of its own, whose kernel QEMU starts. */
export function directBoot(kernel: {
  readonly image: string;
  readonly initramfs: string;
  readonly commandLine: string;
}): Pick<QemuOptions, 'boot'> {
  return { boot: ['-kernel', kernel.image, '-initrd', kernel.initramfs, '-append', kernel.commandLine] };
}

/** Starts QEMU. @throws TapprepError VM_FAILED when no process could be started */
export function startQemu(options: QemuOptions): Qemu {
  const child = spawn('/bin/sh', ['-c', WATCH, 'sh', ...buildQemuArgv(options)], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
  });
  let stderr = '';
  child.stdout.on('data', options.onConsole);
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-MAX_STDERR);
  });
  const report = child.stdio[3] as Readable;
  report.on('data', options.onReport);
  // A reset by QEMU going down is the ordinary end of both.
  for (const stream of [child.stdin, report]) stream.on('error', () => undefined);
  const exited = once(child, 'close').then(
    ([exitCode]) => ({ exitCode: exitCode as number | null, stderr }),
    (error: unknown) => {
      throw new TapprepError('VM_FAILED', 'QEMU could not be started', { cause: error });
    },
  );
  return { exited, stop: () => void child.stdin.destroy() };
}
