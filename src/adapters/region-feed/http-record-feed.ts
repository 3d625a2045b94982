import type { FeedId, RecordFeed, RecordKind, RecordPage } from '../../union-load/ports.ts';
import { pageFault } from './page-check.ts';
import type { RegionReader } from './region-reader.ts';

/** The change feed of a region over HTTP: `GET URL/v1/changes/KIND`. */
export class HttpRecordFeed<Kind extends RecordKind> implements RecordFeed<Kind> {
  readonly id: FeedId<Kind>;
  readonly #reader: RegionReader;

  constructor(id: FeedId<Kind>, reader: RegionReader) {
    this.id = id;
    this.#reader = reader;
  }

  async next(
    after: string | undefined,
    limit: number,
    waitMs: number,
    stop: AbortSignal,
  ): Promise<RecordPage<Kind>> {
    const query = new URLSearchParams({ limit: String(limit), waitMs: String(waitMs) });
    if (after !== undefined) query.set('after', after);
    const page = await this.#reader.read(`/v1/changes/${this.id.kind}?${query}`, waitMs, stop);
    const fault = pageFault(page, this.id);
    if (fault !== undefined) throw this.#reader.strange(fault);
    return page as RecordPage<Kind>;
  }
}
