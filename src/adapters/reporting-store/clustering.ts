import type { DuckDBConnection } from '@duckdb/node-api';
import type { UnixMs } from '../../base/clock.ts';
import { HOUR_MS } from '../../base/units.ts';
import { hourOf } from '../../model/event-time.ts';
import { inTransaction } from './transaction.ts';

/** An hour is left as it came until this long after it has begun: until then most of its rows still change, and new ones come. */
const LEFT_ALONE_MS = 3 * HOUR_MS;

/**
 * Sorts ad minutes of hours that have passed by who they belong to. Rows come in the order of their minutes, so those of one campaign
 * are everywhere; once sorted, a report on it reads a few blocks of each hour instead of all. Rows that come later just stand at the
 * end. Nothing but the order of rows changes, so it may be done at any time, or never.
 */
export class Clustering {
  readonly #connection: DuckDBConnection;
  /** Rows that are sorted together. */
  readonly #rows: number;
  /** Nothing is to be done before the latest minute has come so far, Unix ms. */
  #dueAt: UnixMs = 0;

  constructor(connection: DuckDBConnection, rows: number) {
    this.#connection = connection;
    this.#rows = rows;
  }

  /** Whether there is something to do once the latest minute is `latest`. */
  isDue(latest: UnixMs): boolean {
    return latest >= this.#dueAt;
  }

  /** Sorts one part; whether there may be another one. */
  async step(): Promise<boolean> {
    const connection = this.#connection;
    const [done, latest] = await this.#numbers(
      'SELECT (SELECT before FROM clustered), (SELECT max(minute) FROM ad_minutes)',
    );
    const before = hourOf(latest - LEFT_ALONE_MS);
    this.#dueAt = before + LEFT_ALONE_MS + HOUR_MS;
    if (before <= done) return false;
    const end = await this.#endOfPart(done, before);
    if (end === undefined) return false;
    await inTransaction(connection, async () => {
      const part = `minute >= ${done} AND minute < ${end}`;
      await connection.run(
        `CREATE TEMP TABLE part AS SELECT * FROM ad_minutes WHERE ${part}
         ORDER BY advertiser_id, campaign_id, ad_id, minute`,
      );
      await connection.run(`DELETE FROM ad_minutes WHERE ${part}`);
      await connection.run('INSERT INTO ad_minutes SELECT * FROM part');
      await connection.run('DROP TABLE part');
      await connection.run(`UPDATE clustered SET before = ${end}`);
    });
    // There may be more that has waited.
    this.#dueAt = 0;
    return true;
  }

  /** The hour with which enough rows come together from `from` on; undefined when there are too few before `before`. */
  async #endOfPart(from: UnixMs, before: UnixMs): Promise<UnixMs | undefined> {
    const hours = await this.#connection.runAndReadAll(
      `SELECT minute // ${HOUR_MS}, count(*) FROM ad_minutes WHERE minute >= ${from} AND minute < ${before}
       GROUP BY 1 ORDER BY 1`,
    );
    let rows = 0;
    for (const [hour, count] of hours.getRows()) {
      rows += Number(count);
      if (rows >= this.#rows) return (Number(hour) + 1) * HOUR_MS;
    }
    return undefined;
  }

  async #numbers(sql: string): Promise<number[]> {
    const result = await this.#connection.runAndReadAll(sql);
    return result.getRows()[0].map(Number);
  }
}
