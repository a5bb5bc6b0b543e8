/**
 * What mends a SystemTap for a kernel that it does not know: definitions that are put in front of everything that is compiled, or
 * edits of its C runtime. Whether a mend is needed is asked of the target's own headers and of the runtime; version ranges only
 * stand in where those cannot be read. A mend is a prediction: that it holds is only seen by compiling and loading.
 */
import type { KernelRange } from '../incompatibilities.ts';

/** Whether a text is in a file; words are matched whole, blanks in any number, and comments do not count. */
interface TextTest {
  readonly text: string;
  readonly there: boolean;
}

/** A question to the kernel that modules are built for. */
export type KernelTest =
  /** Below include/, or for asm/… below the architecture's own. */
  | ({ readonly kind: 'header'; readonly file: string } & TextTest)
  /** Of the build tree, or of the tree that it includes. */
  | ({ readonly kind: 'tree'; readonly file: string } & TextTest)
  /** Whether Module.symvers exports it. */
  | { readonly kind: 'symbol'; readonly name: string; readonly there: boolean };

/** A question to the runtime of a SystemTap. @see KernelTest */
export type RuntimeTest = { readonly file: string } & TextTest;

/** A replacement in a file of the runtime; the text must be there exactly `count` times. */
export interface RuntimeEdit {
  readonly file: string;
  readonly text: string;
  readonly count: number;
  readonly by: string;
}

export interface Mend {
  /** Names its content, too: another content gets another name, as verdicts are kept by it. */
  readonly id: string;
  /** One sentence. */
  readonly what: string;
  /** Rows of incompatibilities.ts that it takes away. */
  readonly cures: readonly string[];
  /** Releases of SystemTap whose runtime it is written for: the first, and the first that is not (null: no end is known). */
  readonly stap: { readonly from: string; readonly before: string | null };
  /** Only asked where the kernel's own files cannot be. */
  readonly kernels: readonly KernelRange[];
  readonly kernel: readonly KernelTest[];
  readonly runtime: readonly RuntimeTest[];
  /** C text of a header that the compiler is made to include first; null for none. */
  readonly definitions: string | null;
  readonly edits: readonly RuntimeEdit[];
  /** For the compiler. */
  readonly flags: readonly string[];
  /** Conditions of stp/ that keep from other runtimes of these releases what this one can do. */
  readonly lifts: readonly string[];
  /** Where it was seen to work. */
  readonly measured: string;
  /** Where the knowledge is from. */
  readonly source: string;
  /** What does not work with it; null where nothing is known. */
  readonly cannot: string | null;
}

const NONE = { definitions: null, edits: [], flags: [], lifts: [] } as const;

/** In the order in which they are applied. */
export const MENDS: readonly Mend[] = [
  {
    ...NONE,
    id: 'task-euid',
    what: 'defines task_euid by task_cred_xxx, which the kernel kept',
    cures: ['task-euid'],
    stap: { from: '5.5', before: null },
    kernels: [
      { from: '7.3', before: '7.3.4', evidence: 'unverified' },
      { from: '7.3.4', before: null, evidence: 'measured' },
    ],
    kernel: [
      { kind: 'header', file: 'linux/cred.h', text: 'task_euid', there: false },
      { kind: 'header', file: 'linux/cred.h', text: 'task_cred_xxx', there: true },
    ],
    runtime: [{ file: 'linux/task_finder2.c', text: 'task_euid', there: true }],
    definitions:
      '#include <linux/cred.h>\n#ifndef task_euid\n#define task_euid(task) (task_cred_xxx((task), euid))\n#endif',
    measured: '5.6 on 7.3.4: hello world, kernel.function with $return, kernel.trace and the ten scripts loaded',
    source: 'the headers of Linux 7.2.9, which have the macro, and of 7.3.4, which do not',
    cannot: null,
  },
  {
    ...NONE,
    id: 'rdmsrq',
    what: 'defines rdmsrl and wrmsrl by rdmsrq and wrmsrq, their names of today',
    cures: ['rdmsrl'],
    stap: { from: '5.3', before: '5.6' },
    kernels: [{ from: '7.2', before: null, evidence: 'measured' }],
    kernel: [
      { kind: 'header', file: 'asm/msr.h', text: 'rdmsrl', there: false },
      { kind: 'header', file: 'asm/msr.h', text: 'rdmsrq', there: true },
    ],
    runtime: [
      { file: 'linux/runtime.h', text: 'rdmsrl', there: true },
      { file: 'linux/runtime.h', text: '#define rdmsrl', there: false },
    ],
    definitions:
      '#ifdef CONFIG_X86\n#include <asm/msr.h>\n#if defined(rdmsrq) && !defined(rdmsrl)\n#define rdmsrl rdmsrq\n#define wrmsrl wrmsrq\n#endif\n#endif',
    measured: '5.5 on 7.3.4: hello world compiles, together with task-euid',
    source: 'the headers of Linux 7.2.9 and 7.3.4; 5.6 has definitions of its own',
    cannot: 'loading was not tried',
  },
  {
    id: 'uprobe-unregister-6.12',
    what: 'takes the look-up of two names that Linux 6.12 no longer has, and calls what stands in their place',
    cures: ['uprobe-unregister'],
    stap: { from: '5.1', before: '5.2' },
    kernels: [{ from: '6.12', before: '6.13', evidence: 'measured' }],
    kernel: [
      { kind: 'symbol', name: 'uprobe_register', there: true },
      { kind: 'symbol', name: 'uprobe_unregister_nosync', there: true },
      { kind: 'symbol', name: 'uprobe_unregister_sync', there: true },
      { kind: 'symbol', name: 'uprobe_unregister', there: false },
      // The build of outside modules of 6.13 and later, whatever the kernel calls itself: no mend of the runtime helps there.
      { kind: 'tree', file: 'Makefile', text: 'KBUILD_EXTMOD_OUTPUT', there: false },
    ],
    runtime: [{ file: 'linux/uprobes-inode.c', text: 'uprobe_unregister_nosync', there: false }],
    definitions:
      '#ifndef STAPCONF_UPROBE_REGISTER_EXPORTED\n#define STAPCONF_UPROBE_REGISTER_EXPORTED 1\n#endif\n#ifndef STAPCONF_UPROBE_UNREGISTER_EXPORTED\n#define STAPCONF_UPROBE_UNREGISTER_EXPORTED 1\n#endif',
    edits: [
      {
        file: 'linux/uprobes-inode.c',
        text: 'struct uprobe_consumer kconsumer;',
        count: 1,
        by: 'struct uprobe_consumer kconsumer; struct uprobe *kuprobe;',
      },
      {
        file: 'linux/uprobes-inode.c',
        text: 'ret = uprobe_register (inst->inode, c->offset, &inst->kconsumer);',
        count: 1,
        by: '{ inst->kuprobe = uprobe_register(inst->inode, c->offset, 0, &inst->kconsumer); ret = PTR_ERR_OR_ZERO(inst->kuprobe); }',
      },
      {
        file: 'linux/uprobes-inode.c',
        text: '(void) uprobe_unregister (inst->inode, c->offset, &inst->kconsumer);',
        count: 1,
        by: 'uprobe_unregister_nosync(inst->kuprobe, &inst->kconsumer); uprobe_unregister_sync();',
      },
    ],
    // An empty else in the same file, which the flags of 6.12 take for an error.
    flags: ['-Wno-empty-body'],
    lifts: [],
    measured: '5.1 on 6.12.117: hello world, kernel.function with $return, process().function with its values loaded',
    source: 'the exports and headers of Linux 6.12.117',
    cannot: 'tracepoints, for which tracepoint-args is there',
  },
  {
    ...NONE,
    id: 'tracepoint-args',
    what: 'gives the macros that count arguments the words that SystemTap has for them where it asks for tracepoints, as a second definition only passes where it is the same',
    cures: [],
    stap: { from: '5.1', before: '5.2' },
    kernels: [{ from: '6.12', before: '6.13', evidence: 'measured' }],
    kernel: [
      { kind: 'header', file: 'linux/args.h', text: '_15', there: true },
      { kind: 'header', file: 'linux/args.h', text: '_LINUX_ARGS_H', there: true },
      { kind: 'tree', file: 'Makefile', text: 'KBUILD_EXTMOD_OUTPUT', there: false },
    ],
    runtime: [],
    definitions: [
      '#ifndef _LINUX_ARGS_H',
      '#define _LINUX_ARGS_H',
      '#define __COUNT_ARGS(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _n, X...) _n',
      '#define COUNT_ARGS(X...) __COUNT_ARGS(, ##X, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)',
      '#define __CONCAT(a, b) a ## b',
      '#define CONCATENATE(a, b) __CONCAT(a, b)',
      '#endif',
    ].join('\n'),
    measured: '5.1 on 6.12.118: the ladder and the ten scripts',
    source: 'the questions that 5.1 compiles, and linux/args.h of Linux 6.12.118, which counts to 15',
    cannot: 'what counts more than 12 arguments; no header that a probe includes was seen to',
  },
  {
    ...NONE,
    id: 'tracepoint-check',
    what: 'takes out the check of a probe function at its registration, which on arm64 asks for the tracepoint by a name with _tp that it does not have',
    cures: [],
    stap: { from: '5.6', before: null },
    // The version does not tell the architecture; where the kernel's files cannot be read it is not foretold.
    kernels: [],
    // Of arm64 alone.
    kernel: [{ kind: 'header', file: 'asm/esr.h', text: 'ESR_ELx_EC_UNKNOWN', there: true }],
    runtime: [{ file: 'linux/stp_tracepoint.h', text: 'STP_TRACE_REGISTER2', there: true }],
    edits: [
      {
        file: 'linux/stp_tracepoint.h',
        text: '    check_trace_callback_type_##tc(fn);\t\t\t\t\\\n',
        count: 2,
        by: '',
      },
    ],
    measured: '5.6 on 7.2.13 of arm64: the ladder and the ten scripts',
    source:
      'the compiler on 7.2.13 of arm64, whose table of symbols has tracepoints among the data; on amd64 they are among the text, and 5.6 finds them there',
    cannot: 'whether a probe function takes what the tracepoint gives is not checked by the compiler any more',
  },
  {
    ...NONE,
    id: 'task-work-cancel-func',
    what: 'calls task_work_cancel_func, which is what task_work_cancel was',
    cures: ['task-work-cancel'],
    stap: { from: '4.4', before: '5.2' },
    kernels: [
      { from: '5.10.224', before: '5.11', evidence: 'unverified' },
      { from: '5.15.165', before: '5.16', evidence: 'unverified' },
      { from: '6.1.103', before: '6.2', evidence: 'measured' },
      { from: '6.6.44', before: '6.7', evidence: 'unverified' },
      { from: '6.10.3', before: '6.13', evidence: 'unverified' },
    ],
    kernel: [
      { kind: 'header', file: 'linux/task_work.h', text: 'task_work_cancel_func', there: true },
      { kind: 'tree', file: 'Makefile', text: 'KBUILD_EXTMOD_OUTPUT', there: false },
    ],
    runtime: [{ file: 'stp_task_work.c', text: 'task_work_cancel_func', there: false }],
    edits: [
      {
        file: 'stp_task_work.c',
        text: 'typeof(&task_work_cancel)',
        count: 1,
        by: 'typeof(&task_work_cancel_func)',
      },
      {
        file: 'stp_task_work.c',
        text: 'kallsyms_lookup_name("task_work_cancel")',
        count: 1,
        by: 'kallsyms_lookup_name("task_work_cancel_func")',
      },
    ],
    measured:
      '4.8 of Debian 12 on 6.1.192: hello world, kernel.function with $return, kernel.trace and the ten scripts loaded',
    source: 'the headers of Linux 6.1.192; kernel commit 68cbd415dd4b',
    cannot: null,
  },
  {
    ...NONE,
    id: 'module-mutex-lock',
    what: 'takes out the lock module_mutex, which modules no longer reach',
    cures: ['module-mutex'],
    stap: { from: '4.4', before: '4.5' },
    kernels: [{ from: '5.10.220', before: '5.11', evidence: 'measured' }],
    kernel: [{ kind: 'symbol', name: 'module_mutex', there: false }],
    runtime: [{ file: 'linux/kprobes.c', text: 'STAPCONF_MODULE_MUTEX', there: false }],
    edits: [
      { file: 'linux/kprobes.c', text: 'mutex_lock(&module_mutex);', count: 2, by: '' },
      { file: 'linux/kprobes.c', text: 'mutex_unlock(&module_mutex);', count: 2, by: '' },
    ],
    lifts: ['systemtap_v >= "4.5" || kernel_v < "5.10"'],
    measured:
      '4.4 of Debian 11 on 5.10.223: hello world, kernel.function with $return, kernel.trace and the ten scripts loaded',
    source: 'the exports of Linux 5.10.223; stable review of 5.10.220',
    cannot:
      'whether the walk over all symbols takes that lock by itself was not looked up, nor were functions of modules probed',
  },
  {
    ...NONE,
    id: 'proc-ns-type',
    what: 'says that the type of a namespace is kept with its operations, which the test of SystemTap does not find there',
    cures: ['ns-type'],
    stap: { from: '5.5', before: null },
    kernels: [{ from: '5.10', before: '5.11', evidence: 'measured' }],
    kernel: [
      { kind: 'header', file: 'linux/ns_common.h', text: 'ns_type', there: false },
      { kind: 'header', file: 'linux/ns_common.h', text: '#include', there: false },
      { kind: 'header', file: 'linux/proc_ns.h', text: 'int type;', there: true },
    ],
    runtime: [{ file: 'linux/stap_fs.h', text: 'STAPCONF_PR33574_PNO_TYPE', there: true }],
    definitions: '#ifndef STAPCONF_PR33574_PNO_TYPE\n#define STAPCONF_PR33574_PNO_TYPE 1\n#endif',
    measured:
      '5.6 on 5.10.223: hello world, kernel.function with $return, kernel.trace and eight of the ten scripts loaded',
    source:
      'the headers of Linux 5.10.223; the test includes linux/proc_ns.h alone, which does not compile by itself there',
    cannot: null,
  },
];

/** The row of a name; null for none. */
export function findMend(id: string): Mend | null {
  return MENDS.find((mend) => mend.id === id) ?? null;
}

/** @param ids of the mends of a runtime; others are none of this version */
export function liftsOf(ids: readonly string[]): readonly string[] {
  return ids.flatMap((id) => findMend(id)?.lifts ?? []);
}
