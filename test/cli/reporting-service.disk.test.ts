import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReportingService } from '../../src/cli/union-load/reporting-service.ts';
import { startStubRegion, type StubRegion } from '../client/stub-region.ts';

let directory: string;
let region: StubRegion;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adtally-service-'));
  region = await startStubRegion();
});
afterEach(async () => {
  await region.close();
  await rm(directory, { recursive: true });
});

function start(threads: number, told: Error[] = []): ReportingService {
  const regions = [{ name: 'a', url: region.url, secret: undefined }];
  const options = { directory, memoryBytes: 64 * 1024 * 1024, threads, regions };
  return new ReportingService(options, (error) => told.push(error));
}

type Status = Awaited<ReturnType<ReportingService['status']>>;

/** The status once it is as `isDue` says. */
async function statusOnce(service: ReportingService, isDue: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await service.status();
    if (isDue(status)) return status;
    await sleep(10);
  }
}

test('a region that answers nonsense is a failure of its feeds, and a stop is prompt all the same', async () => {
  const service = start(1);
  const { feeds } = await statusOnce(
    service,
    (now) => now.state === 'running' && now.feeds.every(({ failures }) => failures > 0),
  );
  expect(feeds.map(({ kind, caughtUp, lagMs }) => [kind, caughtUp, lagMs])).toEqual([
    ['ad-minutes', false, null],
    ['attributed-orders', false, null],
  ]);
  expect(feeds[0].error).toContain('does not answer as a region does');
  await service.close();
  await expect(service.status()).resolves.toMatchObject({ state: 'closed', feeds: [] });
});

test('a stop in the middle of a start leaves nothing running', async () => {
  const service = start(1);
  await service.close();
  expect(await service.status()).toMatchObject({ state: 'closed', restarts: 0 });
});

test('a worker that ends is started again, until the service is closed', async () => {
  const told: Error[] = [];
  // No database has so few threads: it ends each time it begins.
  const service = start(0, told);
  const { error } = await statusOnce(service, ({ restarts }) => restarts >= 2);
  expect(error).toContain('cannot be opened');
  expect(told.length).toBeGreaterThanOrEqual(2);
  await service.close();
  const { length } = told;
  await sleep(50);
  expect(told.length).toBe(length);
});
