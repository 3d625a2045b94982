import type { OracleRecord } from '../../src/oracle/oracle-rules.ts';
import { read } from './http-call.ts';

/** Everything a region serves of its figures, byte by byte. */
export interface Served {
  readonly audit: string;
  /** The pages of the change feed from its beginning. */
  readonly pages: readonly string[];
}

interface Page {
  readonly records: readonly OracleRecord[];
  readonly cursor: string;
  readonly caughtUp: boolean;
}

export async function readServed(url: string): Promise<Served> {
  const pages: string[] = [];
  let after = '';
  for (;;) {
    const text = await read(`${url}/v1/changes/ad-minutes?limit=100${after}`);
    pages.push(text);
    const { cursor, caughtUp } = JSON.parse(text) as Page;
    if (caughtUp) return { audit: await read(`${url}/v1/audit`), pages };
    after = `&after=${cursor}`;
  }
}

/** The latest revision of each record, by record id. */
export function recordsOf({ pages }: Served): Map<string, OracleRecord> {
  const records = new Map<string, OracleRecord>();
  for (const page of pages) {
    for (const record of (JSON.parse(page) as Page).records) records.set(record.recordId, record);
  }
  return records;
}
