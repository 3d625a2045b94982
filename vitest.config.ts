import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './test/reporters/count-line.ts'],
    include: ['test/**/*.test.ts', 'docs/tour/*.test.ts'],
    // They need the servers of a cluster: npm run test:cluster.
    exclude: ['**/node_modules/**', 'test/**/*.cluster.test.ts'],
    // Two cores: the suites that start processes would only disturb each other with more workers.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
