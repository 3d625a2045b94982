import { parseExactJson } from '../../client/exact-answer.ts';
import type { RegionTraffic } from '../../client/failover.ts';
import { readReceipt } from '../../client/outcome.ts';
import type { RegionSender, Sent } from '../../client/region-sender.ts';
import type { IngestReceipt, VerdictCounts } from '../../model/verdict.ts';
import { Difference, type DayChange } from './difference.ts';

/** The answer of POST /v1/backfill/preview. */
interface Preview {
  readonly received: number;
  readonly verdicts: VerdictCounts;
  readonly changes: readonly DayChange[];
  readonly notCounted: readonly number[];
}

const NEWLINE = 0x0a;

/** Sends batches of old events to a region, or only asks what they would change, and adds up the difference. */
export class BackfillSender {
  readonly difference = new Difference();
  readonly #sender: RegionSender;
  readonly #query: string;
  readonly #isDryRun: boolean;
  /** Ids that earlier batches would have counted: nothing was, so the region does not know them. */
  readonly #counted = new Set<string>();

  constructor(sender: RegionSender, maxAge: string, isDryRun: boolean) {
    this.#sender = sender;
    this.#query = `?maxAge=${encodeURIComponent(maxAge)}`;
    this.#isDryRun = isDryRun;
  }

  traffic(): RegionTraffic[] {
    return this.#sender.traffic();
  }

  /** As RegionSender.sendEvents. */
  sendEvents(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<IngestReceipt>> {
    return this.#isDryRun ? this.#try(ndjson, stop) : this.#send(ndjson, stop);
  }

  async #send(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<IngestReceipt>> {
    const { receipt: preview } = await this.#preview(ndjson, stop);
    const sent = await this.#sender.send(`/v1/backfill${this.#query}`, ndjson, readReceipt, stop);
    this.difference.add(preview.changes);
    return sent as Sent<unknown> as Sent<IngestReceipt>;
  }

  async #try(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<IngestReceipt>> {
    const lines = splitLines(ndjson);
    const fresh = lines.filter((line) => !this.#counted.has(idOf(line)));
    if (fresh.length === 0) return this.#repeated(lines.length);
    const { receipt: preview, ...sent } = await this.#preview(joinLines(fresh), stop);
    const notCounted = new Set(preview.notCounted);
    for (const [index, line] of fresh.entries()) if (!notCounted.has(index)) this.#counted.add(idOf(line));
    this.difference.add(preview.changes);
    const duplicate = preview.verdicts.duplicate + lines.length - fresh.length;
    const verdicts = { ...preview.verdicts, duplicate };
    return { ...sent, receipt: { received: lines.length, verdicts, problems: [] } };
  }

  #preview(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<Preview>> {
    return this.#sender.send(`/v1/backfill/preview${this.#query}`, ndjson, readPreview, stop);
  }

  #repeated(lines: number): Sent<IngestReceipt> {
    const verdicts = { counted: 0, duplicate: lines, conflict: 0, late: 0, future: 0, invalid: 0 };
    const receipt = { received: lines, verdicts, problems: [] };
    return { receipt, url: this.traffic()[0].url, resends: 0, answersLost: 0 };
  }
}

function readPreview(answer: Uint8Array): Preview | undefined {
  try {
    const preview = parseExactJson(new TextDecoder().decode(answer)) as Partial<Preview> | null;
    const isPreview = Array.isArray(preview?.changes) && Array.isArray(preview.notCounted);
    return isPreview ? (preview as Preview) : undefined;
  } catch {
    return undefined;
  }
}

function splitLines(ndjson: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0, end = 0; start < ndjson.length; start = end + 1) {
    end = ndjson.indexOf(NEWLINE, start);
    if (end < 0) end = ndjson.length;
    lines.push(ndjson.subarray(start, end));
  }
  return lines;
}

function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(lines.flatMap((line) => [line, Uint8Array.of(NEWLINE)]));
}

/** The eventId of a line; the line itself where it has none, which is no event then. */
function idOf(line: Uint8Array): string {
  const text = Buffer.from(line).toString();
  try {
    const { eventId } = JSON.parse(text) as { eventId?: unknown };
    if (typeof eventId === 'string') return eventId;
  } catch {
    // The region says what is wrong with it.
  }
  return text;
}
