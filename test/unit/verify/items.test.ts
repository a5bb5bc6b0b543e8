import { expect, test } from 'vitest';
import { type Item, probeItems, scriptItems } from '../../../src/verify/items.ts';
import type { VerifyOptions, VerifyScript } from '../../../src/verify/options.ts';

const form: VerifyScript = {
  name: 'with a form',
  text: 'for modules',
  args: ['0'],
  prepare: 'for modules',
  expect: ['module'],
  expectIpv6: ['module 6'],
  expectWith: { rung: 'kernel.function', expect: ['more'] },
  reject: ['control'],
  bpf: {
    text: 'for bpf',
    args: ['1'],
    expect: ['bpf'],
    expectIpv6: ['bpf 6'],
    reject: ['control'],
    withoutMemory: { args: ['0'], expect: ['less'] },
  },
};
const needsMemory: VerifyScript = {
  name: 'needs memory',
  text: '',
  bpf: { text: 'for bpf', args: ['1'], expect: ['bpf'], reject: [], withoutMemory: null },
};
const hasNone: VerifyScript = { name: 'has none', text: '', bpf: { cannot: 'nobody wrote one' } };
const ofUser: VerifyScript = { name: 'of a user', text: 'as it is' };

function items(options: Partial<VerifyOptions>): readonly Item[] {
  const scripts = [form, needsMemory, hasNone, ofUser];
  return scriptItems({ level: 'scripts', scripts, ...options } as VerifyOptions, true);
}

test('modules run by the text for modules', () => {
  expect(items({})[0]).toMatchObject({
    script: 'for modules',
    guestPrepare: 'for modules',
    expect: ['module', 'module 6'],
    expectWith: { rung: 'kernel.function' },
    cannot: null,
  });
  expect(items({}).every(({ cannot }) => cannot === null)).toBe(true);
});

test.each([null, 'none', 'integrity'])('bpf under lockdown %s: its own form, and who has none is told', (lockdown) => {
  const found = items({ runtime: 'bpf', lockdown });
  expect(found[0]).toMatchObject({
    script: 'for bpf',
    args: ['1'],
    guestPrepare: null,
    expect: ['bpf', 'bpf 6'],
    expectWith: null,
    reject: ['control'],
  });
  expect(found.map(({ cannot }) => cannot)).toEqual([null, null, 'nobody wrote one', null]);
  expect(found[3]?.script).toBe('as it is');
});

test('bpf under lockdown=confidentiality: what is left without memory, and the others are not tried', () => {
  const options = { runtime: 'bpf', lockdown: 'confidentiality' } as const;
  const found = items(options);
  expect(found[0]).toMatchObject({ script: 'for bpf', args: ['0'], expect: ['less'], cannot: null });
  expect(found[1]?.cannot).toContain('under lockdown=confidentiality');
  const rungs = probeItems({ level: 'probe', ...options }, '/bin/true');
  expect(rungs.map(({ id, cannot, required }) => [id, cannot === null, required])).toEqual([
    ['timer', true, true],
    ['kernel.function', false, false],
  ]);
  expect(probeItems({ level: 'probe', runtime: 'bpf' }, '/bin/true').every(({ cannot }) => cannot === null)).toBe(true);
});

test.each([
  ['module', ['kernel.function']],
  ['bpf', ['kernel.function']],
] as const)('rungs that are named are climbed alone, by %s', (runtime, rungs) => {
  const options = { level: 'probe', runtime, lockdown: null } as const;
  expect(probeItems({ ...options, rungs }, '/bin/true').map(({ id }) => id)).toEqual(rungs);
  expect(probeItems(options, '/bin/true').length).toBeGreaterThan(1);
});
