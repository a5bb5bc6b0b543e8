/** What every case of the benchmark is given, and what it returns. */
import { join } from 'node:path';
import type { Nginx } from '../test/helpers/nginx.ts';
import type { GpgHome, TestKey } from '../test/helpers/gpg.ts';
import type { Row } from './compare.ts';
import { type Run, measure } from './measure.ts';
import type { Plot } from './svg.ts';

export interface Bench {
  /** Empty at the start, served by nginx as it is, removed at the end. */
  readonly directory: string;
  readonly server: Nginx;
  readonly gpg: GpgHome;
  readonly key: TestKey;
  /** Rounds of each comparison. */
  readonly pairs: number;
  /** Small data, to see that everything runs; the figures mean nothing. */
  readonly quick: boolean;
  readonly say: (text: string) => void;
}

export interface CaseReport {
  readonly title: string;
  /** Markdown: what was done, by whom, with which data. */
  readonly text: string;
  readonly rows: readonly Row[];
  /** By file name without ".svg". */
  readonly plots: Readonly<Record<string, Plot>>;
}

const TAPPREP: readonly string[] = [process.execPath, join(import.meta.dirname, '../bin/tapprep.js')];
/** Nothing but loopback answers, so that the real mirrors of the list are no part of a measurement. */
const LOOPBACK_ONLY = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9', no_proxy: '127.0.0.1' };

/** Runs the command line under test: this Node and the built program, with `home` as its home. */
export function runTapprep(argv: readonly string[], home: string, accept: readonly number[] = [0]): Run {
  return measure([...TAPPREP, ...argv], { env: { HOME: home, ...LOOPBACK_ONLY }, accept });
}
