/** What is asked of a virtual machine and what comes back. Types only. */
import type { BuildId, GuestPolicy } from '../types.ts';

/** One module to load in the guest. */
export interface VmJob {
  /** For reports; letters, digits, "._-", unique in one boot. */
  readonly name: string;
  /** NAME.ko on this machine; the file name must be the module's own name. NAME.bo runs by stapbpf. */
  readonly modulePath: string;
  /** Options of staprun, before the module. */
  readonly staprunArgs?: readonly string[];
  /** What follows the module: `global=value`. */
  readonly moduleArgs?: readonly string[];
  /** Shell text (busybox sh) that is run in the guest before the module is loaded; the words it prints follow moduleArgs. */
  readonly prepare?: string;
  /** Shell text (busybox sh) that is run in the guest while the module is loaded. */
  readonly trigger?: string;
  /** The trigger waits until the module has printed this; without it, one second from loading. */
  readonly readyText?: string;
  /** Literal texts that are waited for in the output; the report says which were seen. */
  readonly expect?: readonly string[];
  /** Stop the module when its trigger is done and everything expected was seen; otherwise it ends by itself. */
  readonly stopWhenSeen?: boolean;
  /** From the start of staprun until it is ended by force. */
  readonly timeoutMs: number;
}

/** How one job went. */
export interface VmJobResult {
  readonly name: string;
  /** lost: the guest went down while it ran; silent: it was ended from here, as it answered no more; not-run: it never started. */
  readonly outcome: 'ended' | 'timed-out' | 'flooded' | 'lost' | 'silent' | 'not-run';
  /** Of staprun; 128 + signal when it was killed; null when lost or not run. */
  readonly exitStatus: number | null;
  /** What the script printed (first 64 KiB). */
  readonly stdout: string;
  /** What staprun said (first 16 KiB). */
  readonly stderr: string;
  /** What the trigger printed (first 4 KiB). */
  readonly triggerOutput: string;
  readonly truncated: boolean;
  readonly seen: readonly string[];
  readonly missed: readonly string[];
  /** Whether the module was out of the kernel after staprun had ended by itself. */
  readonly removed: boolean;
  /** Kernel messages of the time of the job, kept when something was wrong. */
  readonly kernelLog: string;
  /** Measured in the guest, whose clock is the emulated one. */
  readonly seconds: number;
}

/** A whole boot. */
export interface VmReport {
  /** What the guest said it runs. */
  readonly release: string;
  readonly unameV: string;
  /** Of /sys/kernel/notes in the guest. */
  readonly buildId: BuildId | null;
  readonly policy: GuestPolicy;
  readonly jobs: readonly VmJobResult[];
  /** done: every job was run; otherwise why the guest went down early. */
  readonly ended: 'done' | 'panic' | 'timeout';
  /** The last of the kernel console. */
  readonly console: string;
  /** From starting QEMU to its end, and the part until the guest's init ran. */
  readonly seconds: number;
  readonly bootSeconds: number;
}
