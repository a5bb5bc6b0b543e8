/** Kernels on which a SystemTap is proven by one mend: as the labs rehearse them. */

export interface MendRow {
  readonly distro: string;
  /** null for the current one. */
  readonly release: string | null;
  /** As --systemtap takes it. */
  readonly systemtap: string;
  readonly by: readonly string[];
  /** Files of the runtime that differ from the package's. */
  readonly changed: readonly string[];
}

export const MEND_ROWS: readonly MendRow[] = [
  {
    distro: 'debian:12',
    release: null,
    systemtap: 'distro',
    by: ['task-work-cancel-func'],
    changed: ['stp_task_work.c'],
  },
  {
    distro: 'debian:11',
    release: '5.10.0-32-cloud-amd64',
    systemtap: 'distro',
    by: ['module-mutex-lock'],
    changed: ['linux/kprobes.c'],
  },
  { distro: 'debian:11', release: '5.10.0-32-cloud-amd64', systemtap: '5.6', by: ['proc-ns-type'], changed: [] },
  {
    distro: 'debian:13',
    release: null,
    systemtap: 'distro',
    by: ['uprobe-unregister-6.12', 'tracepoint-args'],
    changed: ['linux/uprobes-inode.c'],
  },
  // Of its backports.
  { distro: 'debian:13', release: '7.3.4+deb13-cloud-amd64', systemtap: '5.6', by: ['task-euid'], changed: [] },
];
