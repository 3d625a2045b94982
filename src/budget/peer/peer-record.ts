import { MINUTE_MS } from '../../base/units.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import { currencyFault, identifierFault, wholeNumberFault } from '../../model/field-checks.ts';
import { adMinuteRecordId } from '../../model/record-id.ts';

/** What is wrong with what another process calls an ad minute, in words; undefined when it can be charged. */
export function peerRecordFault(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return 'it is no object';
  const record = given as AdMinute;
  const faults = {
    region: identifierFault(record.region),
    adId: identifierFault(record.adId),
    campaignId: identifierFault(record.campaignId),
    advertiserId: identifierFault(record.advertiserId),
    currency: currencyFault(record.currency),
    minute: wholeNumberFault(record.minute, 0),
    revision: wholeNumberFault(record.revision, 0),
    costMicros: wholeNumberFault(record.costMicros, 0),
  };
  for (const [field, fault] of Object.entries(faults)) if (fault !== null) return `${field} is ${fault}`;
  const { region, adId, minute, currency, recordId } = record;
  if (minute % MINUTE_MS !== 0) return 'minute is not the start of one';
  // Two ids for one record would charge it twice.
  return recordId === adMinuteRecordId(region, adId, minute, currency)
    ? undefined
    : 'recordId is not its own';
}
