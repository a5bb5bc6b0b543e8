/** Kernels of a few hundred bytes that QEMU boots by the Multiboot protocol: what a guest can do wrong, without a Linux. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TinyKernel {
  /** Written to the first serial port, then to the second. */
  readonly console: string;
  readonly report?: string;
  /** What it does then. */
  readonly ending: 'hang' | 'crash';
}

const ENDINGS = {
  hang: '1: hlt\n jmp 1b',
  // An interrupt without a table: the processor resets, which -no-reboot turns into the end of QEMU.
  crash: 'lidt nothing\n int3',
} as const;

/** Assembles one and returns its path. */
export function buildTinyKernel(directory: string, name: string, kernel: TinyKernel): string {
  const source = join(directory, `${name}.s`);
  const object = join(directory, `${name}.o`);
  const image = join(directory, name);
  writeFileSync(
    source,
    `
.text
.align 4
.long 0x1BADB002, 0, -0x1BADB002
.globl _start
_start:
 cld
 mov $console, %esi
 mov $0x3f8, %edi
 call print
 mov $report, %esi
 mov $0x2f8, %edi
 call print
 ${ENDINGS[kernel.ending]}
print:
 lodsb
 test %al, %al
 jz 3f
 mov %al, %bl
2: lea 5(%edi), %edx
 in (%dx), %al
 test $0x20, %al
 jz 2b
 mov %edi, %edx
 mov %bl, %al
 out %al, (%dx)
 jmp print
3: ret
.data
nothing: .word 0, 0, 0
console: .asciz ${JSON.stringify(kernel.console)}
report: .asciz ${JSON.stringify(kernel.report ?? '')}
`,
  );
  execFileSync('as', ['--32', '-o', object, source]);
  execFileSync('ld', ['-m', 'elf_i386', '-z', 'noseparate-code', '-Ttext=0x100000', '-o', image, object]);
  return image;
}
