/** How a failed pass 4 shows, whatever made it fail. */
import { text, type Pattern } from '../rule.ts';

export const PASS4 = text('compilation failed', /Pass 4: compilation failed/);
export const KBUILD = text('kbuild exited with status');
/** The kernel ends the compiler where memory runs out, or the compiler says so itself. */
export const NO_MEMORY: readonly Pattern[] = [
  text('Killed signal terminated program', /Killed signal terminated program (\w{1,20})/),
  text('compiler error: Killed', /internal compiler error: Killed \(program (\w{1,20})\)/),
  text(
    'Cannot allocate memory',
    /(?:cc1|gcc|ld|as|virtual memory exhausted|modpost)\S{0,8}:? .{0,80}Cannot allocate memory/,
  ),
  text('out of memory allocating', /(?:cc1|ld)\S{0,8}: out of memory allocating/),
  text('Out of memory: Killed process', /Out of memory: Killed process \d{1,10} \((?:cc1|ld|stap|modpost)\)/),
];
/** The compiler stops in SystemTap's own runtime: its code does not know this kernel's. */
export const RUNTIME_ERROR: Pattern = text(
  '/runtime/',
  /\/runtime\/[\w./-]{1,120}\.[chS]:\d{1,6}(?::\d{1,5})?: (?:fatal )?(?:error|erreur|Fehler|错误|エラー)\s?:\s*(.{0,300})/,
);
