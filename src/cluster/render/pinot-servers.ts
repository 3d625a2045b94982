import type { PinotDialect } from './pinot-tables.ts';

/** Most groups of a statement that a server keeps; Pinot’s own default of 100,000 would cut larger reports off. */
const SERVER_GROUPS_MAX = 1_000_000;

/** Longest that a server that starts again reads what it has missed before it answers queries, ms. */
const CATCH_UP_MS = { '0.11': 10_000, '1.x': 60_000 } as const;

/**
 * What a Pinot server must be told besides addresses and directories. Without a time to catch up it answers while it still reads its
 * open segments again, and that is a part of the figures. The end of a topic with transactions is a mark that is no record, and a
 * server never sees that it has reached it: 0.11 waits for the whole of the time, later versions until nothing new has come for a while.
 */
export function pinotServerProperties(dialect: PinotDialect): Readonly<Record<string, string>> {
  const starter = 'pinot.server.starter';
  return {
    'pinot.server.query.executor.num.groups.limit': String(SERVER_GROUPS_MAX),
    [`${starter}.realtimeConsumptionCatchupWaitMs`]: String(CATCH_UP_MS[dialect]),
    ...(dialect === '0.11'
      ? { [`${starter}.enableRealtimeOffsetBasedConsumptionStatusChecker`]: 'true' }
      : {
          [`${starter}.enableRealtimeFreshnessBasedConsumptionStatusChecker`]: 'true',
          [`${starter}.realtimeMinFreshnessMs`]: '5000',
          [`${starter}.realtimeFreshnessIdleTimeoutMs`]: '5000',
        }),
  };
}
