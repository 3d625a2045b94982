import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { Random } from '../../../src/generator/random.ts';
import type { UpkeepTask } from '../../../src/union-load/ports.ts';
import { freePort } from '../../free-port.ts';
import { Workplace, type Started } from '../adtally-process.ts';

type Name = 'a' | 'b';
/** What is compared of a record. */
type Row = readonly [revision: number, impressions: number, clicks: number, costMicros: number];
export type Rows = ReadonlyMap<string, Row>;

interface Feed {
  readonly records: readonly {
    recordId: string;
    revision: number;
    impressions: number;
    clicks: number;
    costMicros: number;
  }[];
  readonly cursor: string;
  readonly caughtUp: boolean;
}

/** Two regions as real processes; what their feeds say together is the truth about the stores of `a`. */
export class StoreWorld {
  readonly place = new Workplace();
  readonly random: Random;
  readonly #urls: Record<Name, string>;
  #a: Started<object> | undefined;
  #events = 0;

  private constructor(seed: number, urls: Record<Name, string>) {
    this.random = new Random(seed);
    this.#urls = urls;
  }

  static async open(seed: number): Promise<StoreWorld> {
    const urls = { a: `http://127.0.0.1:${await freePort()}`, b: `http://127.0.0.1:${await freePort()}` };
    const world = new StoreWorld(seed, urls);
    await world.#start('b', [
      '--reporting-enabled',
      'no',
      '--warehouse-enabled',
      'no',
      '--budget-enabled',
      'no',
    ]);
    await world.startA();
    return world;
  }

  get url(): string {
    return this.#urls.a;
  }

  get data(): string {
    return join(this.place.folder, 'a');
  }

  async startA(): Promise<void> {
    this.#a = await this.#start('a', ['--warehouse-file-age', '200ms']);
  }

  /** Ends region a with a signal. */
  async endA(signal: NodeJS.Signals): Promise<void> {
    this.#a!.signal(signal);
    await this.#a!.ended;
  }

  /** Sends events to both regions: few ads, so records change again and again. */
  async send(count: number): Promise<void> {
    for (const name of ['a', 'b'] as const) {
      const now = Date.now();
      const lines = Array.from({ length: count }, () =>
        JSON.stringify({
          eventId: `e-${++this.#events}`,
          eventType: this.random.unit() < 0.2 ? 'click' : 'impression',
          eventTime: now - this.random.below(20 * 3_600_000),
          adId: `ad-${this.random.below(5)}`,
          campaignId: `c-${this.random.below(3)}`,
          advertiserId: 'v',
          userId: `u-${this.random.below(50)}`,
          costMicros: this.random.below(1000),
        }),
      );
      const headers = { 'content-type': 'application/x-ndjson' };
      const answer = await fetch(`${this.#urls[name]}/v1/events`, {
        method: 'POST',
        headers,
        body: lines.join('\n'),
      });
      if (answer.status !== 200) throw new Error(await answer.text());
    }
  }

  /** The latest revision of every ad minute of both regions, as their feeds tell them. */
  async truth(): Promise<Rows> {
    const rows = new Map<string, Row>();
    for (const url of Object.values(this.#urls)) {
      for (let cursor = '', over = false; !over;) {
        const after = cursor === '' ? '' : `&after=${encodeURIComponent(cursor)}`;
        const page = (await (await fetch(`${url}/v1/changes/ad-minutes?limit=1000${after}`)).json()) as Feed;
        for (const r of page.records)
          rows.set(r.recordId, [r.revision, r.impressions, r.clicks, r.costMicros]);
        cursor = page.cursor;
        over = page.caughtUp;
      }
    }
    return rows;
  }

  async sql(sql: string): Promise<unknown[][]> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}/v1/sql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ sql }),
    });
    if (answer.status !== 200) throw new Error(await answer.text());
    return ((await answer.json()) as { rows: unknown[][] }).rows;
  }

  /** What a store of region a holds. */
  async held(store: 'reporting' | 'warehouse'): Promise<Rows> {
    const rows = await this.sql(
      `SELECT record_id, revision, impressions, clicks, cost_micros FROM ${store}.ad_minutes`,
    );
    return new Map(rows.map(([id, ...row]) => [String(id), row.map(Number) as unknown as Row]));
  }

  /** Resolves once a store of region a is what the feeds say. */
  async settled(store: 'reporting' | 'warehouse'): Promise<void> {
    for (;;) {
      const [truth, held] = await Promise.all([
        this.truth(),
        this.held(store).catch(() => new Map() as Rows),
      ]);
      if (sameRows(truth, held)) return;
      await sleep(100);
    }
  }

  /** Runs statements in the reporting store of region a, which must rest. */
  async damageReporting(...statements: string[]): Promise<void> {
    const instance = await DuckDBInstance.create(join(this.data, 'reporting.duckdb'));
    const connection = await instance.connect();
    for (const sql of statements) await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  }

  command(...args: string[]): Promise<UpkeepTask> {
    return this.place.json<UpkeepTask>([...args, '--url', this.url]);
  }

  /** Resolves once the reporting store of region a answers. */
  async answers(): Promise<void> {
    while (
      await this.sql('SELECT 1').then(
        () => false,
        () => true,
      )
    )
      await sleep(50);
  }

  get hasLeftovers(): boolean {
    return existsSync(join(this.data, 'rebuild'));
  }

  async #start(name: Name, more: readonly string[]): Promise<Started<object>> {
    const other = name === 'a' ? 'b' : 'a';
    const regions = ['--regions', 'a,b', '--region', name, '--peer', `${other}=${this.#urls[other]}`];
    const where = ['--data', name, '--port', new URL(this.#urls[name]).port];
    return this.place.start(['start', ...regions, ...where, ...more]);
  }
}

function sameRows(a: Rows, b: Rows): boolean {
  if (a.size !== b.size) return false;
  for (const [id, row] of a) if (b.get(id)?.join() !== row.join()) return false;
  return true;
}
