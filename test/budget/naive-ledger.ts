import type { AdMinute } from '../../src/model/ad-minute.ts';

/** Spend by campaign, currency and minute, summed anew from the highest revision of each record that was seen. */
export class NaiveLedger {
  readonly #records = new Map<string, AdMinute>();

  take(record: AdMinute): void {
    const last = this.#records.get(record.recordId);
    if (last === undefined || record.revision > last.revision) this.#records.set(record.recordId, record);
  }

  spend(): Record<string, bigint> {
    const spend: Record<string, bigint> = {};
    for (const { campaignId, minute, currency, costMicros } of this.#records.values()) {
      const key = `${campaignId} ${minute} ${currency}`;
      spend[key] = (spend[key] ?? 0n) + BigInt(costMicros);
    }
    return Object.fromEntries(Object.entries(spend).filter(([, micros]) => micros !== 0n));
  }

  get records(): readonly AdMinute[] {
    return [...this.#records.values()];
  }
}
