/** A row of the table as far as a failure tells it; how it is mended is left to whoever reads the kernel. Pure. */
import { EXPORTS, type LookedUp } from './look-up.ts';
import type { KernelTest, Mend, RuntimeTest } from './table.ts';

/** What of a mend can be told without knowing how. */
export type DraftMend = Pick<Mend, 'stap' | 'kernel' | 'runtime'>;

/** @param version of the SystemTap that failed, upstream */
export function draftMend(version: string, missing: readonly LookedUp[]): DraftMend {
  return {
    stap: { from: version, before: null },
    kernel: missing.flatMap(draftKernelTests),
    runtime: missing.flatMap(({ name, askedIn }): readonly RuntimeTest[] =>
      askedIn === null ? [] : [{ file: askedIn, text: name, there: true }],
    ),
  };
}

/** The name is not there, and the one that is most like it is. No test asks whether a header is there at all. */
function draftKernelTests({ name, kind, declaredIn, isExported, alike }: LookedUp): readonly KernelTest[] {
  const [heir] = kind === 'export' ? alike.filter(({ file }) => file === EXPORTS) : alike;
  const instead = heir === undefined ? [] : [testOf(heir.file, heir.name, true)];
  if (kind === 'header') return [];
  if (kind === 'export') return [...(isExported ? [] : [testOf(EXPORTS, name, false)]), ...instead];
  return [...(heir === undefined || declaredIn.length > 0 ? [] : [testOf(heir.file, name, false)]), ...instead];
}

function testOf(file: string, text: string, there: boolean): KernelTest {
  return file === EXPORTS ? { kind: 'symbol', name: text, there } : { kind: 'header', file, text, there };
}
