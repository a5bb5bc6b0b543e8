import { expect, test } from 'vitest';
import { countOf } from '../../src/count.ts';

test('one thing is told as one, and none as many', () => {
  expect([0, 1, 2].map((number) => countOf(number, 'package'))).toEqual(['0 packages', '1 package', '2 packages']);
  expect([1, 2].map((number) => countOf(number, 'kernel is', 'kernels are'))).toEqual(['1 kernel is', '2 kernels are']);
});
