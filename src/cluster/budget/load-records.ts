import type { UnixMs } from '../../base/clock.ts';
import { applyPage, type AppliedPage } from '../../budget/ledger.ts';
import { peerRecordFault } from '../../budget/peer/peer-record.ts';
import type { Ledger } from '../../budget/ports.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import type { ReceivedMessage } from '../kafka/ports.ts';

/** What messages of the load topic hold. */
export interface LoadRecords {
  readonly records: readonly AdMinute[];
  /** Why others cannot be charged, one each. */
  readonly refused: readonly string[];
}

const TEXTS = ['campaignId', 'advertiserId', 'adId', 'region'] as const satisfies readonly (keyof AdMinute)[];

export function readLoadRecords(
  messages: readonly ReceivedMessage[],
  regions: readonly string[],
): LoadRecords {
  const records: AdMinute[] = [];
  const refused: string[] = [];
  for (const { topic, partition, offset, value } of messages) {
    const read = readRecord(value, regions);
    if (typeof read === 'string') refused.push(`Message ${topic}/${partition}/${offset}: ${read}.`);
    else records.push(read);
  }
  return { records, refused };
}

/** Charges the records by the rules of the ledger, those of each region on their own. */
export function applyLoadRecords(
  ledger: Ledger,
  { records, refused }: LoadRecords,
  now: UnixMs,
): AppliedPage {
  const pages = [...Map.groupBy(records, ({ region }) => region)].map(([region, those]) =>
    applyPage(ledger, region, { records: those }, now),
  );
  return {
    charged: pages.reduce((sum, { charged }) => sum + charged, 0),
    refused: [...refused, ...pages.flatMap((page) => page.refused)],
    campaigns: new Set(pages.flatMap(({ campaigns }) => [...campaigns])),
  };
}

/** The record, or what is wrong with it. */
function readRecord(value: Uint8Array | null, regions: readonly string[]): AdMinute | string {
  if (value === null) return 'it has no value';
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(value).toString());
  } catch {
    return 'it is no JSON';
  }
  const fault = peerRecordFault(given);
  if (fault !== undefined) return fault;
  const record = given as AdMinute;
  if (!regions.includes(record.region)) return `region is "${record.region}", none of the spec's`;
  // One such text would stop the ledger for good.
  const odd = TEXTS.find((field) => record[field].includes('\0') || !record[field].isWellFormed());
  return odd === undefined ? record : `${odd} holds a character that PostgreSQL does not keep`;
}
