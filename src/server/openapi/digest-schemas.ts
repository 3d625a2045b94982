import { z } from 'zod';
import { attributedOrder } from './order-schemas.ts';
import { SCHEMAS, adMinute, count, unixMs } from './schemas.ts';

const held = {
  region: z.string().describe('The region that made the records.'),
  asOf: unixMs.nullable().describe('The latest arrival that is in it; null when that is not known.'),
  heldFrom: unixMs.describe('Records of before this are not all held any more; 0 when all are.'),
};
const digits = z.string().regex(/^\d+$/);

export const recordDigest = z
  .strictObject({
    ...held,
    buckets: z.array(
      z.strictObject({
        start: unixMs,
        records: count,
        revisions: digits.describe('Sum of the revisions.'),
        hash: digits.describe('Sum of a hash of each record; the same in any order.'),
      }),
    ),
  })
  .register(SCHEMAS, { id: 'RecordDigest' });

export const recordList = z
  .strictObject({ ...held, records: z.array(z.union([adMinute, attributedOrder])) })
  .register(SCHEMAS, { id: 'RecordList' });
