import { VERDICTS } from '../model/verdict.ts';
import type { AuditReport, CellSums } from './ports.ts';
import type { Aggregation } from './state/aggregation.ts';
import { readCounts } from './state/arrival-counters.ts';
import { addSums } from './state/cells.ts';

/** Holds the region's books against each other: totals, minutes of arrival, cells, and what was counted in all. */
export function auditOf(state: Aggregation): AuditReport {
  const { cells, counters, sums } = state;
  const { received, verdicts } = readCounts(counters.total);
  const earlier = readCounts(counters.earlier);
  const minutes = counters.list();
  const held = cells.sums();
  const counted: CellSums = {
    records: held.records + cells.retired.records,
    impressions: sums.impressions,
    clicks: sums.clicks,
    costMicros: sums.costMicros,
  };
  const differences: string[] = [];
  const compare = (what: string, left: number | bigint, right: number | bigint): void => {
    if (left !== right) differences.push(`${what}: ${left} is not ${right}`);
  };

  compare(
    'received and the sum of the verdicts',
    received,
    VERDICTS.reduce((sum, verdict) => sum + verdicts[verdict], 0),
  );
  for (const verdict of VERDICTS) {
    const perMinute = minutes.reduce(
      (sum, minute) => sum + minute.verdicts[verdict],
      earlier.verdicts[verdict],
    );
    compare(`${verdict} in all and by minute of arrival`, verdicts[verdict], perMinute);
  }
  for (const minute of minutes) {
    const sum = VERDICTS.reduce((total, verdict) => total + minute.verdicts[verdict], 0);
    compare(
      `received in the minute of arrival ${minute.minute} and the sum of its verdicts`,
      minute.received,
      sum,
    );
  }
  const resummed = addSums(held, cells.retired);
  compare(
    'counted events and the sum of impressions and clicks',
    verdicts.counted,
    sums.impressions + sums.clicks,
  );
  compare('impressions counted and in cells', counted.impressions, resummed.impressions);
  compare('clicks counted and in cells', counted.clicks, resummed.clicks);
  compare('cost counted and in cells', counted.costMicros, resummed.costMicros);
  return {
    balanced: differences.length === 0,
    received,
    verdicts,
    minutes,
    earlier,
    cells: held,
    retiredCells: cells.retired,
    counted,
    differences,
  };
}
