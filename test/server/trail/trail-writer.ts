/** Acts in the trail of a directory until somebody ends it; says of each action that it is done. */
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { AuditTrail } from '../../../src/server/trail/audit-trail.ts';
import { TrailFile } from '../../../src/server/trail/trail-file.ts';

const [directory, name] = process.argv.slice(2);
const limits = { fileBytes: 1000, earlierFiles: 10_000 };
const trail = new AuditTrail(new TrailFile(directory, limits), nodeClock);
for (let n = 0; ; n++) {
  const action = {
    role: 'cli',
    keyId: null,
    requestId: null,
    action: 'test.act',
    subject: `${name}-${n}`,
  } as const;
  await trail.run(action, () => process.stdout.write(`begun ${name}-${n}\n`));
  process.stdout.write(`done ${name}-${n}\n`);
}
