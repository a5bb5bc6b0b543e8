/** How a failed pass 4 shows, whatever made it fail. */
import { text, type Pattern } from '../rule.ts';

export const PASS4 = text('compilation failed', /Pass 4: compilation failed/);
export const KBUILD = text('kbuild exited with status');
/** The compiler stops in SystemTap's own runtime: its code does not know this kernel's. */
export const RUNTIME_ERROR: Pattern = text(
  '/runtime/',
  /\/runtime\/[\w./-]{1,120}\.[chS]:\d{1,6}(?::\d{1,5})?: (?:fatal )?(?:error|erreur|Fehler|错误|エラー)\s?:\s*(.{0,300})/,
);
