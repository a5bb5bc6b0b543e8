import { defineConfig } from 'vitest/config';

// The lab boots real kernels and takes minutes: `npm run lab`, apart from `npm test`.
export default defineConfig({
  test: {
    include: ['test/lab/**/*.lab.test.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 1_800_000,
  },
});
