import { expect, test } from 'vitest';
import { splitLog } from '../../../src/diagnose/log-line.ts';

function textsOf(log: string): readonly string[] {
  return splitLog(log).map(({ text }) => text);
}

test("the lists of lines in Ansible's results become lines, once, and what stands around them stays", () => {
  expect(
    textsOf(
      String.raw`fatal: [a]: FAILED! => {"rc": 1, "stderr": "say \"no\"\nonce", "stderr_lines": ["say \"no\"", "once"], "stdout": "", "stdout_lines": []}`,
    ),
  ).toEqual([
    'fatal: [a]: FAILED! => {"rc": 1, "stderr": "", "stderr_lines": [], "stdout": "", "stdout_lines": []}',
    'say "no"',
    'once',
  ]);
});

test('the same as Python 2 prints it', () => {
  expect(textsOf(String.raw`a => {u'rc': 1, u'stderr_lines': [u"can't", u'b \u2018c\u2019', 'd\'e']}`)).toEqual([
    "a => {u'rc': 1, u'stderr_lines': []}",
    "can't",
    "b 'c'",
    "d'e",
  ]);
});

test('a list that was cut stays as it is', () => {
  const cut = 'a => {"stdout_lines": ["one", "tw';
  expect(textsOf(cut)).toEqual([cut]);
});
