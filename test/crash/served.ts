import type { OracleAttributedOrder } from '../../src/oracle/attribution-oracle.ts';
import type { OracleRecord } from '../../src/oracle/oracle-rules.ts';
import { read } from './http-call.ts';

/** Everything a region serves of its figures, byte by byte. */
export interface Served {
  readonly audit: string;
  /** The pages of the change feed from its beginning, without the time that they are of. */
  readonly pages: readonly string[];
  /** The same of attributed orders. */
  readonly orderPages: readonly string[];
}

interface Page<R> {
  readonly records: readonly R[];
  readonly cursor: string;
  readonly caughtUp: boolean;
}

export interface ServedOrder extends OracleAttributedOrder {
  readonly revision: number;
}

export async function readServed(url: string): Promise<Served> {
  const pages = await readPages(`${url}/v1/changes/ad-minutes`);
  const orderPages = await readPages(`${url}/v1/changes/attributed-orders`);
  return { audit: await read(`${url}/v1/audit`), pages, orderPages };
}

async function readPages(feed: string): Promise<string[]> {
  const pages: string[] = [];
  let after = '';
  for (;;) {
    const text = await read(`${feed}?limit=100${after}`);
    const { cursor, caughtUp } = JSON.parse(text) as Page<unknown>;
    pages.push(text.replaceAll(/,"(?:asOf|finalBefore)":[^,}]*/g, ''));
    if (caughtUp) return pages;
    after = `&after=${cursor}`;
  }
}

/** The latest revision of each record, by record id. */
export function recordsOf({ pages }: Served): Map<string, OracleRecord> {
  return byId(pages);
}

/** The same of attributed orders. */
export function ordersOf({ orderPages }: Served): Map<string, ServedOrder> {
  return byId(orderPages);
}

function byId<R extends { readonly recordId: string }>(pages: readonly string[]): Map<string, R> {
  const records = pages.flatMap((page) => (JSON.parse(page) as Page<R>).records);
  return new Map(records.map((record) => [record.recordId, record]));
}
