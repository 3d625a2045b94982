import { defineConfig } from 'vitest/config';
import { javaProgram, javaVersion } from './src/adapters/local-process/java-program.ts';
import SharedLast from './test/cluster/servers/shared-last.ts';

/** Tests on real servers, one after the other: `npm run test:cluster`. They start what they need. */
export default defineConfig(async () => {
  const hasJava = (await javaVersion(javaProgram(process.env))) !== undefined;
  const isSkipped = !hasJava && !process.env['CI'];
  if (isSkipped)
    console.error('\nNO JAVA, NO TEST OF THE CLUSTER: install JDK 17, or name it in JAVA_HOME.\n');
  return {
    test: {
      reporters: ['default', './test/reporters/count-line.ts'],
      include: isSkipped ? [] : ['test/cluster/**/*.cluster.test.ts'],
      passWithNoTests: isSkipped,
      globalSetup: './test/cluster/servers/cluster-run.ts',
      sequence: { sequencer: SharedLast },
      fileParallelism: false,
      maxWorkers: 1,
      testTimeout: 600_000,
      hookTimeout: 600_000,
      teardownTimeout: 240_000,
    },
  };
});
