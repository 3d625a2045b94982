import { defineConfig } from 'vitest/config';

/** Tests on the servers of a cluster, one file after the other. */
export default defineConfig({
  test: {
    reporters: ['default', './test/reporters/count-line.ts'],
    include: ['test/cluster/**/*.cluster.test.ts'],
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
