import { formatTime } from '../model/event-time.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import type { Charge } from './ports.ts';

/** Most differences that are spelt out; the rest are only counted. */
const DIFFERENCES_MAX = 100;

/** What differs, in plain words. */
export class Findings {
  count = 0;
  readonly texts: string[] = [];

  note(text: string): void {
    this.count++;
    if (this.texts.length < DIFFERENCES_MAX) this.texts.push(text);
  }

  take(other: Findings): void {
    this.count += other.count;
    this.texts.push(...other.texts.slice(0, DIFFERENCES_MAX - this.texts.length));
  }
}

/** Exact sums by account and currency. */
export class Balances {
  readonly #sums = new Map<string, bigint>();

  add(account: string, currency: string, micros: bigint): void {
    const key = `${currency} ${account}`;
    this.#sums.set(key, (this.#sums.get(key) ?? 0n) + micros);
  }

  onlyCampaigns(): Balances {
    const only = new Balances();
    for (const [key, micros] of this.#sums)
      if (key.slice(4).startsWith('campaign:')) only.#sums.set(key, micros);
    return only;
  }

  compare(other: Balances, name: string, otherName: string, findings: Findings): void {
    for (const key of new Set([...this.#sums.keys(), ...other.#sums.keys()])) {
      const [left, right] = [this.#sums.get(key) ?? 0n, other.#sums.get(key) ?? 0n];
      if (left === right) continue;
      findings.note(
        `${key.slice(4)} in ${key.slice(0, 3)}: ${name} sum to ${left}, ${otherName} to ${right} micros.`,
      );
    }
  }
}

/** Whether the charge is the record's, at the same revision. */
export function isCharged(record: AdMinute, charge: Charge): boolean {
  return (
    record.revision === charge.revision &&
    record.costMicros === charge.micros &&
    record.campaignId === charge.campaignId &&
    record.advertiserId === charge.advertiserId &&
    record.currency === charge.currency
  );
}

/** A charge that is not what its record has. */
export function describeDifference(record: AdMinute, charge: Charge): string {
  const what = `Ad ${record.adId} at ${formatTime(record.minute)}`;
  return `${what}: charged ${describeSide(charge, charge.micros)}; the record has ${describeSide(record, record.costMicros)}.`;
}

function describeSide(
  { currency, campaignId, advertiserId, revision }: AdMinute | Charge,
  micros: number,
): string {
  return `${micros} micros of ${currency} for ${campaignId} of ${advertiserId} at revision ${revision}`;
}
