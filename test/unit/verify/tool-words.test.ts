import { expect, test } from 'vitest';
import { findErrorLines, quoteOutput } from '../../../src/verify/tool-words.ts';

const COMPILER = `WARNING: Kernel function symbol table missing [man warning::symbols]
In file included from /usr/share/systemtap/runtime/stp_utrace.c:28,
/usr/share/systemtap/runtime/stp_task_work.c: In function 'stp_task_work_cancel':
/usr/share/systemtap/runtime/stp_task_work.c:107:15: error: incompatible types when assigning to type 'struct callback_head *' from type 'bool'
make[1]: *** [scripts/Makefile.build:250: /tmp/x] Error 1
WARNING: kbuild exited with status: 2
Pass 4: compilation failed.  [man error::pass4]
`;

test.each<readonly [what: string, output: string, first: string]>([
  [
    'the compiler, below warnings and above what make says of it',
    COMPILER,
    "/usr/share/systemtap/runtime/stp_task_work.c:107:15: error: incompatible types when assigning to type 'struct callback_head *' from type 'bool'",
  ],
  [
    'modpost',
    'ERROR: modpost: "module_mutex" [/tmp/x/hello.ko] undefined!\nmake: *** [Makefile:192: __sub-make] Error 2\n',
    'ERROR: modpost: "module_mutex" [/tmp/x/hello.ko] undefined!',
  ],
  [
    'staprun',
    "ERROR: Couldn't insert module './hello.ko': Invalid module format\n",
    "ERROR: Couldn't insert module './hello.ko': Invalid module format",
  ],
  [
    'stap, of a probe point',
    "WARNING: Kernel function symbol table missing\nsemantic error: while resolving probe point: identifier 'kprobe' at x.stp:1:7\nPass 2: analysis failed.  [man error::pass2]\n",
    "semantic error: while resolving probe point: identifier 'kprobe' at x.stp:1:7",
  ],
  [
    'stap, of the build tree',
    'Checking "/lib/modules/6.1.0/build/.config" failed with error: No such file or directory\nTip: read the manual\n',
    'Checking "/lib/modules/6.1.0/build/.config" failed with error: No such file or directory',
  ],
  ['what is not recognised: the last line', 'one\ntwo\n', 'two'],
])('the first line that tells the cause: %s', (_, output, first) => {
  expect(findErrorLines(output, 1)).toEqual([first]);
});

test('nothing said, nothing quoted', () => {
  expect(findErrorLines('Pass 4: compilation failed.\n\n', 3)).toEqual([]);
});

test('terminal sequences in a tool’s output are shown, not obeyed', () => {
  expect(findErrorLines('x.c:1: error: \u001b[31mred\n', 1)).toEqual(['x.c:1: error: \\x1b[31mred']);
  expect(quoteOutput('a\u0007b')).toBe('a\\x07b');
});

test('a long output keeps both ends and says what is left out', () => {
  const quoted = quoteOutput(`begin${'x'.repeat(20_000)}end`);
  expect(quoted.length).toBeLessThan(8300);
  expect(quoted).toMatch(/^begin.*\n\[11816 characters left out\]\n.*end$/s);
});
