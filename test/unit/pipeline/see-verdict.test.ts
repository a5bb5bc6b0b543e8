import { expect, test } from 'vitest';
import { seeVerdict } from '../../../src/pipeline/see-verdict.ts';
import { say } from '../../../src/sentence.ts';
import type { Blame, StepStatus, VerifyStep } from '../../../src/types.ts';
import { SAMPLE_BUILD } from '../../helpers/sample-verdict.ts';

const STAP = { kind: 'distro', version: '4.8', packageVersion: '4.8-2', distro: 'debian' } as const;

function step(id: VerifyStep['id'], status: StepStatus, due: Blame | null = null): VerifyStep {
  const reason = status === 'fail' ? say(`${id} failed`) : null;
  return { step: id, id, script: null, required: true, status, blame: due, reason, output: '', seconds: 1 };
}

const see = (...steps: readonly VerifyStep[]): unknown =>
  seeVerdict({ now: () => 0, tapprepVersion: '0.1.0' }, SAMPLE_BUILD, STAP, { steps });

test('what failed first is kept as data, with the words of the tool', () => {
  expect(see(step('hello', 'pass'), step('kernel.function', 'fail', 'systemtap'))).toEqual({
    kernel: SAMPLE_BUILD,
    systemtap: { kind: 'distro', version: '4.8', packageVersion: '4.8-2', from: null, mends: [] },
    rungs: { hello: 'pass', 'kernel.function': 'fail' },
    failed: { step: 'kernel.function', blame: 'systemtap' },
    reason: 'kernel.function failed',
    at: '1970-01-01T00:00:00.000Z',
    tapprep: '0.1.0',
  });
  expect(see(step('hello', 'pass'), step('kernel.function', 'pass'))).toMatchObject({ failed: null, reason: null });
});

test('one that fails between the two is not taken for kernel.function, which it may have kept from running', () => {
  const steps = [step('hello', 'pass'), step('timer', 'fail', 'systemtap'), step('kernel.function', 'skip')];
  expect(see(...steps)).toMatchObject({ rungs: { hello: 'pass', 'kernel.function': 'fail' } });
});

test.each<[string, readonly VerifyStep[]]>([
  ['nothing was tried', [step('tools', 'fail', 'target'), step('hello', 'skip')]],
  ['the machine was too slow', [step('hello', 'fail', 'this-machine')]],
  [
    'hello world failed and a module that asks for more ran',
    [step('hello', 'fail', 'systemtap'), step('kernel.function', 'pass')],
  ],
])('where %s nothing is said of the SystemTap', (_what, steps) => {
  expect(see(...steps)).toBeNull();
});
