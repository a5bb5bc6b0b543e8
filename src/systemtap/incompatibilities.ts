/**
 * Kernels on which releases of SystemTap are known to fail, and why. Each row is bounded by what was seen or published;
 * what lies between is marked and only ever makes a prediction "unknown".
 */

/**
 * measured: seen to fail (or to work, at an end) on that very kernel; published: a change log, mailing list or report
 * names it; unverified: concluded, and not seen.
 */
export type Evidence = 'measured' | 'published' | 'unverified';

/** The lowest rung of the ladder that fails. */
export type FitRung = 'hello' | 'kernel.function';

export interface KernelRange {
  /** First upstream version that has it, "6.1.103"; a series without a number begins with it. */
  readonly from: string;
  /** First upstream version that no longer has it; null: every later one has. */
  readonly before: string | null;
  readonly evidence: Evidence;
}

export interface Incompatibility {
  readonly id: string;
  /** Words of the compiler or of staprun; null where no log is at hand. */
  readonly symptom: string | null;
  readonly failsIn: 'pass 4' | 'pass 5';
  readonly rung: FitRung;
  readonly kernels: readonly KernelRange[];
  /** SystemTap: first affected release (null: since ever), and the first that is free of it (null: none known). */
  readonly stap: { readonly from: string | null; readonly fixedIn: string | null; readonly evidence: Evidence };
  /** Package revisions of older releases that carry the fix, by ID of os-release. */
  readonly patchedIn: readonly { readonly distros: readonly string[]; readonly from: string }[];
  /** What changed, one sentence; where it is known from. */
  readonly cause: string;
  readonly source: string;
}

/** Ubuntu takes the package over from Debian with its revision. */
const DEBIAN_AND_UBUNTU = ['debian', 'ubuntu'];

export const INCOMPATIBILITIES: readonly Incompatibility[] = [
  {
    id: 'module-symtab',
    symptom: "has no member named 'symtab'",
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [{ from: '4.5', before: null, evidence: 'published' }],
    stap: { from: null, fixedIn: '3.0', evidence: 'published' },
    patchedIn: [],
    cause: 'Linux 4.5 moved the symbol table of a module into a struct of its own',
    source: 'SystemTap PR19644, kernel commit 8244062ef1; report from Ubuntu 16.04',
  },
  {
    id: 'module-mutex',
    symptom: '"module_mutex"',
    failsIn: 'pass 4',
    rung: 'kernel.function',
    kernels: [
      { from: '5.10.220', before: '5.11', evidence: 'measured' },
      { from: '5.12', before: null, evidence: 'unverified' },
    ],
    stap: { from: null, fixedIn: '4.5', evidence: 'measured' },
    patchedIn: [],
    cause: 'Linux 5.12 no longer exports module_mutex, and the stable release 5.10.220 took that over',
    source:
      'stable review of 5.10.220 (2024-06-18); seen with Debian 4.4-2 on 5.10.223; 4.5 by its tested range, 5.1 seen free of it',
  },
  {
    id: 'task-work-cancel',
    symptom: 'task_work_cancel',
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [
      { from: '5.10.224', before: '5.11', evidence: 'measured' },
      { from: '5.15.165', before: '5.16', evidence: 'published' },
      { from: '6.1.103', before: '6.2', evidence: 'measured' },
      { from: '6.6.44', before: '6.7', evidence: 'published' },
      { from: '6.10.3', before: '6.11', evidence: 'published' },
      { from: '6.11', before: null, evidence: 'published' },
    ],
    stap: { from: '4.4', fixedIn: '5.2', evidence: 'measured' },
    patchedIn: [{ distros: DEBIAN_AND_UBUNTU, from: '5.1-2' }],
    cause: 'Linux 6.11 gave the name task_work_cancel to another function, and stable releases took that over',
    source:
      'kernel commit 68cbd415dd4b and the stable reviews of 5.10.224, 5.15.165, 6.1.103, 6.6.44 and 6.10.3; seen with Debian 4.4-2 on 5.10.262 and 4.8-2 on 6.1.192, and not with 5.1-5 on either; Debian change log of 5.1-2',
  },
  {
    id: 'task-work-cancel-older',
    symptom: 'task_work_cancel',
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [
      { from: '5.10.224', before: '5.11', evidence: 'published' },
      { from: '5.15.165', before: '5.16', evidence: 'published' },
      { from: '6.1.103', before: '6.2', evidence: 'published' },
    ],
    stap: { from: null, fixedIn: '4.4', evidence: 'unverified' },
    patchedIn: [],
    cause: 'the same change as task-work-cancel, with releases that were not tried on it',
    source: 'concluded from task-work-cancel',
  },
  {
    id: 'mmap-sem',
    symptom: "has no member named 'mmap_sem'",
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [{ from: '6.8', before: null, evidence: 'published' }],
    stap: { from: '5.0', fixedIn: '5.1', evidence: 'published' },
    patchedIn: [],
    cause: 'SystemTap 5.0 takes Linux 6.8 for a kernel of before the lock of memory maps was renamed',
    source: 'report from Ubuntu 24.04 with 5.0-2ubuntu1 on 6.8; 5.1 by its tested range',
  },
  {
    id: 'vmalloc-6.10',
    symptom: null,
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [{ from: '6.10', before: null, evidence: 'published' }],
    stap: { from: null, fixedIn: '5.2', evidence: 'published' },
    patchedIn: [{ distros: DEBIAN_AND_UBUNTU, from: '5.1-2' }],
    cause: 'Linux 6.10 changed how kernel memory is allocated',
    source: 'Debian change logs of 5.1-2 (#1078683) and 5.3-1; 5.2 by its date and tested range',
  },
  {
    id: 'asm-unaligned',
    symptom: 'unaligned.h',
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [{ from: '6.12', before: null, evidence: 'published' }],
    stap: { from: null, fixedIn: '5.2', evidence: 'published' },
    patchedIn: [{ distros: DEBIAN_AND_UBUNTU, from: '5.1-5' }],
    cause: 'Linux 6.12 moved the header for unaligned access',
    source: 'Debian change log of 5.1-5 (#1108541); 5.2 by its tested range',
  },
  {
    id: 'uprobe-unregister',
    symptom: "Can't resolve uprobe_unregister!",
    failsIn: 'pass 5',
    rung: 'hello',
    kernels: [{ from: '6.12', before: null, evidence: 'measured' }],
    stap: { from: null, fixedIn: '5.2', evidence: 'measured' },
    patchedIn: [],
    cause: 'Linux 6.12 replaced uprobe_unregister by two other functions',
    source: 'seen with Debian 5.1-5 on 6.12.107 and 6.12.117; 5.2 by its tested range, 5.6 seen free of it',
  },
  {
    id: 'kbuild-6.13',
    symptom: null,
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [{ from: '6.13', before: null, evidence: 'published' }],
    stap: { from: null, fixedIn: '5.3', evidence: 'published' },
    patchedIn: [],
    cause: 'Linux 6.13 changed how modules outside its tree are built',
    source: 'SystemTap news of 5.3',
  },
  {
    id: 'ns-type',
    symptom: "has no member named 'ns_type'",
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [
      { from: '5.8', before: '5.10', evidence: 'unverified' },
      { from: '5.10', before: '5.11', evidence: 'measured' },
      { from: '5.11', before: '6.1', evidence: 'unverified' },
    ],
    stap: { from: '5.5', fixedIn: null, evidence: 'measured' },
    patchedIn: [],
    cause: 'SystemTap 5.5 reads a member of struct ns_common that older kernels do not have',
    source:
      'seen with 5.5 and 5.6 on 5.10.223, and not on 6.1.192; before 5.8 its runtime takes another way (linux/stap_fs.h)',
  },
  {
    id: 'rdmsrl',
    symptom: 'rdmsrl',
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [{ from: '7.2', before: null, evidence: 'published' }],
    stap: { from: null, fixedIn: '5.6', evidence: 'measured' },
    patchedIn: [],
    cause: 'Linux 7.2 no longer has rdmsrl and wrmsrl, but rdmsrq and wrmsrq',
    source: 'seen with 5.5 on 7.3.4; the kernel by the runtime of 5.6, which has definitions for 7.2 and later',
  },
  {
    id: 'task-euid',
    symptom: 'task_euid',
    failsIn: 'pass 4',
    rung: 'hello',
    kernels: [
      { from: '7.3', before: '7.3.4', evidence: 'unverified' },
      { from: '7.3.4', before: null, evidence: 'measured' },
    ],
    stap: { from: null, fixedIn: null, evidence: 'measured' },
    patchedIn: [],
    cause: 'Linux 7.3 no longer has task_euid, but task_cred_xxx',
    source: 'seen with 5.5 and 5.6 on 7.3.4; the headers of 7.2.9 still have it',
  },
];
