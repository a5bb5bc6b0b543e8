import { expect, test } from 'vitest';
import { isTapprepError, type TapprepError } from '../../../../src/errors.ts';
import { digest, mendRuntime } from '../../../../src/systemtap/mends/edit.ts';
import { findMend, type Mend } from '../../../../src/systemtap/mends/table.ts';

/** Pieces as they stand in the runtimes of 4.4, 4.8 and 5.6. */
const TASK_WORK = `#if !defined(STAPCONF_TASK_WORK_CANCEL_EXPORTED)
typedef typeof(&task_work_cancel) task_work_cancel_fn;
#endif
	kallsyms_task_work_cancel = (void *)kallsyms_lookup_name("task_work_cancel");
`;
const LOCKED = '	mutex_lock(&module_mutex);\n	walk();\n	mutex_unlock(&module_mutex);\n';

function files(texts: Readonly<Record<string, string>>): (file: string) => string | null {
  return (file) => texts[file] ?? null;
}

function row(id: string): Mend {
  const found = findMend(id);
  if (found === null) throw new Error(`no mend ${id}`);
  return found;
}

function refusal(mends: readonly Mend[], texts: Readonly<Record<string, string>>): TapprepError {
  try {
    mendRuntime('4.8-2 of the distribution', mends, files(texts));
  } catch (error) {
    if (isTapprepError(error, 'MEND_REFUSED')) return error;
    throw error;
  }
  throw new Error('it was mended');
}

test('edits replace every text, and both digests are told', () => {
  const made = mendRuntime('4.8-2', [row('task-work-cancel-func')], files({ 'stp_task_work.c': TASK_WORK }));
  expect(made.header).toBeNull();
  expect(made.files).toHaveLength(1);
  const [file] = made.files;
  expect(file?.text).toContain('typeof(&task_work_cancel_func) task_work_cancel_fn');
  expect(file?.text).toContain('kallsyms_lookup_name("task_work_cancel_func")');
  expect([file?.from, file?.to]).toEqual([digest(TASK_WORK), digest(file?.text ?? '')]);
});

test('a runtime of another release under a known number is left as it is, whichever count is wrong', () => {
  const twice = refusal([row('task-work-cancel-func')], { 'stp_task_work.c': TASK_WORK + TASK_WORK });
  expect(twice.message).toBe(
    'stp_task_work.c of SystemTap 4.8-2 of the distribution has "typeof(&task_work_cancel)" 2 times, but task-work-cancel-func was written for a release that has it 1 times',
  );
  // The first edit fits, the second does not: nothing is half applied.
  const half = TASK_WORK.replace('kallsyms_lookup_name("task_work_cancel")', 'look_up("task_work_cancel")');
  expect(refusal([row('task-work-cancel-func')], { 'stp_task_work.c': half }).facts).toMatchObject({
    found: 0,
    wanted: 1,
  });
  const thrice = { 'linux/kprobes.c': LOCKED + LOCKED + LOCKED };
  expect(refusal([row('module-mutex-lock')], thrice).facts).toMatchObject({ found: 3, wanted: 2 });
});

test('what a runtime does not call for is left out; where it calls for nothing, nothing is made', () => {
  const both = [row('task-work-cancel-func'), row('module-mutex-lock')];
  const guarded = `#ifdef STAPCONF_MODULE_MUTEX\n${LOCKED}${LOCKED}#endif\n`;
  const texts = { 'stp_task_work.c': TASK_WORK, 'linux/kprobes.c': guarded };
  expect(mendRuntime('4.8-2', both, files(texts)).mends.map(({ id }) => id)).toEqual(['task-work-cancel-func']);
  const mended = TASK_WORK.replaceAll('task_work_cancel)', 'task_work_cancel_func)');
  expect(refusal([row('task-work-cancel-func')], { 'stp_task_work.c': mended }).message).toContain(
    'is not one that task-work-cancel-func was written for',
  );
});

test('the header bears its own digest, so that another text never has the name of this one', () => {
  const texts = {
    'linux/task_finder2.c': 'x = task_euid(tsk);',
    'linux/stap_fs.h': '#if defined(STAPCONF_PR33574_PNO_TYPE)',
  };
  const one = mendRuntime('5.6', [row('task-euid')], files(texts)).header;
  const two = mendRuntime('5.6', [row('task-euid'), row('proc-ns-type')], files(texts)).header;
  expect(one?.name).toBe(`mend-${digest(one?.text ?? '').slice(0, 12)}.h`);
  expect(two?.name).not.toBe(one?.name);
  expect(two?.text).toContain('#define task_euid(task)');
  expect(two?.text).toContain('#define STAPCONF_PR33574_PNO_TYPE 1');
});
