import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/base/units.ts';
import { applyJobs } from '../../src/cluster/jobs/apply-jobs.ts';
import { minuteOf } from '../../src/model/event-time.ts';
import type { PipelineConfig } from '../../src/pipeline/settings.ts';
import { deviations } from '../conformance/compare.ts';
import { configOf, readCases } from '../conformance/conformance-case.ts';
import { ClusterEngine } from './conformance/cluster-engine.ts';
import { awaited, JobRig } from './jobs/job-rig.ts';

const addresses = process.env['ADTALLY_CLUSTER'];
/** Cases are told apart by the minutes in which their events arrive. */
const CASE_MS = 5 * MINUTE_MS;

const FIRST = minuteOf(Date.now()) - 6 * 60 * MINUTE_MS;
const CASES = readCases((n) => FIRST + n * CASE_MS);
/** Those of the same settings share the jobs. */
const GROUPS = [...Map.groupBy(CASES, (one) => JSON.stringify(configOf(one)))];

/** The cases of test/conformance, which the embedded engine conforms to, on a real Kafka and Flink. */
describe.skipIf(addresses === undefined).each(GROUPS)('conformance of the cluster %s', (config, cases) => {
  let engine: ClusterEngine;

  beforeAll(async () => {
    const rig = new JobRig(addresses!, `k${Date.now().toString(36)}`, JSON.parse(config) as PipelineConfig);
    engine = new ClusterEngine(rig, CASE_MS);
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
    await engine.run(cases);
  }, 600_000);

  afterAll(() => engine.close());

  test.for(cases)('cluster: $title', async ({ clusterHas, ...one }) => {
    const expected = {
      ...one,
      adMinutes: [...one.adMinutes, ...(clusterHas?.adMinutes ?? [])],
      orders: [...one.orders, ...(clusterHas?.orders ?? [])],
    };
    const found = await awaited(
      () => deviations(expected, engine.outcomeOf(one)),
      (faults) => faults.length === 0,
      20_000,
    );
    expect(found).toEqual([]);
  });

  test.for(cases)('cluster: both regions hold the same of $title', (one) => {
    expect(engine.recordsOf(one, 'b')).toEqual(engine.recordsOf(one, 'a'));
  });
});
