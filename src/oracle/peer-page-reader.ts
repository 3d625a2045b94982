import { splitOracleBody } from './body-splitter.ts';

/** What one page of the other region says, part by part. */
export interface OraclePeerPage {
  readonly data: string;
  readonly after: number;
  readonly block: number;
  readonly through: number;
  readonly heard: number;
  readonly withdrawn: readonly Uint8Array[];
  readonly events: readonly Uint8Array[];
  readonly orders: readonly Uint8Array[];
}

/** Takes a page apart: a line of JSON, then three JSON arrays whose lengths it gives. */
export function readOraclePeerPage(body: Uint8Array): OraclePeerPage {
  const lineEnd = body.indexOf(10);
  const head = JSON.parse(Buffer.from(body.subarray(0, lineEnd)).toString()) as Omit<
    OraclePeerPage,
    'withdrawn' | 'events' | 'orders'
  > & { readonly bytes: readonly number[] };
  let end = lineEnd + 1;
  const [withdrawn, events, orders] = head.bytes.map((length) => {
    const part = body.subarray(end, end + length);
    end += length;
    return splitOracleBody(part, 'json');
  });
  return { ...head, withdrawn, events, orders };
}
