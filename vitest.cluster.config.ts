import { defineConfig } from 'vitest/config';

/** Tests on real servers, one after the other: `npm run test:cluster`. */
export default defineConfig({
  test: {
    reporters: ['default', './test/reporters/count-line.ts'],
    include: ['test/cluster/**/*.cluster.test.ts'],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
