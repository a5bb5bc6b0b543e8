import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const project = (name: string, isolate: boolean, timeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], isolate, testTimeout: timeout, hookTimeout: 120_000 },
});

export default defineConfig({
  test: {
    // More than there are cores on a small machine: tests wait for other programs half of their time.
    maxWorkers: Math.max(4, availableParallelism()),
    globalSetup: 'test/helpers/temporary.ts',
    projects: [
      project('unit', false, 20_000),
      project('fuzz', true, 120_000),
      project('integration', true, 60_000),
      // Its state is in the processes that it starts; one of its own for each file would only cost.
      project('e2e', false, 120_000),
    ],
  },
});
