/** For people: which SystemTaps there are for a kernel, what is expected of each, and what was seen. */
import type { PlannedSystemtap } from '../../pipeline/predict-systemtap.ts';
import { renderTable } from './table.ts';

/** The ways in the order in which they would be tried; the reasons of all of them when `all` is set. */
export function renderSystemtap(ways: readonly PlannedSystemtap[], all: boolean): string {
  if (ways.length === 0) return 'no SystemTap is known for this target';
  const table = renderTable(
    ['SystemTap, in the order to try', 'hello world', 'kernel.function', 'seen on this kernel'],
    ways.map((way) => [way.name, way.hello.verdict, way['kernel.function'].verdict, describeVerdict(way)]),
  );
  // The first is what will be used; of the others only why they will not be.
  const told = ways.filter((way, index) => all || index === 0 || way['kernel.function'].verdict === 'unfit');
  const reasons = told.flatMap((way) => {
    const { reasons } = way['kernel.function'];
    return (all ? reasons : reasons.slice(0, 1)).map((reason) => `  ${way.name}: ${reason}`);
  });
  return [table, ...reasons].join('\n');
}

function describeVerdict({ verdict }: PlannedSystemtap): string {
  if (verdict === null) return 'not tried';
  const { hello } = verdict.rungs;
  const higher = verdict.rungs['kernel.function'];
  if (hello !== 'pass') return `failed on ${verdict.at.slice(0, 10)}`;
  return `${higher === 'pass' ? 'proven' : higher === 'fail' ? 'hello world only' : 'hello world'} on ${verdict.at.slice(0, 10)}`;
}
