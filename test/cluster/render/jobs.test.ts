import { describe, expect, test } from 'vitest';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import { jobDigest, jobScript, type RenderedJob } from '../../../src/cluster/render/rendered-job.ts';
import type { JobInput } from '../../../src/cluster/render/rendered-job.ts';
import { jobInput } from './job-input.ts';

const scripts = (jobs: readonly RenderedJob[]): string => jobs.map(jobScript).join('\n');
const digests = (input = jobInput('a')): string[] => renderRegionJobs(input).map(jobDigest);
const writing = (region: string): JobInput => ({ ...jobInput(region), options: { hasWarehouse: true } });
const touching = (region: string): JobInput => ({ ...jobInput(region), options: { hasTouches: true } });

describe('the jobs of a region', () => {
  test.for(['a', 'b'])('of region %s are those of the golden files', async (region) => {
    for (const job of renderRegionJobs(jobInput(region))) {
      await expect(jobScript(job)).toMatchFileSnapshot(`golden/${region}-${job.kind}.sql`);
    }
  });

  test('of a region that is alone read no other one’s topics', async () => {
    const jobs = renderRegionJobs(jobInput('a', { regions: ['a'] }));
    await expect(scripts(jobs)).toMatchFileSnapshot('golden/alone.sql');
    expect(scripts(jobs)).not.toMatch(/'b\./);
  });

  test('write the warehouse where that is asked for, in the first region', async () => {
    const [, , , warehouse] = renderRegionJobs(writing('a'));
    await expect(jobScript(warehouse)).toMatchFileSnapshot('golden/a-warehouse.sql');
    expect(renderRegionJobs(writing('b')).map(({ kind }) => kind)).not.toContain('warehouse');
  });

  test('write touches where that is asked for, in the first region', async () => {
    const [, , , touches] = renderRegionJobs(touching('a'));
    await expect(jobScript(touches)).toMatchFileSnapshot('golden/a-touches.sql');
    expect(renderRegionJobs(touching('b')).map(({ kind }) => kind)).not.toContain('touches');
    const { postgres: _none, ...addresses } = jobInput('a').addresses;
    expect(() => renderRegionJobs({ ...touching('a'), addresses })).toThrow(/has no PostgreSQL/);
  });

  test('read the answers of the order service where there is one, and never ask it', async () => {
    const enrichment = { url: 'http://orders.test/secret' };
    const jobs = renderRegionJobs(jobInput('a', { regions: ['a'], enrichment }));
    await expect(scripts(jobs.slice(1))).toMatchFileSnapshot('golden/enriched.sql');
    expect(scripts(jobs)).not.toMatch(/orders\.test/);
    const [, , , warehouse] = renderRegionJobs({
      ...jobInput('a', { enrichment }),
      options: { hasWarehouse: true },
    });
    expect(jobScript(warehouse)).toMatch(/`enrichment`, `enrichmentStatus`/);
  });

  test('take every duration and rule from the spec', () => {
    const before = scripts(renderRegionJobs(jobInput('b')));
    const changes = [
      { maxEventAge: '23h' },
      { maxClockSkew: '9m' },
      { dedupeWindow: '25h' },
      { retention: { log: '4d' } },
      { retention: { orders: '31d' } },
      { attribution: { clickWindow: '6d' } },
      { attribution: { viewWindow: '23h' } },
      { attribution: { maxOrderAge: '23h' } },
      { attribution: { merchantMatch: 'any' } },
    ] as const;
    const texts = changes.map((config) => scripts(renderRegionJobs(jobInput('b', config))));
    expect(new Set([before, ...texts]).size).toBe(changes.length + 1);
  });

  test('keep what they know for as long as the log is kept beyond the window', () => {
    const config = { dedupeWindow: '30h', retention: { log: '40h' } } as const;
    const [aggregation] = renderRegionJobs(jobInput('a', config));
    const ttlMs = Number.parseInt(aggregation.settings['table.exec.state.ttl'], 10);
    expect(ttlMs).toBeGreaterThanOrEqual(70 * 3_600_000);
  });

  test('have one state for the ids of events, whatever their sinks', () => {
    const [aggregation] = renderRegionJobs(jobInput('b'));
    expect(aggregation.settings['table.optimizer.reuse-optimize-block-with-digest-enabled']).toBe('true');
    expect(jobScript(aggregation).match(/ OVER byId/g)).toHaveLength(3);
  });

  test('end each other’s transactions in no case', () => {
    const jobs = ['a', 'b'].flatMap((region) => renderRegionJobs(jobInput(region)));
    const prefixes = [...scripts(jobs).matchAll(/'sink\.transactional-id-prefix' = '([^']+)'/g)].map(
      ([, prefix]) => prefix,
    );
    expect(prefixes).toHaveLength(16);
    expect(new Set(prefixes).size).toBe(16);
    // Of two prefixes one must not be the beginning of the other: Flink ends what begins with its own.
    const clashes = prefixes.filter((one) =>
      prefixes.some((other) => other !== one && other.startsWith(`${one}-`)),
    );
    expect(clashes).toEqual([]);
    expect(scripts(jobs).match(/'sink\.transaction-naming-strategy' = 'POOLING'/g)).toHaveLength(16);
    expect(scripts(jobs).match(/'sink\.delivery-guarantee' = 'exactly-once'/g)).toHaveLength(16);
  });

  test('have another digest when anything of them changes, and the same when nothing does', () => {
    expect(digests()).toEqual(digests());
    const slower = { ...jobInput('a'), options: { checkpointIntervalMs: 5000 } };
    expect(digests(slower).filter((digest) => digests().includes(digest))).toEqual([]);
  });

  test('share credit as many models as there are by the list of one state', async () => {
    const attribution = {
      models: ['last_touch', 'first_touch', 'linear', 'time_decay'],
      touchesMax: 3,
    } as const;
    const [, job] = renderRegionJobs(jobInput('b', { attribution }));
    await expect(jobScript(job)).toMatchFileSnapshot('golden/models.sql');
    // Whatever is read twice has its state twice.
    for (const once of [/ARRAY_AGG/g, /FROM `pairs`/g, /FROM `numbered`/g, /FROM `best`/g])
      expect(jobScript(job).match(once)).toHaveLength(1);
    const [, first] = renderRegionJobs(jobInput('a', { attribution: { models: ['first_touch'] } }));
    expect(jobScript(first)).not.toMatch(/ORDINALITY/);
  });

  test.for([
    [{ models: ['time_decay'], touchesMax: 101 }, /attribution\.touchesMax is 101; .* at most 100 touches/],
    [{ models: ['time_decay'], timeDecayHalfLife: '31d' }, /timeDecayHalfLife is 31d; .* at most 30d/],
    [{ models: ['linear'], touchesMax: 251 }, /attribution\.touchesMax is 251; .* at most 250 touches/],
  ] as const)('are refused for attribution with %j', ([attribution, message]) => {
    expect(() => renderRegionJobs(jobInput('a', { attribution }))).toThrow(message);
  });

  test('are refused for a region of which nothing is known', () => {
    expect(() => renderRegionJobs(jobInput('c'))).toThrow(/Region c is none of the spec's: a, b/);
    const input = jobInput('c', { regions: ['a', 'c'] });
    expect(() => renderRegionJobs(input)).toThrow(
      /Region c has no Kafka among the addresses of the cluster, which know a, b/,
    );
  });
});
