import type { Region } from '../../embedded/ports.ts';
import type { AdMinuteFigures } from '../../model/ad-minute.ts';
import { expectEqual, expectThat, type Checker } from './checker.ts';
import { recordsOf } from './exact-figures.ts';

/** What anybody has seen never goes back, whatever crashes: not a record, not a count, not the audit. */
export function lastingFigures(): Checker {
  const seen = new Map<string, AdMinuteFigures>();
  let received = 0;

  function look(region: Region): void {
    for (const [cell, record] of recordsOf(region)) {
      const before = seen.get(cell);
      if (before !== undefined) expectNoStepBack(before, record);
      seen.set(cell, record);
    }
    const now = region.audit().received;
    expectThat(now >= received, () => `${now} events received in all, after ${received} had been seen`);
    received = now;
  }

  return {
    name: 'what was seen never goes back',
    observed: look,
    died: look,
    atRest: ({ region, truth }) => {
      const records = recordsOf(region);
      for (const [cell, { minute }] of seen) {
        if (minute < truth.oracle.retiredBefore) seen.delete(cell);
        else expectThat(records.has(cell), () => `record ${cell} was seen and is gone`);
      }
      look(region);
    },
  };
}

/** No record goes back to an earlier revision, though what it counts may become less. */
export function lastingRevisions(): Checker {
  const seen = new Map<string, number>();
  return {
    name: 'no revision goes back',
    observed: (region) => {
      for (const [cell, { revision }] of recordsOf(region)) {
        const before = seen.get(cell) ?? 0;
        expectThat(revision >= before, () => `record ${cell} went back from ${before} to ${revision}`);
        seen.set(cell, revision);
      }
    },
  };
}

export function expectNoStepBack(before: AdMinuteFigures, after: AdMinuteFigures): void {
  const where = `record ${after.adId} ${after.minute} ${after.currency}`;
  expectThat(
    after.revision >= before.revision,
    () => `${where} went back from ${before.revision} to ${after.revision}`,
  );
  if (after.revision === before.revision) expectEqual(`${where} at one revision`, after, before);
  for (const sum of ['impressions', 'clicks', 'costMicros'] as const) {
    expectThat(
      after[sum] >= before[sum],
      () => `${where}: ${sum} went back from ${before[sum]} to ${after[sum]}`,
    );
  }
}
