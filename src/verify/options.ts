/** The options of verification. Types only. */
import type { Host } from '../host/host.ts';
import type { BuildId, Emit, RungId, Runtime, StepId, Target } from '../types.ts';
import type { KernelModule } from '../vm/initramfs.ts';
import type { VmTools } from '../vm/host-tools.ts';
import type { GuestFile } from '../vm/library-closure.ts';
import type { PreparedFirmware } from '../vm/firmware.ts';
import type { GuestStaprun } from '../vm/staprun.ts';
import type { ModuleSigner } from '../sign/module-signer.ts';
import type { PolicyWish } from './guest-policy.ts';
import type { Fault } from './step.ts';

export type VerifyLevel = 'hello' | 'probe' | 'scripts';

/** A script to prove beside the ladder. */
export interface VerifyScript {
  /** Its form for the bpf runtime, or why there is none, one clause; left out for what is tried there as it is. */
  readonly bpf?: BpfForm | { readonly cannot: string };
  /** For the report. */
  readonly name: string;
  /** Name of its kernel module; made up where left out. */
  readonly module?: string;
  readonly text: string;
  readonly args?: readonly string[];
  /** Printed once its probes are in place; the trigger waits for it. */
  readonly readyText?: string;
  /** Shell text for the guest, run before the script is loaded; what it prints are values for its globals: `name=value`. */
  readonly prepare?: string;
  /** Shell text for the guest that makes its event happen; only run in a VM. */
  readonly trigger?: string;
  /** What it must print. */
  readonly expect?: readonly string[];
  /** What it must print too on a kernel that has IPv6. */
  readonly expectIpv6?: readonly string[];
  /** What it must print too where this rung of the ladder can be built. */
  readonly expectWith?: { readonly rung: RungId; readonly expect: readonly string[] };
  /** What it must not print: the traces of events that it should ignore. */
  readonly reject?: readonly string[];
  readonly timeoutMs?: number;
  /** Modules of the target's kernel that the guest should have for it, where the kernel has them. */
  readonly guestModules?: readonly string[];
  /** Symbols whose lines of the kernel's table lie in the guest as /symbols, beside that of _stext. */
  readonly guestSymbols?: readonly string[];
  /** Modules for the guest that are built on the target from source. */
  readonly guestSources?: readonly GuestSource[];
}

/** What stands for a script where it runs by the bpf runtime. */
export interface BpfForm extends Pick<VerifyScript, 'expect' | 'expectIpv6' | 'prepare' | 'reject'> {
  readonly text: string;
  readonly args: readonly string[];
  /** Where the kernel's memory may not be read; null where nothing is left of it then. */
  readonly withoutMemory: Required<Pick<VerifyScript, 'args' | 'expect'>> | null;
}

/** A kernel module in source: the files of its directory, by name; kbuild makes NAME.ko of them. */
export interface GuestSource {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A module that was compiled, loaded, seen to print what it has to, and removed. */
export interface ProvenModule {
  readonly id: StepId;
  /** Null for a rung. */
  readonly script: string | null;
  /** On the host. */
  readonly modulePath: string;
  readonly expected: readonly string[];
  readonly seconds: number;
  /** What the kernel that it ran in said of itself; null where it ran on the host. */
  readonly guest: { readonly unameV: string; readonly buildId: BuildId | null } | null;
}

/** A kernel of another architecture than this machine's, for which modules are built in a root of this machine's. */
export interface CrossBuild {
  /** uname -m of the root. */
  readonly rootArch: string;
  /** Its suite, whose SystemTap is installed there. */
  readonly suite: string;
  /** For stap, which else builds for the architecture that it runs on. */
  readonly stapWords: readonly string[];
  /** Variables for kbuild. */
  readonly kbuildWords: readonly string[];
  /** Program of the cross compiler in the root. */
  readonly compiler: string;
  /** Version of the package with the headers, which no package database of the root tells. */
  readonly kernelVersion: string;
  /** A program of the kernel's architecture that lies at this path in the root, too. */
  readonly witness: GuestFile;
}

/** What is needed to boot the target's kernel. */
export interface VmAssets {
  readonly tools: VmTools;
  /** On this machine. */
  readonly kernelImage: string;
  /** The target's own where left out. */
  readonly staprun?: GuestStaprun;
  readonly kernelModules?: readonly KernelModule[];
  /** lib/modules/RELEASE on this machine, for modules that scripts ask for; none where left out. */
  readonly modulesDirectory?: string;
  /** Other files for the guest, and shell text run there once before anything is loaded. */
  readonly files?: readonly GuestFile[];
  readonly setup?: string;
  readonly memoryMb?: number;
  /** With a key enrolled; none where left out. */
  readonly firmware?: PreparedFirmware;
  /** What the guest's policy on modules has to be, once it is read back. */
  readonly policy?: PolicyWish;
  /** On this machine, for the initramfs. */
  readonly temporaryDirectory: string;
}

export interface VerifyOptions {
  readonly target: Target;
  /** Where the module is built, and where it is loaded when `where` is local. */
  readonly host: Host;
  /** none: nothing can be loaded anywhere; `whyNot` says why. */
  readonly where: 'local' | 'vm' | 'none';
  readonly whyNot?: Fault;
  /** Where the host is a root of another architecture than the target. */
  readonly cross?: CrossBuild;
  /** Needed when `where` is vm. */
  readonly vm?: VmAssets;
  /** vmlinuz on this machine to compare build-ids with; found on the host, or that of the VM, where left out. */
  readonly kernelImage?: string;
  /** What the scripts run by; modules where left out. */
  readonly runtime?: Runtime;
  /** Of the kernel that they are to run in, as far as it is known before. */
  readonly lockdown?: string | null;
  readonly level: VerifyLevel;
  /** Of those above hello that the level asks for, these alone; all where left out. */
  readonly rungs?: readonly RungId[];
  readonly scripts?: readonly VerifyScript[];
  /** What stap -r takes for the target's kernel; its release where left out. */
  readonly stapKernel?: string;
  /** Of the kernel's own modules; null or left out where none were seen. */
  readonly vermagic?: string | null;
  /** How stap and staprun are called on the host; by their names where left out. */
  readonly stapArgv?: readonly string[];
  /** Conditions of stp/ that do not hold this SystemTap back. */
  readonly lifts?: readonly string[];
  readonly staprunArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Start of the name of a directory on the host, only [-/._0-9a-zA-Z], whose parent is there and safe from others: what
   * is built goes into a private directory `NAME.XXXXXX` that is removed at the end.
   */
  readonly workDirectory: string;
  /** Directory on the host where stap keeps what it compiled for this kernel; one that is removed at the end where left out. */
  readonly cacheDirectory?: string;
  /** Hello too may come out of that directory: for a root of our own that nothing else changes. Default false: built anew. */
  readonly keepsHello?: boolean;
  /** Signs every module before it is loaded; none is signed where left out. */
  readonly signer?: ModuleSigner;
  /** Told of each module that was seen to work, while its file is still there. */
  readonly onProven?: (proven: ProvenModule) => Promise<void>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}
