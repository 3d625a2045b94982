import { defineConfig } from 'vitest/config';
import { javaProgram, javaVersion } from './src/adapters/local-process/java-program.ts';
import LongFirst from './test/cluster/servers/long-first.ts';

/** Two at a time: of one region, or of single servers, and they wait more than they compute. */
const SMALL = [
  'test/cluster/watch.cluster.test.ts',
  'test/cluster/{budget,budget-ledger,gateway,kafka,postgres,touches}.cluster.test.ts',
  'test/cluster/local/*.cluster.test.ts',
];

/** Tests on real servers: `npm run test:cluster`. They start what they need. */
export default defineConfig(async () => {
  const hasJava = (await javaVersion(javaProgram(process.env))) !== undefined;
  const isSkipped = !hasJava && !process.env['CI'];
  if (isSkipped)
    console.error('\nNO JAVA, NO TEST OF THE CLUSTER: install JDK 17, or name it in JAVA_HOME.\n');
  const include = (files: readonly string[]): string[] => (isSkipped ? [] : [...files]);
  return {
    test: {
      reporters: ['default', './test/reporters/count-line.ts'],
      passWithNoTests: isSkipped,
      sequence: { sequencer: LongFirst },
      globalSetup: './test/cluster/servers/cluster-run.ts',
      testTimeout: 600_000,
      hookTimeout: 600_000,
      teardownTimeout: 240_000,
      projects: [
        {
          extends: true,
          test: { name: 'small', include: include(SMALL), maxWorkers: 2, sequence: { groupOrder: 0 } },
        },
        {
          extends: true,
          test: {
            name: 'whole',
            include: include(['test/cluster/**/*.cluster.test.ts']),
            exclude: SMALL,
            // Two of them are more than a small machine has memory for.
            maxWorkers: 1,
            sequence: { groupOrder: 1 },
          },
        },
      ],
    },
  };
});
