/** Contestants that do the same work, run in turn, and the ratios of tapprep to each of the others. */
import { type Run, median } from './measure.ts';

/** One way to do the work. `prepare` is not measured: it brings the start back, an empty cache say. */
export interface Contestant {
  readonly name: string;
  readonly prepare?: () => void;
  readonly run: () => Run;
}

/** What is wanted: tapprep's share of the peer's time and memory; null where no number was asked for. */
export interface Wanted {
  readonly time?: number;
  readonly memory?: number;
}

/** One line of the table. */
export interface Row {
  readonly work: string;
  readonly peer: string;
  readonly ours: { readonly seconds: number; readonly megabytes: number };
  readonly theirs: { readonly seconds: number; readonly megabytes: number };
  readonly timeRatio: number;
  readonly memoryRatio: number;
  readonly wanted: Wanted;
}

/** Bound of tapprep's own memory in every case. */
export const MOST_MEGABYTES = 120;

/**
 * Runs all in turn, `pairs` times, after one round that is not counted. Time ratios are medians of the ratios within a
 * round, so that what slows the machine for a while slows both sides.
 */
export function compare(
  work: string,
  ours: Contestant,
  peers: readonly (Contestant & { readonly wanted?: Wanted })[],
  pairs: number,
): readonly Row[] {
  const all = [ours, ...peers];
  const rounds: (readonly Run[])[] = [];
  for (let round = -1; round < pairs; round += 1) {
    const runs = all.map((contestant) => {
      contestant.prepare?.();
      return contestant.run();
    });
    if (round >= 0) rounds.push(runs);
  }
  const seconds = (at: number): number => median(rounds.map((runs) => runs[at]?.seconds ?? 0));
  const megabytes = (at: number): number => median(rounds.map((runs) => runs[at]?.megabytes ?? 0));
  const own = { seconds: seconds(0), megabytes: megabytes(0) };
  return peers.map((peer, index) => {
    const theirs = { seconds: seconds(index + 1), megabytes: megabytes(index + 1) };
    return {
      work,
      peer: peer.name,
      ours: own,
      theirs,
      timeRatio: median(rounds.map((runs) => (runs[0]?.seconds ?? 0) / (runs[index + 1]?.seconds ?? 1))),
      memoryRatio: own.megabytes / theirs.megabytes,
      wanted: peer.wanted ?? {},
    };
  });
}

/** A figure that is above what was wanted. */
export interface Miss {
  readonly of: 'time' | 'memory';
  readonly text: string;
}

/** What of a row is above what was wanted; empty where nothing is. */
export function listMisses({ wanted, timeRatio, memoryRatio, ours }: Row): readonly Miss[] {
  const misses: readonly (readonly [boolean, Miss['of'], string])[] = [
    [timeRatio > (wanted.time ?? Infinity), 'time', `time ${timeRatio.toFixed(2)} > ${wanted.time}`],
    [memoryRatio > (wanted.memory ?? Infinity), 'memory', `memory ${memoryRatio.toFixed(2)} > ${wanted.memory}`],
    [ours.megabytes > MOST_MEGABYTES, 'memory', `${ours.megabytes.toFixed(0)} MB > ${MOST_MEGABYTES} MB`],
  ];
  return misses.filter(([isMissed]) => isMissed).map(([, of, text]) => ({ of, text }));
}
