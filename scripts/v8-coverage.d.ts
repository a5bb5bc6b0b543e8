/** The part of @bcoe/v8-coverage that scripts/coverage.ts uses; it brings no types of its own. */
declare module '@bcoe/v8-coverage' {
  import type { Profiler } from 'node:inspector';
  /** What Node writes of one process. */
  export interface ProcessCoverage {
    readonly result: Profiler.ScriptCoverage[];
  }
  export function mergeProcessCovs(coverages: readonly ProcessCoverage[]): ProcessCoverage;
}
