import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './test/reporters/count-line.ts'],
    include: ['test/**/*.test.ts', 'docs/tour/*.test.ts'],
    // These need servers: `npm run test:cluster`.
    exclude: [...configDefaults.exclude, '**/*.cluster.test.ts'],
    // Two cores: the suites that start processes would only disturb each other with more workers.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
