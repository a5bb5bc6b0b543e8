/** For people: which SystemTaps there are for a kernel, what is expected of each, and what was seen. */
import type { PlannedSystemtap } from '../../pipeline/predict-systemtap.ts';
import type { TriedSystemtap } from '../../pipeline/provide-systemtap.ts';
import { describeTried } from '../../report/tried.ts';
import { renderTable } from './table.ts';
import { textOf } from '../../sentence.ts';

/** The ways in the order in which they would be tried; the reasons of all of them when `all` is set. */
export function renderSystemtap(ways: readonly PlannedSystemtap[], all: boolean, columns: number | null): string {
  if (ways.length === 0) return 'no SystemTap is known for this target';
  const table = renderTable(
    ['SystemTap, in the order to try', 'hello world', 'kernel.function', 'seen on this kernel'],
    ways.map((way) => [way.name, way.hello.verdict, way['kernel.function'].verdict, describeVerdict(way)]),
    columns,
  );
  // The first is what will be used; of the others only why they will not be.
  const told = ways.filter((way, index) => all || index === 0 || way['kernel.function'].verdict === 'unfit');
  const reasons = told.flatMap((way) => {
    const { reasons } = way['kernel.function'];
    return (all ? reasons : reasons.slice(0, 1)).map((reason) => `  ${way.name}: ${textOf(reason)}`);
  });
  return [table, ...reasons].join('\n');
}

/** Of others it is said who saw it: they may have been wrong, and only this machine's own is seen here. */
function describeVerdict({ verdict }: PlannedSystemtap): string {
  if (verdict === null) return 'not tried';
  const day = verdict.at.slice(0, 10);
  const { hello, 'kernel.function': higher } = verdict.rungs;
  const { kind } = verdict.origin;
  if (kind === 'here') {
    if (hello !== 'pass') return `failed on ${day}`;
    return `${higher === 'pass' ? 'proven' : higher === 'fail' ? 'hello world only' : 'hello world'} on ${day}`;
  }
  const who = kind === 'shipped' ? 'shipped with tapprep' : 'imported';
  if (hello !== 'pass') return `seen to fail on this very build on ${day} (${who})`;
  const how = higher === 'pass' ? 'work' : higher === 'fail' ? 'reach hello world only' : 'run hello world';
  return `seen to ${how} on this very build on ${day} (${who})`;
}

/** What the SystemTaps that were tried asked of the kernel in vain, and how they were mended; empty where there is nothing to tell. */
export function renderTried(tried: readonly TriedSystemtap[]): string {
  return tried
    .flatMap((each) => describeTried(each).map((sentence) => `SystemTap ${each.name}: ${sentence}\n`))
    .join('');
}
