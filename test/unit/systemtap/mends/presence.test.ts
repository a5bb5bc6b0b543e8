import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseForeignMends, chooseMends } from '../../../../src/systemtap/mends/choose-mends.ts';
import { hasText, readKernelPresence, type KernelPresence } from '../../../../src/systemtap/mends/presence.ts';
import { MENDS } from '../../../../src/systemtap/mends/table.ts';
import type { UpstreamKernel } from '../../../../src/systemtap/kernel-version.ts';
import type { StapIdentity } from '../../../../src/systemtap/predict.ts';
import { createRecordedHost } from '../../../helpers/recorded-host.ts';
import { runLocally } from '../../../helpers/run.ts';

const RELEASE = '6.12.1-test';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tapprep-presence-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** The files of the root, looked through by the real grep. */
function read(): Promise<KernelPresence> {
  const base = createRecordedHost(root, { grep: () => ({}) });
  const host: typeof base = {
    ...base,
    run: (argv) => runLocally(argv.map((word) => (word.startsWith('/lib/') ? join(root, word) : word))),
  };
  return readKernelPresence(host, { release: RELEASE, arch: 'x86_64' }, MENDS);
}

function kernel(text: string): UpstreamKernel {
  const [major = '', minor = '', patch = '0'] = text.split('.');
  return { series: `${major}.${minor}`, patch: { least: Number(patch), most: Number(patch) }, isVendor: false, text };
}

function stap(version: string): StapIdentity {
  return { version, packageVersion: null, distro: null };
}

/** The packages of Debian; its 5.1-5 carries the change of task_work_cancel. */
async function mendsOf(version: '5.1' | '5.6', as: string): Promise<readonly string[]> {
  const packageVersion = { '5.1': '5.1-5', '5.6': '5.6-1' }[version];
  return chooseMends({ version, packageVersion, distro: 'debian' }, kernel(as), await read()).map(({ id }) => id);
}

describe('a text in a C file', () => {
  test.each([
    ['#define task_euid(task) x', 'task_euid', true],
    ['#define task_euid_of(task) x', 'task_euid', false],
    ['/* task_euid is gone */', 'task_euid', false],
    ['int f(void); // task_euid', 'task_euid', false],
    ['struct ops {\n\tint\ttype;\n};', 'int type;', true],
    ['struct ops { int types; };', 'int type;', false],
    ['# include <linux/x.h>', '#include', false],
    ['#include <linux/x.h>', '#include', true],
  ])('%j has %j: %s', (source, text, there) => {
    expect(hasText(source, text)).toBe(there);
  });
});

const TREE = `lib/modules/${RELEASE}/build`;
const UPROBES_6_12 = ['uprobe_register', 'uprobe_unregister_nosync', 'uprobe_unregister_sync'];

function exports(names: readonly string[]): string {
  return names.map((name) => `0x12345678\t${name}\tvmlinux\tEXPORT_SYMBOL_GPL\t\n`).join('');
}

describe('what the kernel has decides, not what it calls itself', () => {
  test('a kernel that has the functions of 6.12 calls for the mend under any number', async () => {
    write(`${TREE}/Makefile`, 'all:\n');
    write(`${TREE}/include/linux/args.h`, '#define _LINUX_ARGS_H\n#define COUNT_ARGS(X...) 12\n');
    write(`${TREE}/Module.symvers`, exports(UPROBES_6_12));
    expect(await mendsOf('5.1', '6.12.1')).toEqual(['uprobe-unregister-6.12']);
    expect(await mendsOf('5.1', '6.10.0')).toEqual(['uprobe-unregister-6.12']);
  });

  test('one that claims 6.12 and has the build of 6.13 calls for none', async () => {
    write(`${TREE}/Makefile`, 'export KBUILD_EXTMOD_OUTPUT\n');
    write(`${TREE}/Module.symvers`, exports(UPROBES_6_12));
    expect(await mendsOf('5.1', '6.12.1')).toEqual([]);
  });

  test('one that claims 6.12 and still exports uprobe_unregister calls for none', async () => {
    write(`${TREE}/Makefile`, 'all:\n');
    write(`${TREE}/include/linux/args.h`, '#define COUNT_ARGS(X...) 12\n');
    write(`${TREE}/Module.symvers`, exports([...UPROBES_6_12, 'uprobe_unregister']));
    expect(await mendsOf('5.1', '6.12.1')).toEqual([]);
  });

  test('a kernel whose macros count to 15 is asked for tracepoints by the words of 5.1', async () => {
    write(`${TREE}/Makefile`, 'all:\n');
    write(`${TREE}/Module.symvers`, exports([]));
    const args = '#ifndef _LINUX_ARGS_H\n#define __COUNT_ARGS(_0, _14, _15, _n, X...) _n\n';
    write(`${TREE}/include/linux/args.h`, args);
    expect(await mendsOf('5.1', '6.9.0')).toEqual(['tracepoint-args']);
    expect(await mendsOf('5.6', '6.9.0')).toEqual([]);
    write(`${TREE}/include/linux/args.h`, args.replace('_14, _15, ', ''));
    expect(await mendsOf('5.1', '6.12.0')).toEqual([]);
  });

  test('the headers of a tree that includes another one are found there', async () => {
    write(`${TREE}/Makefile`, 'include /usr/src/common/Makefile\n');
    write('usr/src/common/Makefile', 'all:\n');
    write('usr/src/common/include/linux/cred.h', '#define task_cred_xxx(task, xxx) x\n');
    expect(await mendsOf('5.6', '7.1.0')).toEqual(['task-euid']);
    write('usr/src/common/include/linux/cred.h', '#define task_cred_xxx(task, xxx) x\n#define task_euid(task) y\n');
    expect(await mendsOf('5.6', '7.3.9')).toEqual([]);
  });

  test('only where none of its files tell does its version', async () => {
    expect(await mendsOf('5.1', '6.12.1')).toEqual(['uprobe-unregister-6.12', 'tracepoint-args']);
    expect(await mendsOf('5.6', '7.3.4')).toEqual(['task-euid']);
    expect(await mendsOf('5.6', '7.2.9')).toEqual([]);
  });
});

test('with every version range taken away, what a whole kernel calls for stays the same', async () => {
  write(`${TREE}/Makefile`, 'all:\n');
  write(`${TREE}/Module.symvers`, exports(['uprobe_register', 'uprobe_unregister']));
  write(`${TREE}/include/linux/task_work.h`, 'struct callback_head *task_work_cancel_func(struct task_struct *);\n');
  write(`${TREE}/include/linux/cred.h`, '#define task_euid(task) x\n#define task_cred_xxx(task, xxx) x\n');
  write(`${TREE}/include/linux/ns_common.h`, '#include <linux/refcount.h>\n');
  write(`${TREE}/include/linux/proc_ns.h`, 'struct proc_ns_operations { int type; };\n');
  write(`${TREE}/arch/x86/include/asm/msr.h`, '#define rdmsrl(msr, val) x\n');
  const presence = await read();
  const bare = MENDS.map((mend) => ({ ...mend, kernels: [] }));
  for (const version of ['4.4', '4.8', '5.1', '5.5', '5.6']) {
    const [withRanges, without] = [MENDS, bare].map((table) =>
      chooseMends(stap(version), kernel('6.1.192'), presence, table),
    );
    expect(without?.map(({ id }) => id)).toEqual(withRanges?.map(({ id }) => id));
  }
  expect(chooseMends(stap('4.8'), kernel('6.1.192'), presence, bare).map(({ id }) => id)).toEqual([
    'task-work-cancel-func',
  ]);
  // Outside of the releases that it was written for, it is told apart.
  expect(chooseForeignMends(stap('5.6'), kernel('6.1.192'), presence).map(({ id }) => id)).toContain(
    'task-work-cancel-func',
  );
});
