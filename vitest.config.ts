import { defineConfig } from 'vitest/config';

const project = (name: string, isolate: boolean, timeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], isolate, testTimeout: timeout, hookTimeout: 120_000 },
});

export default defineConfig({
  test: {
    // More than there are cores on the smallest machine: tests wait for other programs half of their time.
    maxWorkers: 4,
    projects: [
      project('unit', false, 20_000),
      project('fuzz', true, 120_000),
      // Neither of them needs a fresh process for each file: src/ keeps nothing from one use to the next (a test of the
      // boundaries sees to it), and what the programs that they start keep is in those.
      project('integration', false, 60_000),
      project('e2e', false, 120_000),
    ],
  },
});
