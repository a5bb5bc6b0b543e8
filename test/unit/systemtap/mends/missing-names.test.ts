import { expect, test } from 'vitest';
import { describeLookedUp } from '../../../../src/systemtap/mends/look-up.ts';
import { findAlike, findMissingNames } from '../../../../src/systemtap/mends/missing-names.ts';

/** Words of gcc 14, gcc 12, modpost and staprun, as they were seen. */
const LOGS: readonly (readonly [string, string, string])[] = [
  [
    "/opt/x/runtime/linux/task_finder2.c:1017:35: error: implicit declaration of function 'task_euid'; did you mean 'task_uid'? [-Wimplicit-function-declaration]",
    'task_euid',
    'function',
  ],
  ["stap_fs.h:75: error: 'struct ns_common' has no member named 'ns_type'", 'ns_type', 'member'],
  ['ERROR: modpost: "module_mutex" [/tmp/stapX/hello.ko] undefined!', 'module_mutex', 'export'],
  ["ERROR: Can't resolve uprobe_unregister!", 'uprobe_unregister', 'export'],
  ['fatal error: asm/unaligned.h: No such file or directory', 'asm/unaligned.h', 'header'],
  ["error: too few arguments to function 'uprobe_register'", 'uprobe_register', 'changed'],
  ['/x/runtime/linux/a.c:3:9: error: "COUNT_ARGS" redefined [-Werror]', 'COUNT_ARGS', 'changed'],
  [
    "/usr/share/systemtap/runtime/stp_task_work.c:107:15: error: incompatible types when assigning to type 'struct callback_head *' from type 'bool'\n  107 |         twork = task_work_cancel(task, func);\n",
    'task_work_cancel',
    'changed',
  ],
];

test.each(LOGS)('%j tells of %s', (log, name, kind) => {
  expect(findMissingNames(log)).toMatchObject([{ name, kind }]);
});

test('SystemTap’s own names, and what no log tells, are none', () => {
  expect(
    findMissingNames(
      "fatal error: runtime_defines.h: No such file or directory\nerror: '_stp_error' undeclared\nPass 4: compilation failed.",
    ),
  ).toEqual([]);
});

const CRED = ['task_cred_xxx', 'task_uid', 'current_euid', 'current_uid', '__task_cred'].map((name) => ({
  name,
  file: 'linux/cred.h',
}));
const OTHERS = ['task_struct', 'task_pid', 'task_lock', 'task_work_add'].map((name) => ({
  name,
  file: 'linux/sched.h',
}));

test('names that share the rarest part come first, then what stands beside them', () => {
  const names = (name: string, known: typeof CRED): readonly string[] =>
    findAlike(name, known).map((each) => each.name);
  const alike = names('task_euid', [...OTHERS, ...CRED]);
  expect(alike[0]).toBe('current_euid');
  expect(alike).toContain('task_uid');
  const work = ['task_work_cancel_func', 'task_work_cancel_match', 'task_work_add', 'cancel_work'].map((name) => {
    return { name, file: 'linux/task_work.h' };
  });
  expect(names('task_work_cancel', [...OTHERS, ...work]).slice(0, 2)).toEqual([
    'task_work_cancel_func',
    'task_work_cancel_match',
  ]);
  expect(findAlike('nothing_of_the_kind', CRED)).toEqual([]);
});

test('what is found is told in one sentence', () => {
  const found = {
    name: 'task_euid',
    kind: 'function',
    askedIn: null,
    of: null,
    declaredIn: [],
    isExported: false,
    alike: [],
  } as const;
  const alike = ['task_cred_xxx', 'current_euid'].map((name) => ({ name, file: 'linux/cred.h' }));
  expect(describeLookedUp(found)).toBe('task_euid is not in this kernel');
  expect(describeLookedUp({ ...found, alike })).toBe(
    'task_euid is not in this kernel; task_cred_xxx and current_euid are',
  );
  const mutex = {
    name: 'module_mutex',
    kind: 'export',
    askedIn: null,
    of: null,
    declaredIn: ['linux/module.h'],
    isExported: false,
    alike: [],
  } as const;
  expect(describeLookedUp(mutex)).toBe(
    'module_mutex is in linux/module.h, but this kernel does not export it to modules',
  );
});

test('the file of the runtime that asks for a name is known by the line that tells of it', () => {
  const log = LOGS.map(([line]) => line).join('\n');
  const asked = Object.fromEntries(findMissingNames(log).map(({ name, askedIn }) => [name, askedIn]));
  expect(asked).toMatchObject({ task_euid: 'linux/task_finder2.c', ns_type: null, module_mutex: null });
  const far = "/srv/runtime/../../etc/passwd.c:3: error: 'task_euid' undeclared";
  expect(findMissingNames(far)).toEqual([{ name: 'task_euid', kind: 'function', askedIn: null, of: null }]);
});

test('a name of one word is told by those that differ by a letter or two', () => {
  const known = ['rdmsrq', 'rdmsr', 'rdmsr_safe', 'rdpmc', 'wrmsrq'].map((name) => ({ name, file: 'asm/msr.h' }));
  expect(findAlike('rdmsrl', known).map(({ name }) => name)).toEqual(['rdmsrq', 'rdmsr']);
});

test('the header that defines a name is told, not the first that uses it', () => {
  const known = [
    { name: 'current_euid', file: 'linux/a-user.h' },
    { name: 'current_euid', file: 'linux/cred.h', isMacro: true },
    { name: '__task_euid', file: 'linux/own.h' },
    { name: 'euid', file: 'linux/syscalls.h' },
  ];
  expect(findAlike('task_euid', known)).toEqual([{ name: 'current_euid', file: 'linux/cred.h', isMacro: true }]);
});
