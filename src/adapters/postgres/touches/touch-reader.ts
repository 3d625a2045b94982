import type { Touch, TouchBook, TouchPage, TouchQuery } from '../../../model/touch.ts';
import type { PostgresDatabase } from '../postgres-database.ts';

/** The touches of users, as Flink has written them. */
export class PostgresTouches implements TouchBook {
  readonly #database: PostgresDatabase;
  readonly #regions: readonly string[];

  /** `regions` in the order of the spec: an event that is held of two belongs to the first. */
  constructor(database: PostgresDatabase, regions: readonly string[]) {
    this.#database = database;
    this.#regions = regions;
  }

  newest({ userId, from, to, limit }: TouchQuery): Promise<TouchPage> {
    return this.#database.read(async (sql) => {
      const rows = await sql`
        SELECT *, count(*) OVER ()::int AS found FROM (
          SELECT DISTINCT ON (event_id) * FROM adtally.touches
          WHERE user_id = ${userId} AND event_time >= ${from} AND event_time <= ${to} AND is_counted
          ORDER BY event_id, array_position(${this.#regions as string[]}::text[], region)
        ) AS touches ORDER BY event_time DESC, event_id COLLATE "C" DESC LIMIT ${limit}`;
      return {
        touches: rows.map((row): Touch => ({
          eventId: row['event_id'] as string,
          eventType: row['event_type'] as Touch['eventType'],
          eventTime: Number(row['event_time']),
          adId: row['ad_id'] as string,
          campaignId: row['campaign_id'] as string,
          advertiserId: row['advertiser_id'] as string,
          merchantId: row['merchant_id'] as string | null,
          region: row['region'] as string,
        })),
        found: (rows[0]?.['found'] as number | undefined) ?? 0,
      };
    });
  }
}
