import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordDigest } from '../../src/reporting/record-digest.ts';
import type { ReportsStatus } from '../../src/reporting/reports.ts';
import type { Sender } from './senders.ts';

const LOOK_MS = 100;

async function ask<Answer>(sender: Sender, path: string): Promise<Answer> {
  return JSON.parse((await sender.get(path)).toString()) as Answer;
}

/** Resolves once the reporting store of `reader` holds what the region `name` at `owner` has; nobody may send meanwhile. */
export async function storeLevel(reader: Sender, owner: Sender, name: string): Promise<void> {
  const digest = `/v1/audit/digest?kind=ad-minutes&region=${name}`;
  for (;;) {
    const { feeds, state } = await ask<ReportsStatus>(reader, '/v1/reports/status');
    const ofRegion = feeds.filter(({ region }) => region === name);
    if (state === 'running' && ofRegion.length > 0 && ofRegion.every(({ caughtUp }) => caughtUp)) {
      const own = await ask<RecordDigest>(owner, digest);
      const copy = await ask<RecordDigest>(reader, `${digest}&of=reporting`);
      if (JSON.stringify(own.buckets) === JSON.stringify(copy.buckets)) return;
    }
    await sleep(LOOK_MS);
  }
}

/** Resolves once a region knows a touch of the user: that its peer's log up to there has been taken in. */
export async function touchKnown(reader: Sender, userId: string): Promise<void> {
  for (;;) {
    const { found } = await ask<{ found: number }>(reader, `/v1/touches?userId=${userId}`);
    if (found > 0) return;
    await sleep(LOOK_MS);
  }
}

/** One event, as NDJSON. */
export function oneEvent(eventId: string, adId: string, userId: string): Uint8Array {
  const event = {
    eventId,
    eventType: 'impression',
    eventTime: Date.now(),
    adId,
    campaignId: 'probes',
    advertiserId: 'probes',
    userId,
  };
  return Buffer.from(`${JSON.stringify(event)}\n`);
}
