import { expect, test } from 'vitest';
import { renderVerification, type Verification } from '../../../src/cli/commands/verify.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { EL9 } from '../diagnose/sample-facts.ts';

const report = (ready: boolean): Verification => ({
  target: identifyTarget(EL9),
  ranIn: 'local',
  steps: [],
  ready,
  diagnoses: [],
  systemtap: [],
});

test('verify --quiet prints nothing of what was proven, and all of what was not', () => {
  expect(renderVerification(report(true), true, 80)).toBe('');
  expect(renderVerification(report(true), false, 80)).toContain('proven');
  expect(renderVerification(report(false), true, 80)).toContain('not proven');
});
