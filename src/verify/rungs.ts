/** The ladder: what SystemTap can do on a kernel, from the least to the most demanding. */

/** What a probe asks of the target beyond compiler and headers. */
export type Need = 'symbols' | 'debuginfo';

export interface Rung {
  readonly name: string;
  /** Name of its kernel module. */
  readonly module: string;
  readonly script: string;
  readonly needs: readonly Need[];
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
  marker: 'Hello, World',
  trigger: null,
};

/** The rungs above hello, in order. Each probe is one that every kernel since 2.6.32 can have. */
export const PROBE_RUNGS: readonly Rung[] = [
  rung('timer', 'probe timer.ms(100)', { needs: [], trigger: null }),
  rung('kernel.trace', 'probe kernel.trace("sched_switch")', { needs: [], trigger: null }),
  rung('kprobe.function', 'probe kprobe.function("vfs_read")', {
    needs: ['symbols'],
    trigger: ['cat', '/proc/version'],
  }),
  {
    ...rung('kernel.function', 'probe kernel.function("vfs_read").return', {
      needs: ['debuginfo'],
      trigger: ['cat', '/proc/version'],
    }),
    // $return is what only debug information can tell.
    script:
      'probe kernel.function("vfs_read").return { if ($return > 0) { println("rung kernel.function"); exit(); } }\n',
  },
  rung('syscall', 'probe nd_syscall.read', { needs: ['symbols'], trigger: ['cat', '/proc/version'] }),
  rung('process', 'probe process("@STAPRUN@").begin', { needs: [], trigger: ['@STAPRUN@', '-V'] }),
];

function rung(name: string, probe: string, more: Pick<Rung, 'needs' | 'trigger'>): Rung {
  const marker = `rung ${name}`;
  return {
    name,
    module: `tapprep_${name.replaceAll('.', '_')}`,
    script: `${probe} { println("${marker}"); exit(); }\n`,
    marker,
    ...more,
  };
}
