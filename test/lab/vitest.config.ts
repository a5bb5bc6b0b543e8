import { defineConfig } from 'vitest/config';

/** Real kernels of real distributions: minutes, root rights and the Debian archive, hence not part of `npm test`. */
// One test takes up to 25 minutes on two idle cores; the limit only ends what hangs.
export default defineConfig({
  test: { include: ['test/lab/**/*.lab.ts'], fileParallelism: false, testTimeout: 3_600_000, hookTimeout: 900_000 },
});
