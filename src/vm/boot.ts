/** Boots a kernel in QEMU, loads modules in it one after the other, and reports what each did. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { escapeControl, isTapprepError, TapprepError } from '../errors.ts';
import { refuseWhenStopped } from '../interruption.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import type { Emit } from '../types.ts';
import type { VmTools } from './host-tools.ts';
import { writeInitramfs } from './initramfs.ts';
import type { KernelModule } from './initramfs.ts';
import type { VmJob, VmReport } from './job.ts';
import type { GuestFile } from './library-closure.ts';
import { firmwareArguments, type PreparedFirmware } from './firmware.ts';
import { directBoot, type QemuOptions, startQemu } from './qemu.ts';
import { createFrameParser } from './report-frames.ts';
import { createReportCollector } from './report.ts';
import type { GuestStaprun } from './staprun.ts';

export interface BootOptions {
  /** vmlinuz on this machine. */
  readonly kernelImage: string;
  readonly tools: VmTools;
  readonly staprun: GuestStaprun;
  readonly jobs: readonly VmJob[];
  readonly kernelModules?: readonly KernelModule[];
  readonly files?: readonly GuestFile[];
  /** Shell text run once in the guest before the first job. */
  readonly setup?: string;
  /** Words added to the kernel's command line, such as module.sig_enforce=1. */
  readonly kernelArguments?: readonly string[];
  /** Firmware with a key enrolled; QEMU starts the kernel itself where left out. */
  readonly firmware?: PreparedFirmware;
  /** Default GUEST_MEMORY_MB. */
  readonly memoryMb?: number;
  /** From the start of QEMU to the guest's init. */
  readonly bootTimeoutMs?: number;
  /** Where a directory for the initramfs is made, and removed afterwards. */
  readonly temporaryDirectory: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** Of a guest that is not told otherwise. */
export const GUEST_MEMORY_MB = 1024;
/** shim loads kernel and initramfs as one image, and both lie in memory twice. */
const SHIM_MEMORY_MB = 2048;
/** An idle machine takes 3 s; one that does ten other things at once was seen to take two minutes. */
const BOOT_TIMEOUT_MS = 300_000;
/** A job is ended in the guest; the host steps in when the guest itself no longer does so. */
const JOB_GRACE_MS = 45_000;
const CONSOLE_BYTES = 32 * 1024;
/** "panic=-1" turns a panic into a reboot, which -no-reboot turns into the end of QEMU. */
const COMMAND_LINE = 'quiet panic=-1 rdinit=/init';

/**
 * One boot. A guest that goes down in the middle of a job is a report with what was seen until then. One that goes down
 * before its init ran is booted once more: nothing of ours was in it yet, and emulation was seen to lose a kernel so.
 * @throws TapprepError VM_FAILED when the guest's init never ran, with the last lines of its console; INTERRUPTED
 */
export async function bootInVm(options: BootOptions): Promise<VmReport> {
  try {
    return await bootOnce(options);
  } catch (error) {
    if (!isTapprepError(error, 'VM_FAILED') || options.signal.aborted) throw error;
    options.emit({ type: 'note', level: 'warning', text: `one more boot, because ${error.message}` });
    return bootOnce(options);
  }
}

async function bootOnce(options: BootOptions): Promise<VmReport> {
  refuseWhenStopped(options.signal, WHILE_RUNNING);
  return withTemporaryDirectory(options.temporaryDirectory, 'vm-', async (directory) => {
    const { machine } = options.tools;
    const initramfs = join(directory, 'initramfs.cpio');
    const nonce = randomBytes(16).toString('hex');
    await writeInitramfs(
      {
        nonce,
        report: machine.report,
        busybox: options.tools.busybox,
        staprun: options.staprun,
        jobs: options.jobs,
        kernelModules: options.kernelModules ?? [],
        files: options.files ?? [],
        setup: options.setup ?? null,
      },
      initramfs,
    );
    const commandLine = [machine.commandLine, COMMAND_LINE, ...(options.kernelArguments ?? [])].join(' ');
    const kernel = { image: options.kernelImage, initramfs, commandLine };
    const { firmware } = options;
    const how = firmware === undefined ? directBoot(kernel) : await firmwareArguments(firmware, kernel, directory);
    return runGuest(options, how, nonce);
  });
}

async function runGuest(
  options: BootOptions,
  how: Pick<QemuOptions, 'board' | 'boot'>,
  nonce: string,
): Promise<VmReport> {
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  const parser = createFrameParser(nonce);
  const collector = createReportCollector(options.jobs);
  let console = '';
  let bootSeconds: number | null = null;
  // Until something else is known: it went down by itself.
  const end: { how: VmReport['ended'] } = { how: 'panic' };
  let failure: unknown = null;

  const qemu = startQemu({
    program: options.tools.qemu,
    machine: options.tools.machine,
    ...how,
    memoryMb: options.memoryMb ?? (options.firmware?.shim == null ? GUEST_MEMORY_MB : SHIM_MEMORY_MB),
    onConsole: (chunk) => {
      console = (console + Buffer.from(chunk).toString('latin1')).slice(-CONSOLE_BYTES);
    },
    onReport: (chunk) => {
      try {
        for (const frame of parser.push(chunk)) onFrame(collector.take(frame));
      } catch (error) {
        failure ??= error;
        qemu.stop();
      }
    },
  });
  const onFrame = (progress: ReturnType<typeof collector.take>): void => {
    if (progress === null) return;
    if (progress.kind === 'booted') {
      bootSeconds = elapsed();
      arm(JOB_GRACE_MS);
    } else if (progress.kind === 'started') {
      options.emit({ type: 'note', level: 'info', text: `guest: ${progress.job.name} starts` });
      arm(progress.job.timeoutMs + JOB_GRACE_MS);
    } else if (progress.kind === 'ended') {
      arm(JOB_GRACE_MS);
    } else {
      end.how = 'done';
      // Nothing in the guest is worth an orderly shutdown.
      qemu.stop();
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const arm = (milliseconds: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      end.how = 'timeout';
      qemu.stop();
    }, milliseconds);
  };
  arm(options.bootTimeoutMs ?? BOOT_TIMEOUT_MS);
  const onAbort = (): void => qemu.stop();
  options.signal.addEventListener('abort', onAbort, { once: true });
  const exit = await qemu.exited.finally(() => {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
  });
  refuseWhenStopped(options.signal, WHILE_RUNNING);
  if (failure !== null) throw failure;
  if (bootSeconds === null) throw notBooted(options, end.how === 'timeout', console, exit.stderr, elapsed());
  const problems = collector.setupProblems();
  if (problems !== '') options.emit({ type: 'note', level: 'warning', text: `guest: ${problems}` });
  return {
    ...collector.guest(),
    jobs: collector.jobs(end.how === 'timeout' ? 'silent' : 'lost'),
    ended: end.how,
    console: lastLines(console),
    seconds: elapsed(),
    bootSeconds,
  };
}

function notBooted(
  options: BootOptions,
  timedOut: boolean,
  console: string,
  stderr: string,
  seconds: number,
): TapprepError {
  const how = timedOut ? `was still silent after ${Math.round(seconds)} s` : 'ended before its init ran';
  const last =
    lastLines(console === '' ? stderr : console)
      .split('\n')
      .at(-1) ?? '';
  const words = last === '' ? 'having said nothing' : `its last words were "${escapeControl(last)}"`;
  return new TapprepError('VM_FAILED', `the virtual machine with ${options.kernelImage} ${how}, ${words}`, {
    facts: { kernelImage: options.kernelImage, console: lastLines(console), qemu: stderr.trim(), seconds },
  });
}

function lastLines(text: string): string {
  return text.replaceAll('\r', '').trim().split('\n').slice(-40).join('\n');
}

const WHILE_RUNNING = 'while a virtual machine ran';
