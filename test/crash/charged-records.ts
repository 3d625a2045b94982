import { read } from './http-call.ts';

/** Of the clients' events. */
const CAMPAIGNS = 7;

interface Entry {
  readonly id: number;
  readonly recordId: string;
  readonly amountMicros: number;
}

/** What each record has been charged in all, by the entries of every campaign. */
export async function chargedByRecord(url: string): Promise<Record<string, number>> {
  const charged: Record<string, number> = {};
  for (let campaign = 0; campaign < CAMPAIGNS; campaign++) {
    let before = '';
    for (;;) {
      const page = await read(`${url}/v1/campaigns/campaign-${campaign}/ledger?limit=1000${before}`);
      const { entries } = JSON.parse(page) as { entries: Entry[] };
      for (const { recordId, amountMicros } of entries) {
        charged[recordId] = (charged[recordId] ?? 0) + amountMicros;
      }
      if (entries.length < 1000) break;
      before = `&before=${entries.at(-1)!.id}`;
    }
  }
  return charged;
}
