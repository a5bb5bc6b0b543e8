import { expect, test } from 'vitest';
import { ARCHITECTURES, stapArchOf } from '../../../src/detect/architectures.ts';
import { machineFor, VM_MACHINES } from '../../../src/vm/machines.ts';

test.each([
  ['x86_64', 'qemu-system-x86_64', 'ttyS1'],
  ['x86_64_v2', 'qemu-system-x86_64', 'ttyS1'],
  ['i686', 'qemu-system-x86_64', 'ttyS1'],
  ['aarch64', 'qemu-system-aarch64', 'ttyS0'],
  ['arm64', 'qemu-system-aarch64', 'ttyS0'],
  ['ppc64le', 'qemu-system-ppc64', 'hvc1'],
  ['s390x', 'qemu-system-s390x', 'ttysclp0'],
])('a kernel of %s boots in %s and reports by %s', (arch, qemu, device) => {
  const machine = machineFor(arch);
  expect([machine.qemu, machine.report.device]).toEqual([qemu, device]);
});

test.each(VM_MACHINES)('no console of $arch is the port of the reports', ({ commandLine, report }) => {
  expect(commandLine).not.toMatch(new RegExp(`console=${report.device}\\b`));
});

test('an architecture without a machine is refused by both names', () => {
  const message =
    'kernels of riscv64 are not booted in a virtual machine: those of x86_64, aarch64, ppc64le, s390x are';
  expect(() => machineFor('riscv64')).toThrow(expect.objectContaining({ code: 'USAGE', message }));
});

test('stap is told the name that the kernel has for the architecture, and which of the two that are x86', () => {
  const named = ARCHITECTURES.filter(({ machine }) =>
    ['x86_64', 'i686', 'aarch64', 'ppc64le', 's390x'].includes(machine),
  );
  expect(named.map(stapArchOf)).toEqual(['x86_64', 'i686', 'arm64', 'powerpc', 's390']);
});
