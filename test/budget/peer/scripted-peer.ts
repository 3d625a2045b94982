import type { RecordFeed, RecordPage } from '../../../src/union-load/ports.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { adMinute, ScriptedFeed } from '../feed-script.ts';

/** The feed of region b, as it would come over HTTP: it may fail, hang, lose its data or send anything. */
export class ScriptedPeer implements RecordFeed<'ad-minutes'> {
  readonly id = { region: 'b', kind: 'ad-minutes' } as const;
  readonly feed = new ScriptedFeed();
  /** The cursors it was asked with. */
  readonly asked: (string | undefined)[] = [];
  failure: Error | undefined;
  isHanging = false;
  /** Changes what it answers. */
  garble = (page: RecordPage<'ad-minutes'>): unknown => page;

  change(...records: readonly Partial<AdMinute>[]): void {
    this.feed.change(...records.map((record) => adMinute({ region: 'b', ...record })));
  }

  async next(
    after: string | undefined,
    limit: number,
    waitMs: number,
    stop: AbortSignal,
  ): Promise<RecordPage<'ad-minutes'>> {
    this.asked.push(after);
    if (this.isHanging) await new Promise(() => {});
    if (this.failure !== undefined) throw this.failure;
    let page = this.feed.changedAdMinutes(after, limit);
    if (page.records.length === 0 && waitMs > 0) {
      await this.#news(stop);
      if (this.failure !== undefined) throw this.failure;
      page = this.feed.changedAdMinutes(after, limit);
    }
    return this.garble({ ...page, asOf: 0, finalBefore: 0 }) as RecordPage<'ad-minutes'>;
  }

  /** Ends a wait that is under way. */
  stir(): void {
    this.feed.change();
  }

  #news(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        unlisten();
        resolve();
      };
      const unlisten = this.feed.onChange(end);
      stop.addEventListener('abort', end);
    });
  }
}
