import { expect, test } from 'vitest';
import { parseLockdown } from '../../../src/detect/lockdown.ts';

test.each([
  ['[none] integrity confidentiality', 'none'],
  ['none [integrity] confidentiality', 'integrity'],
  ['none integrity [confidentiality]', 'confidentiality'],
  ['none integrity confidentiality', null],
  ['[other]', null],
  [']none[', null],
  ['', null],
])('parseLockdown(%j) is %s', (text, expected) => {
  expect(parseLockdown(text)).toBe(expected);
});
