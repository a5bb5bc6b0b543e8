import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** In ms. It ends what hangs; a busy machine takes its time. */
const LIMIT = 240_000;

const project = (name: string, isolate: boolean) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], isolate, testTimeout: LIMIT, hookTimeout: LIMIT },
});

export default defineConfig({
  test: {
    // More than there are cores on a small machine: tests wait for other programs half of their time.
    maxWorkers: Math.max(4, availableParallelism()),
    globalSetup: 'test/helpers/temporary.ts',
    projects: [
      project('unit', false),
      project('fuzz', true),
      project('integration', true),
      // Its state is in the processes that it starts; one of its own for each file would only cost.
      project('e2e', false),
    ],
  },
});
