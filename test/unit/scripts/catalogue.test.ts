import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findEntry, loadCatalogue } from '../../../src/scripts/catalogue.ts';
import { toVerifyScript } from '../../../src/scripts/verify-script.ts';
import { PROBE_RUNGS } from '../../../src/verify/rungs.ts';

const catalogue = await loadCatalogue(join(import.meta.dirname, '../../..'));

test('the catalogue has a script for every question of an incident', () => {
  expect(catalogue.map(({ name }) => name)).toEqual([
    'arp-senders',
    'dns-requests',
    'file-watch',
    'icmp',
    'module-load',
    'process-exec-exit',
    'rootkit-signs',
    'tcp-accept',
    'tcp-attempts-in',
    'tcp-connect',
  ]);
});

test('a name that is none is answered with those that are', () => {
  expect(() => findEntry(catalogue, 'icmp6')).toThrow(/there is no script icmp6, but arp-senders, dns-requests/);
});

test.each(catalogue.map((entry) => [entry.name, entry] as const))('%s is whole', (_, entry) => {
  expect(PROBE_RUNGS.map(({ name }) => name)).toContain(entry.needs);
  expect(entry.script).toContain('function utc_time:string()');
  expect(entry.script).toContain('function columns:string()');
  expect(entry.event).toContain('rm -f /tmp/busybox-control');
  expect(entry.script).not.toMatch(/%\{|\bsystem\(/);
});

/** Arguments that a script reads: $1, @2 …; the numbers that it compares with $# are not among them. */
function argumentsOf(script: string): number {
  const code = script.replaceAll(/\/\/.*/g, '').replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
  return Math.max(...[...code.matchAll(/[$@](\d)/g)].map(([, digit]) => Number(digit)));
}

test.each(catalogue.map((entry) => [entry.name, entry] as const))('%s gets the arguments that it reads', (_, entry) => {
  const words = entry.arguments.map(({ type }) => (type === 'file' ? 6 : 1)).reduce((sum, count) => sum + count, 0);
  expect(argumentsOf(entry.script)).toBe(1 + words);
  expect(toVerifyScript(entry).args).toHaveLength(1 + words);
});

test('a proof waits for one line, expects what is not in the control, and names what the guest needs', () => {
  const script = toVerifyScript(findEntry(catalogue, 'file-watch'));
  expect(script.prepare).toContain('echo "inode=');
  expect(script.trigger).toContain('busybox-control cat');
  expect(script.expect?.filter((text) => script.reject?.some((bad) => text.includes(bad)))).toEqual([]);
  expect(toVerifyScript(findEntry(catalogue, 'module-load')).guestSources?.[0]?.files).toHaveProperty('Makefile');
  expect(toVerifyScript(findEntry(catalogue, 'arp-senders')).guestModules).toEqual(['veth']);
});

const withBpf = catalogue.filter(({ bpf }) => !('cannot' in bpf));

test('six scripts have a form for the bpf runtime, two of them for every lockdown, and of the others it is told why not', () => {
  expect(withBpf.map(({ name }) => name)).toEqual([
    'dns-requests',
    'file-watch',
    'module-load',
    'process-exec-exit',
    'tcp-accept',
    'tcp-connect',
  ]);
  const left = withBpf.flatMap(({ name, bpf }) => ('withoutMemory' in bpf && bpf.withoutMemory ? [name] : []));
  expect(left).toEqual(['module-load', 'process-exec-exit']);
  const without = catalogue.filter(({ bpfScript }) => bpfScript === null);
  expect(without.map(({ bpf }) => 'cannot' in bpf)).toEqual([true, true, true, true]);
});

test.each(withBpf.map((entry) => [entry.name, entry] as const))(
  'the bpf form of %s gets what it reads, and asks for nothing that its runtime lacks',
  (_, entry) => {
    const { bpf } = toVerifyScript(entry);
    if (bpf === undefined || 'cannot' in bpf) throw new Error('it has none');
    expect(bpf.args.length).toBeGreaterThanOrEqual(argumentsOf(bpf.text));
    expect(bpf.args[0]).toBe('1');
    expect(bpf.withoutMemory?.args[0] ?? '0').toBe('0');
    expect(bpf.text).toContain(' READY ');
    expect(bpf.text).not.toMatch(/\b(sprintf|println|kernel_char|ntohs|text_str|str_replace)\(/);
    expect(bpf.expect?.filter((text) => bpf.reject?.some((bad) => text.includes(bad)))).toEqual([]);
  },
);

test('what reads no memory of the kernel has no argument of a probe', () => {
  for (const { bpf, bpfScript } of withBpf) {
    if (!('withoutMemory' in bpf) || bpf.withoutMemory === undefined) continue;
    const [, without = ''] = (bpfScript ?? '').split(/^%:$/m);
    expect(without).toContain('kernel.trace(');
    expect(without).not.toMatch(/\$\w|kernel\.function|@cast/);
  }
});
