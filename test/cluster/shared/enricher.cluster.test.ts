import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  detailsOf,
  startOrderService,
  type RunningOrderService,
} from '../../../examples/order-service/order-service.ts';
import { runEnricher, type RunningEnricher } from '../../../src/cli/cluster/enricher/enricher-process.ts';
import type { ClusterAddresses } from '../../../src/cluster/addresses.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig, PipelineSpec } from '../../../src/pipeline/settings.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';
import { JobRig, awaited, type TopicRecord } from '../jobs/job-rig.ts';

const { addresses } = await sharedCluster();

/** Orders of a real Kafka and Flink, and a small order service that is asked for them. */
describe('the enricher of a cluster', { timeout: 300_000 }, () => {
  const run = `n${Date.now().toString(36)}`;
  const config = { enrichment: { url: 'http://127.0.0.1:9' } } as const satisfies PipelineConfig;
  const brokers = brokersIn(addresses);
  const running = new Set<{ close(): Promise<void> }>();
  let rig: JobRig;

  beforeAll(async () => {
    rig = new JobRig(addresses, run, config, { sides: ['a'] });
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
  }, 300_000);

  afterAll(async () => {
    for (const one of running) await one.close();
    await rig.close();
  });

  /** Orders `name-0` and so on, of a user without touches. */
  async function sendOrders(name: string, count: number, over: Record<string, unknown> = {}): Promise<void> {
    const arrival = Date.now();
    const bodies = Array.from({ length: count }, (_, n) =>
      JSON.stringify({
        orderId: `${name}-${n}`,
        orderTime: arrival,
        userId: `${name}-user`,
        merchantId: 'm',
        amountMicros: 1000 + n,
        ...over,
      }),
    );
    await rig.send(
      bodies.map((body) => ({ at: 'a', kind: 'order', arrival, body, clusterVerdict: null }) as const),
    );
  }

  const recordsOf = (name: string): TopicRecord[] =>
    [...rig.records('a', 'loadAttributedOrders').values()].filter(({ orderId }) =>
      String(orderId).startsWith(`${name}-`),
    );

  /** Waits until `count` orders have this status; how many have. */
  const whoHas = (name: string, status: string, count: number): Promise<number> =>
    awaited(
      () => recordsOf(name).filter((one) => one['enrichmentStatus'] === status).length,
      (found) => found === count,
      60_000,
    );

  async function enricher(url: string, over: PipelineConfig['enrichment'] = {}): Promise<RunningEnricher> {
    const spec = specOf(rig.names.a, { url, backoff: 50, timeout: 500, ...over });
    const one = await runEnricher({ spec, region: rig.names.a, brokers });
    running.add(one);
    return one;
  }

  async function service(options = {}): Promise<RunningOrderService> {
    const one = await startOrderService(options);
    running.add(one);
    return one;
  }

  test('orders are pending until somebody asks, then they have their details', async () => {
    await sendOrders('first', 20);
    expect(await whoHas('first', 'pending', 20)).toBe(20);
    const one = await enricher((await service()).url);
    expect(await whoHas('first', 'ok', 20)).toBe(20);
    for (const { orderId, enrichment } of recordsOf('first')) {
      expect(JSON.parse(String(enrichment))).toEqual(detailsOf(String(orderId)));
    }
    expect(one.status()).toMatchObject({ results: { ok: 20 }, submitFailures: 0 });
    await one.close();
  });

  test('a change of an order keeps its details, and a new version is asked for anew', async () => {
    const before = recordsOf('first').find(({ orderId }) => orderId === 'first-0')!;
    await sendOrders('first', 1, { orderVersion: 2, amountMicros: 7 });
    expect(await whoHas('first', 'pending', 1)).toBe(1);
    const pending = recordsOf('first').find(({ orderId }) => orderId === 'first-0')!;
    expect(pending).toMatchObject({ orderVersion: 2, enrichment: before['enrichment'] });
    expect(pending.revision).toBeGreaterThan(before.revision);
    const one = await enricher((await service()).url);
    expect(await whoHas('first', 'ok', 20)).toBe(20);
    // Those before were not asked for again: it began where the other one had come to.
    expect(one.status().questions).toBeLessThan(20);
    await one.close();
  });

  test('of a service that fails, hangs or lies records are out at once, and the jobs go on', async () => {
    const jobsBefore = await runningJobs();
    for (const hostile of ['redirect', 'huge', 'badjson', 'slow', 'close'] as const) {
      const one = await enricher((await service({ hostile })).url, { deadline: '4s' });
      await sendOrders(hostile, 5);
      expect(await whoHas(hostile, 'pending', 5)).toBe(5);
      expect(await whoHas(hostile, 'unavailable', 5)).toBe(5);
      expect(
        recordsOf(hostile).map(({ creditMicros, enrichment }) => [creditMicros, enrichment ?? null]),
      ).toEqual(Array.from({ length: 5 }, () => [0, null]));
      await one.close();
    }
    expect(await runningJobs()).toEqual(jobsBefore);
  });

  test('of two the later one goes on where the other one was, and the other one ends', async () => {
    const slow = await service({ latencyMs: 1500 });
    const first = await enricher(slow.url, { timeout: '10s', concurrency: 1 });
    await sendOrders('left', 30);
    await awaited(
      () => recordsOf('left').filter((one) => one['enrichmentStatus'] === 'ok').length,
      (count) => count > 0,
    );
    const second = await enricher((await service()).url);
    await expect(first.failed).rejects.toMatchObject({ code: 'kafka_fenced' });
    expect(await whoHas('left', 'ok', 30)).toBe(30);
    expect(second.status().results.ok).toBeLessThan(40);
    await first.close();
    await second.close();
  });

  async function runningJobs(): Promise<string[]> {
    const jobs = await rig.services.jobManager.jobs();
    return jobs.map(({ id, state }) => `${id} ${state}`).toSorted();
  }
});

function specOf(region: string, enrichment: NonNullable<PipelineConfig['enrichment']>): PipelineSpec {
  return resolveSpec({ regions: [region], enrichment }, { environment: {}, flags: {} });
}

function brokersIn({ regions }: ClusterAddresses): string[] {
  return [Object.values(regions)[0].kafka];
}
