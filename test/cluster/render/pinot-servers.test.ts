import { expect, test } from 'vitest';
import { GROUPS_MAX } from '../../../src/cluster/pinot/figures-sql.ts';
import { pinotServerProperties } from '../../../src/cluster/render/pinot-servers.ts';
import { PINOT_DIALECTS } from '../../../src/cluster/render/pinot-tables.ts';

test.for(PINOT_DIALECTS)(
  'a server of %s keeps as many groups as are asked for, and catches up first',
  (dialect) => {
    const properties = pinotServerProperties(dialect);
    expect(properties['pinot.server.query.executor.num.groups.limit']).toBe(String(GROUPS_MAX));
    expect(Number(properties['pinot.server.starter.realtimeConsumptionCatchupWaitMs'])).toBeGreaterThan(0);
    expect(Object.keys(properties).join(' ')).toMatch(
      /Realtime(Offset|Freshness)BasedConsumptionStatusChecker/,
    );
  },
);
