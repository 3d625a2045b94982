import type { AttributedOrder } from '../../../model/attributed-order.ts';
import type { OrderAnswer } from '../../region-api.ts';

/** Whether a record's touch had credit once and has none any more: the record stays, with a credit of 0. */
export function isWithdrawn(
  record: AttributedOrder,
  { records, touches }: Pick<OrderAnswer, 'records' | 'touches'>,
): boolean {
  if (record.outcome !== 'attributed' || record.creditMicros !== 0) return false;
  const inForce = touches.flatMap(({ credits }) => credits).filter(({ model }) => model === record.model);
  if (inForce.length > 0) return !inForce.some(({ rank }) => rank === record.rank);
  return records.some(({ model, outcome }) => model === record.model && outcome === 'unattributed');
}
