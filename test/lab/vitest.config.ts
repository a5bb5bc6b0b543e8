import { defineConfig } from 'vitest/config';

/** Real kernels of real distributions: minutes, root rights and the Debian archive, hence not part of `npm test`. */
export default defineConfig({
  test: { include: ['test/lab/**/*.lab.ts'], fileParallelism: false, testTimeout: 1_500_000, hookTimeout: 900_000 },
});
