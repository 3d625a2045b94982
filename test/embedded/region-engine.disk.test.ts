import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { openRegion } from '../../src/embedded/region-engine.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import type { PipelineSpec } from '../../src/pipeline/settings.ts';

const NOW = Date.now();

function event(id: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    eventId: id,
    eventType: 'impression',
    eventTime: NOW,
    adId: 'ad-1',
    campaignId: 'c-1',
    advertiserId: 'adv-1',
    userId: 'u-1',
    costMicros: 1500,
    ...over,
  };
}

const body = (...events: unknown[]): Buffer => Buffer.from(JSON.stringify(events));

function specWith(limits: { touchMemory?: number }): PipelineSpec {
  const spec = resolveSpec({}, { environment: {}, flags: {} });
  return { ...spec, limits: { ...spec.limits, ...limits } };
}

describe('a region on a real disk', () => {
  let directory: string;
  let region: Region;

  const open = (limits: { touchMemory?: number } = {}): Promise<Region> =>
    openRegion({
      name: 'a',
      spec: specWith(limits),
      disk: new NodeDisk(directory),
      clock: nodeClock,
      entropy: (bytes) => randomBytes(bytes),
    });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'adtally-'));
    region = await open();
  });

  afterEach(async () => {
    await region.close();
    await rm(directory, { recursive: true });
  });

  test('counts each event once and says what became of the others', async () => {
    const receipt = await region.ingest(
      body(event('e1'), event('e2', { eventType: 'click' }), event('e1'), event('e1', { adId: 'ad-2' }), {
        nothing: 1,
      }),
      'json',
    );
    expect(receipt.verdicts).toEqual({
      counted: 2,
      duplicate: 1,
      conflict: 1,
      late: 0,
      future: 0,
      invalid: 1,
    });
    expect(receipt.problems.map(({ index, code }) => [index, code])).toEqual([
      [2, 'duplicate'],
      [3, 'conflict'],
      [4, 'missing_field'],
    ]);
    const [record, ...others] = region.changedAdMinutes(undefined, 10).records;
    expect(others).toEqual([]);
    expect(record).toMatchObject({ adId: 'ad-1', impressions: 1, clicks: 1, costMicros: 3000, revision: 2 });
    expect(region.audit().balanced).toBe(true);
  });

  test('shows the same after a restart, with and without a snapshot', async () => {
    await region.ingest(body(event('e1'), event('e2', { eventTime: 5 })), 'json');
    await region.snapshot();
    await region.ingest(body(event('e3'), event('e1')), 'json');
    const before = { page: region.changedAdMinutes(undefined, 10), audit: region.audit() };
    await region.close();
    region = await open();
    expect(region.changedAdMinutes(undefined, 10)).toEqual(before.page);
    expect(region.audit()).toEqual(before.audit);
    expect((await region.ingest(body(event('e3')), 'json')).verdicts.duplicate).toBe(1);
    expect((await region.quarantine({ limit: 5 })).entries).toMatchObject([
      { verdict: 'late', eventId: 'e2' },
    ]);
  });

  test('judges quarantined events again when asked to', async () => {
    await region.ingest(body(event('e1'), event('e1', { adId: 'other' }), { nothing: 1 }), 'json');
    const held = (await region.quarantine({ limit: 5 })).entries;
    expect(held.map(({ code }) => code)).toEqual(['missing_field', 'conflict']);
    const receipt = await region.replayQuarantine(held.map(({ id }) => id));
    expect(receipt.verdicts).toMatchObject({ invalid: 1, conflict: 1 });
    expect((await region.quarantine({ limit: 5 })).held).toBe(2);
    expect(region.audit()).toMatchObject({ balanced: true, received: 5 });
  });

  test('shows the touches of a user from the disk and from memory, after restarts too', async () => {
    const ids = (): string[] => region.touches('u-1', 0, NOW * 2).map(({ eventId }) => eventId);
    await region.ingest(body(event('e1'), event('e2', { userId: 'u-2' }), event('e1')), 'json');
    await region.snapshot();
    await region.ingest(body(event('e3', { eventTime: NOW + 1 }), event('late', { eventTime: 5 })), 'json');
    expect(ids()).toEqual(['e1', 'e3']);
    await region.close();
    region = await open();
    expect(ids()).toEqual(['e1', 'e3']);
    expect(region.status()).toMatchObject({ touches: 3, touchRuns: 2 });
  });

  test('does not stay full when more touches came than there is memory for while others were written', async () => {
    await region.close();
    // Full with a single touch.
    region = await open({ touchMemory: 200 * 1024 });
    const codeOf = (id: string): Promise<string> =>
      region.ingest(body(event(id)), 'json').then(
        () => 'ok',
        (error: { code: string }) => error.code,
      );
    let sent = 0;
    for (let refusals = 0; refusals < 5; sent++) {
      const code = await codeOf(`e${sent}`);
      if (code === 'ok') continue;
      expect(code).toBe('overloaded');
      refusals++;
      await expect.poll(() => codeOf(`again ${sent}`)).toBe('ok');
    }
    expect(region.status().touches).toBe(region.status().verdicts.counted);
  });

  test('refuses events while touches have filled their memory, and takes them again once they are written', async () => {
    await region.close();
    region = await open({ touchMemory: 1024 * 1024 });
    let refused = 0;
    let sent = 0;
    while (refused < 3) {
      const bodies = Array.from({ length: 20 }, () =>
        body(...Array.from({ length: 1000 }, () => event(`${(sent += 1)}`, { userId: `u${sent % 100}` }))),
      );
      const results = await Promise.allSettled(bodies.map((one) => region.ingest(one, 'json')));
      const errors = results.flatMap((one) =>
        one.status === 'rejected' ? [one.reason as { code: string }] : [],
      );
      expect(errors.filter(({ code }) => code !== 'overloaded')).toEqual([]);
      refused += errors.length;
    }
    const counted = region.status().verdicts.counted;
    await expect.poll(() => region.status().touchMemoryBytes).toBeLessThan(1024 * 1024);
    await region.ingest(body(event('last')), 'json');
    expect(region.status().touches).toBe(counted + 1);
  });
});
