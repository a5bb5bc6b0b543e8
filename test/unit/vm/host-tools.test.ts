import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLocalHost, hasProgramsOf, runsHere } from '../../../src/host/local.ts';
import { findVmTools } from '../../../src/vm/host-tools.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-tools-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A static program of 32 or 64 bits. */
function assemble(bits: '32' | '64'): string {
  const [source, object, program] = ['.s', '.o', ''].map((end) => join(directory, `program-${bits}${end}`));
  writeFileSync(source ?? '', '.globl _start\n_start: hlt\n');
  execFileSync('as', [`--${bits}`, '-o', object ?? '', source ?? '']);
  execFileSync('ld', ['-m', bits === '32' ? 'elf_i386' : 'elf_x86_64', '-o', program ?? '', object ?? '']);
  return program ?? '';
}

const local = createLocalHost();

test('a kernel of i686 gets no busybox of 64 bits, which it cannot execute, but one of its own', async () => {
  await expect(findVmTools(local, { arch: 'i686' })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: 'a statically linked busybox of i686 is needed on this host to boot a kernel',
  });
  const busybox = assemble('32');
  const tools = await findVmTools(local, { arch: 'i686', busybox });
  expect([tools.busybox, tools.machine.qemu]).toEqual([busybox, 'qemu-system-x86_64']);
});

test('a kernel of x86_64 gets one of 64 bits', async () => {
  await expect(findVmTools(local, { arch: 'x86_64', busybox: assemble('32') })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
  });
  const busybox = assemble('64');
  expect((await findVmTools(local, { arch: 'x86_64_v2', busybox })).busybox).toBe(busybox);
});

test('this machine runs the programs of i686, and has none of them', () => {
  expect([runsHere('i686'), hasProgramsOf('i686')]).toEqual([true, false]);
  expect([runsHere('x86_64'), hasProgramsOf('x86_64_v3')]).toEqual([true, true]);
  expect([runsHere('aarch64'), hasProgramsOf('aarch64')]).toEqual([false, false]);
});
