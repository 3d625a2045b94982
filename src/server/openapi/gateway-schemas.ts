import { z } from 'zod';
import { SCHEMAS, verdictCounts } from './schemas.ts';

const count = z.int().min(0);
const takenIn = z.strictObject({
  received: count.describe('In all.'),
  invalid: count.describe('Of them, those that are invalid.'),
});

export const gatewayFrame = z
  .strictObject({
    at: z.int().describe('When the frame was made, Unix ms.'),
    region: z.string(),
    eventsPerSecond: z.number().min(0).describe('Taken in by this gateway, over the last two seconds.'),
    events: takenIn.describe('Taken in by this gateway since it started.'),
    orders: takenIn.describe('Taken in by this gateway since it started.'),
    pendingBytes: count.describe('Memory of requests not yet done with.'),
    isReady: z.boolean().describe('Whether Kafka takes in what it is sent.'),
    publishMsLast: z.number().min(0).describe('How long Kafka took for the last group of messages, ms.'),
    failures: count.describe('Groups of messages that Kafka did not acknowledge.'),
    verdicts: verdictCounts
      .nullable()
      .describe(
        'What the jobs of the region said of the events of the last hour of arrival, at all gateways; null while that is not known.',
      ),
  })
  .register(SCHEMAS, { id: 'GatewayFrame' });
