/** For people: what was seen of SystemTaps on kernels, and by whom. */
import { nameOf } from '../../systemtap/choose.ts';
import type { StoredVerdict } from '../../systemtap/verdicts.ts';
import { renderTable } from './table.ts';

/** One row a verdict, by kernel. */
export function renderVerdicts(verdicts: readonly StoredVerdict[], columns: number | null): string {
  if (verdicts.length === 0) return 'nothing was seen of any SystemTap on any kernel yet';
  const rows = verdicts.map(({ kernel, systemtap, rungs, at, origin }) => [
    kernel.release,
    kernel.package ?? kernel.buildId ?? kernel.unameV ?? '-',
    nameOf(systemtap),
    rungs.hello,
    rungs['kernel.function'],
    at.slice(0, 10),
    describeOrigin(origin),
  ]);
  return renderTable(['kernel', 'build', 'SystemTap', 'hello', 'kernel.function', 'seen on', 'seen by'], rows, columns);
}

function describeOrigin(origin: StoredVerdict['origin']): string {
  if (origin.kind === 'here') return 'this machine';
  const day = origin.at.slice(0, 10);
  return origin.signer === null ? `others, unsigned, imported on ${day}` : `${origin.signer}, imported on ${day}`;
}
