/**
 * A mend that is taken out of the table is an unknown failure: the report names the symbol, what the kernel has instead, and a
 * file that can become a row. Every row by a small kernel and a small runtime that have its texts, compiled by gcc.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { parseCase } from '../../../src/diagnose/cases/case-file.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { type ProvidedSystemtap, provideSystemtap } from '../../../src/pipeline/provide-systemtap.ts';
import { renderTried } from '../../../src/cli/render/systemtap-text.ts';
import { renderHtml } from '../../../src/report/html.ts';
import { describeVerification } from '../../../src/report/preflight.ts';
import { describeTried } from '../../../src/report/tried.ts';
import { type Mend, MENDS } from '../../../src/systemtap/mends/table.ts';
import type { VerifyReport } from '../../../src/types.ts';
import { blame } from '../../../src/verify/step.ts';
import { openTestSession } from '../../helpers/test-session.ts';

interface World {
  readonly release: string;
  /** uname -m; that of amd64 where left out. */
  readonly arch?: 'aarch64';
  readonly stap: string;
  /** Of the kernel's build tree. */
  readonly kernel: Readonly<Record<string, string>>;
  readonly exports: readonly string[];
  /** The file of the runtime that is compiled. */
  readonly file: string;
  readonly source: string;
  /** What was asked in vain, and what the kernel has in its place. */
  readonly symbol: string;
  readonly instead: string;
}

const MAKEFILE = { Makefile: 'all:\n' };

const WORLDS: Readonly<Record<string, World>> = {
  'task-euid': {
    release: '7.3.4+deb13-cloud-amd64',
    stap: '5.6',
    kernel: {
      'include/linux/cred.h':
        'struct task { int euid; };\n#define task_cred_xxx(task, xxx) ((task)->xxx)\n#define current_euid() 0\n',
    },
    exports: [],
    file: 'linux/task_finder2.c',
    source: '#include <linux/cred.h>\nint f(struct task *t) { return task_euid(t); }\n',
    symbol: 'task_euid',
    instead: 'task_cred_xxx',
  },
  rdmsrq: {
    release: '7.2.12+deb13-cloud-amd64',
    stap: '5.5',
    kernel: {
      'arch/x86/include/asm/msr.h': '#define rdmsrq(msr, val) ((val) = (msr))\n#define wrmsrq(msr, val) (val)\n',
    },
    exports: [],
    file: 'linux/runtime.h',
    source: '#include <asm/msr.h>\nunsigned long f(void) { unsigned long v; rdmsrl(1, v); return v; }\n',
    symbol: 'rdmsrl',
    instead: 'rdmsrq',
  },
  'uprobe-unregister-6.12': {
    release: '6.12.117+deb13-cloud-amd64',
    stap: '5.1',
    kernel: {
      // Another mend of that kernel is not called for where this counts to 12.
      'include/linux/args.h': '#ifndef _LINUX_ARGS_H\n#define _LINUX_ARGS_H\n#endif\n',
      'include/linux/uprobes.h':
        'struct uprobe; struct inode; struct uprobe_consumer { int x; };\nextern struct uprobe *uprobe_register(struct inode *, long, long, struct uprobe_consumer *);\nextern void uprobe_unregister_nosync(struct uprobe *, struct uprobe_consumer *);\nextern void uprobe_unregister_sync(void);\n#define PTR_ERR_OR_ZERO(p) ((p) == 0)\n',
    },
    exports: ['uprobe_register', 'uprobe_unregister_nosync', 'uprobe_unregister_sync'],
    file: 'linux/uprobes-inode.c',
    source:
      '#include <linux/uprobes.h>\nstruct instance { struct inode *inode; struct uprobe_consumer kconsumer; };\nstruct at { long offset; };\nint f(struct instance *inst, struct at *c) { int ret;\n  ret = uprobe_register (inst->inode, c->offset, &inst->kconsumer);\n  (void) uprobe_unregister (inst->inode, c->offset, &inst->kconsumer);\n  return ret; }\n',
    symbol: 'uprobe_unregister',
    instead: 'uprobe_unregister_nosync',
  },
  'tracepoint-args': {
    release: '6.12.118+deb13-cloud-amd64',
    stap: '5.1',
    kernel: {
      'include/linux/args.h':
        '#ifndef _LINUX_ARGS_H\n#define _LINUX_ARGS_H\n#define __COUNT_ARGS(_0, _1, _15, _n, X...) _n\n#define COUNT_ARGS(X...) __COUNT_ARGS(, ##X, 15, 1, 0)\n#endif\n',
    },
    exports: [],
    file: 'linux/tracepoint.c',
    source:
      '#include <linux/args.h>\n#define COUNT_ARGS(X...) __COUNT_ARGS(, ##X, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)\nint f(void) { return COUNT_ARGS(1, 2); }\n',
    symbol: 'COUNT_ARGS',
    instead: 'linux/args.h',
  },
  'tracepoint-check': {
    release: '7.2.13+deb14-cloud-arm64',
    arch: 'aarch64',
    stap: '5.6',
    kernel: {
      'arch/arm64/include/asm/esr.h': '#define ESR_ELx_EC_UNKNOWN 0\n',
      'include/linux/tracepoint.h': 'static inline void check_trace_callback_type_sched_switch(void *fn) {}\n',
    },
    exports: ['stp_tracepoint_probe_register', 'stp_tracepoint_probe_unregister', 'probe'],
    file: 'linux/stp_tracepoint.h',
    source: `#include <linux/tracepoint.h>
int stp_tracepoint_probe_register(const char *, void *, void *);
int stp_tracepoint_probe_unregister(const char *, void *, void *);
void probe(void);
${['REGISTER', 'UNREGISTER']
  .map(
    (word) => `#define STP_TRACE_${word}2(name, tc, fn) ({\t\t\t\\
    check_trace_callback_type_##tc(fn);\t\t\t\t\\
    stp_tracepoint_probe_${word.toLowerCase()}(#name, (void*)fn, (void*)0);\t\\
    })
int do_${word.toLowerCase()}(void) { return STP_TRACE_${word}2(sched_switch, sched_switch_tp, probe); }
`,
  )
  .join('')}`,
    symbol: 'check_trace_callback_type_sched_switch_tp',
    instead: 'check_trace_callback_type_sched_switch',
  },
  'task-work-cancel-func': {
    release: '6.1.0-57-cloud-amd64',
    stap: '4.8',
    kernel: {
      'include/linux/task_work.h':
        'struct task; struct callback_head; typedef void (*task_work_func_t)(struct callback_head *);\nstruct callback_head *task_work_cancel_func(struct task *, task_work_func_t);\n_Bool task_work_cancel(struct task *, struct callback_head *);\n',
    },
    exports: ['kallsyms_lookup_name'],
    file: 'stp_task_work.c',
    source:
      '#include <linux/task_work.h>\nvoid *kallsyms_lookup_name(const char *);\nstatic void *found;\n#define task_work_cancel(task, func) (*(typeof(&task_work_cancel)) found)((task), (func))\nvoid *f(struct task *task, void *func) { struct callback_head *twork;\n  found = kallsyms_lookup_name("task_work_cancel");\n  twork = task_work_cancel(task, func);\n  return twork; }\n',
    symbol: 'task_work_cancel',
    instead: 'task_work_cancel_func',
  },
  'module-mutex-lock': {
    release: '5.10.0-32-cloud-amd64',
    stap: '4.4',
    kernel: {
      'include/linux/module.h':
        'struct mutex { int x; };\nextern struct mutex module_mutex;\nvoid mutex_lock(struct mutex *);\nvoid mutex_unlock(struct mutex *);\n',
    },
    exports: ['mutex_lock', 'mutex_unlock'],
    file: 'linux/kprobes.c',
    source:
      '#include <linux/module.h>\nvoid f(void) { mutex_lock(&module_mutex); mutex_unlock(&module_mutex); }\nvoid g(void) { mutex_lock(&module_mutex); mutex_unlock(&module_mutex); }\n',
    symbol: 'module_mutex',
    instead: 'linux/module.h',
  },
  'proc-ns-type': {
    release: '5.10.0-32-cloud-amd64',
    stap: '5.6',
    kernel: {
      'include/linux/ns_common.h':
        'struct ns_common {\n\tlong stashed;\n\tconst struct proc_ns_operations *ops;\n\tunsigned int inum;\n};\n',
      'include/linux/proc_ns.h': 'struct proc_ns_operations { int type; };\n',
    },
    // Another mend of that kernel is not called for where this is.
    exports: ['module_mutex'],
    file: 'linux/stap_fs.h',
    source:
      '#include <linux/proc_ns.h>\n#include <linux/ns_common.h>\n#if defined(STAPCONF_PR33574_PNO_TYPE)\nint f(struct ns_common *ns) { return ns->ops->type; }\n#else\nint f(struct ns_common *ns) { return ns->ns_type; }\n#endif\n',
    symbol: 'ns_type',
    instead: 'stashed, ops and inum',
  },
};

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'tapprep-unknown-'));
  const bin = join(scratch, 'template/bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync('/bin/busybox', join(bin, 'busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (applet !== 'busybox') symlinkSync('busybox', join(bin, applet));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function build(id: string, { release, stap, kernel, exports, file, source }: World): string {
  const root = join(scratch, id);
  cpSync(join(scratch, 'template'), root, { recursive: true, verbatimSymlinks: true });
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  const said = `Systemtap translator/driver (version ${stap}/0.190)\ntested kernel versions: 2.6.32 ... 5.7.0`;
  write('var/lib/dpkg/status', '');
  write('usr/bin/stap', `#!/bin/sh\necho '${said}' >&2\n`, 0o755);
  write('usr/bin/staprun', '#!/bin/sh\n', 0o755);
  write('usr/share/systemtap/runtime/runtime.h', '');
  write(`usr/share/systemtap/runtime/${file}`, source);
  for (const [path, text] of Object.entries({ ...MAKEFILE, ...kernel }))
    write(`lib/modules/${release}/build/${path}`, path.endsWith('.h') ? `#pragma once\n${text}` : text);
  const lines = exports.map((name) => `0x12345678\t${name}\tvmlinux\tEXPORT_SYMBOL\t\n`);
  write(`lib/modules/${release}/build/Module.symvers`, lines.join(''));
  return root;
}

/** What gcc says of the file, then what modpost would say of its object; empty where all is well. */
function compile(root: string, { release, exports, file }: World, stap: string): string {
  const starter = stap.startsWith('/') ? readFileSync(join(root, stap), 'utf8') : '';
  const runtime = join(root, /^SYSTEMTAP_RUNTIME=(.+)$/m.exec(starter)?.[1] ?? '/usr/share/systemtap/runtime');
  const header = /-include (\S+?)['\s]/.exec(starter)?.[1];
  const tree = join(root, 'lib/modules', release, 'build');
  const object = join(root, 'module.o');
  const words = [
    ...'-x c -c -Wall -Werror -DCONFIG_X86'.split(' '),
    `-I${join(tree, 'include')}`,
    ...['x86', 'arm64'].map((name) => `-I${join(tree, 'arch', name, 'include')}`),
    ...(header === undefined ? [] : ['-include', join(root, header)]),
    join(runtime, file),
    '-o',
    object,
  ];
  const gcc = spawnSync('gcc', words, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (gcc.status !== 0) return gcc.stderr;
  const needed = execFileSync('nm', ['-u', object], { encoding: 'utf8' }).match(/\w{2,}/g) ?? [];
  return needed
    .filter((name) => !exports.includes(name) && name !== '_GLOBAL_OFFSET_TABLE_')
    .map((name) => `ERROR: modpost: "${name}" [/tmp/stapX/hello.ko] undefined!\n`)
    .join('');
}

async function provide(world: World, root: string, mends: readonly Mend[]): Promise<ProvidedSystemtap> {
  const facts = declareFacts({
    distro: 'debian:12',
    release: world.release,
    arch: world.arch ?? 'x86_64',
    unameV: null,
  });
  const target = identifyTarget(facts);
  const session = await openTestSession(mkdtempSync(join(scratch, 'cache-')), {
    now: () => Date.UTC(2026, 10, 30),
    mends,
  });
  const host = createRootHost(root);
  return provideSystemtap(session, { host, facts, target }, host, {
    choice: 'distro',
    level: 'hello',
    allowExpiredRelease: false,
    mends: true,
    verify: ({ stapArgv }): Promise<VerifyReport> => {
      const output = compile(root, world, stapArgv[0] ?? '');
      const fault = output === '' ? { blame: null, reason: null } : blame('systemtap', 'stap -p4 exited with status 1');
      const status = output === '' ? 'pass' : 'fail';
      const step = { step: 'hello', id: 'hello', script: null, required: true, output, seconds: 1, status } as const;
      return Promise.resolve({
        target,
        ranIn: 'vm',
        steps: [{ ...step, ...fault }],
        ready: output === '',
        diagnoses: [],
      });
    },
  });
}

test('every row of the table has its kernel here', () => {
  expect(Object.keys(WORLDS).toSorted()).toEqual(MENDS.map(({ id }) => id).toSorted());
});

test.each(Object.entries(WORLDS))('%s', async (id, world) => {
  const root = build(id, world);
  // Known: it compiles, and nothing is kept of the failure that the mend is for.
  const { tried: known } = await provide(world, root, MENDS);
  expect(known.at(-1)).toMatchObject({ ready: true, mended: { mends: [id] } });
  expect(known.filter(({ caseFile }) => caseFile !== undefined)).toEqual([]);

  // Taken out of the table: the symbol, what is there instead, and the file.
  const { verify, tried } = await provide(
    world,
    root,
    MENDS.filter((mend) => mend.id !== id),
  );
  const [unknown, ...others] = tried;
  expect([unknown?.ready, ...others.map(({ ready }) => ready)]).not.toContain(true);
  expect(unknown?.missing?.map(({ name }) => name)).toContain(world.symbol);
  const page = renderHtml(
    { ...describeVerification(verify), systemtap: tried },
    { madeAt: 0, tapprepVersion: '0.0.0' },
  );
  for (const text of [page, renderTried(tried)]) {
    expect(text).toContain(world.symbol);
    expect(text).toContain(unknown?.caseFile);
  }
  const told = unknown === undefined ? [] : describeTried(unknown);
  expect(told.find((sentence) => new RegExp(`\\b${world.symbol}\\b`).test(sentence))).toContain(world.instead);
  expect(told.at(-1)).toContain(unknown?.caseFile);
  const path = unknown?.caseFile ?? '';
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = readFileSync(path, 'utf8');
  expect(parseCase(text)).toMatchObject({ expect: ['STAP_TOO_OLD'], cause: expect.stringContaining(world.symbol) });
  expect(parseCase(text).log).toContain(world.symbol);
  const row = JSON.parse(/^# row: (.*)$/m.exec(text)?.[1] ?? '') as Pick<Mend, 'stap' | 'kernel' | 'runtime'>;
  expect(row.stap.from).toBe(world.stap);
  expect(row.kernel.length + row.runtime.length).toBeGreaterThan(0);

  // Without a version in the table: the same, as its files decide, and it is said that nobody knew it for that kernel.
  const bare = MENDS.map((mend) => ({ ...mend, kernels: [] }));
  const { tried: outside } = await provide(world, root, bare);
  expect(outside.at(-1)).toMatchObject({ ready: true, outside: [{ mend: id, of: ['kernel'] }] });
  expect(outside.at(-1)?.mended).toEqual(known.at(-1)?.mended);
});
