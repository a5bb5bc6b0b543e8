/** The ladder: what SystemTap can do on a kernel, from the least to the most demanding. */

import type { RungId } from '../types.ts';

/** What a probe asks of the target beyond compiler and headers. */
export type Need = 'symbols' | 'debuginfo' | 'tracepoints';

export interface Rung {
  readonly name: RungId;
  /** Name of its kernel module. */
  readonly module: string;
  readonly script: string;
  readonly needs: readonly Need[];
  /** Whether level "probe" cannot be reached without it; the others may be missing for a reason that the report gives. */
  readonly required: boolean;
  /** Printed by the script when its probe was hit, and by nothing else. */
  readonly marker: string;
  /** A harmless command that makes the probe hit; null where it does so by itself. */
  readonly trigger: readonly string[] | null;
}

/** The first rung: nothing but that a module can be built, loaded, heard and removed. */
export const HELLO: Rung = {
  name: 'hello',
  module: 'tapprep_hello',
  script: 'probe begin { printf("Hello, World\\n"); exit(); }\n',
  needs: [],
  required: true,
  marker: 'Hello, World',
  trigger: null,
};

/** Stands for the path of the program that the process rung probes. */
export const WITNESS = '@WITNESS@';

/** The rungs above hello, in order. Each probe is one that every kernel since 2.6.32 can have. */
export const PROBE_RUNGS: readonly Rung[] = [
  rung('timer', 'probe timer.ms(100)', { needs: [], required: true, trigger: null }),
  rung('kernel.trace', 'probe kernel.trace("sched_switch")', { needs: ['tracepoints'], required: true, trigger: null }),
  rung('kprobe.function', 'probe kprobe.function("vfs_read")', {
    needs: ['symbols'],
    required: false,
    trigger: ['cat', '/proc/version'],
  }),
  {
    ...rung('kernel.function', 'probe kernel.function("vfs_read").return', {
      needs: ['debuginfo'],
      required: true,
      trigger: ['cat', '/proc/version'],
    }),
    // $return is what only debug information can tell.
    script:
      'probe kernel.function("vfs_read").return { if ($return > 0) { println("rung kernel.function"); exit(); } }\n',
  },
  // Its alias tries the tracepoint sys_enter as well.
  rung('syscall', 'probe nd_syscall.read', {
    needs: ['tracepoints'],
    required: false,
    trigger: ['cat', '/proc/version'],
  }),
  rung('process', `probe process("${WITNESS}").begin`, { needs: [], required: false, trigger: [WITNESS] }),
];

/**
 * The same for the bpf runtime, as far as it goes: kprobe.function of a symbol is broken there, syscall.* and process have no
 * form for it (seen with 4.8, 5.1 and 5.6).
 */
export const BPF_RUNGS: readonly Rung[] = PROBE_RUNGS.filter(
  ({ name }) => name === 'timer' || name === 'kernel.function',
).map((each) => ({ ...each, script: each.script.replace(/println\("([^"]+)"\)/, String.raw`printf("$1\n")`) }));

function rung(name: RungId, probe: string, more: Pick<Rung, 'needs' | 'required' | 'trigger'>): Rung {
  const marker = `rung ${name}`;
  return {
    name,
    module: `tapprep_${name.replaceAll('.', '_')}`,
    script: `${probe} { println("${marker}"); exit(); }\n`,
    marker,
    ...more,
  };
}
