import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ZodType } from 'zod';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { ErrorCode } from '../../src/base/errors.ts';
import { ERRORS } from '../../src/base/errors.ts';
import type { BudgetService } from '../../src/budget/budget-service.ts';
import type { PeerLink, Region } from '../../src/embedded/ports.ts';
import type { Upkeep } from '../../src/union-load/ports.ts';
import type { Reports } from '../../src/reporting/reports.ts';
import { openRegion } from '../../src/embedded/region-engine.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig } from '../../src/pipeline/settings.ts';
import type { DemoControl } from '../../src/server/demo/demo-control.ts';
import { type KeyStore, keyStoreOf } from '../../src/server/keys.ts';
import { problem } from '../../src/server/openapi/schemas.ts';
import { openBudget } from '../../src/cli/budget/region-budget.ts';
import { startServer } from '../../src/server/server.ts';
import { AuditTrail } from '../../src/server/trail/audit-trail.ts';
import { TrailFile } from '../../src/server/trail/trail-file.ts';

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly region: Region;
  readonly budget: BudgetService;
  readonly trail: AuditTrail;
  readonly directory: string;
  renewTls(): void;
  /** Unexpected errors the server told of; close() throws when there are any left. */
  readonly logged: unknown[];
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: BodyInit, headers?: Record<string, string>): Promise<Response>;
  stopServer(): Promise<void>;
  close(): Promise<void>;
}

export interface TestServerOptions {
  readonly config?: PipelineConfig;
  readonly keys?: KeyStore;
  readonly clock?: Clock;
  readonly dashboard?: string;
  readonly peerSecret?: string;
  readonly reports?: Reports;
  readonly peer?: PeerLink;
  readonly demo?: DemoControl;
  readonly upkeep?: Upkeep;
  /** Stands between the server and the region. */
  readonly wrap?: (region: Region) => Region;
}

/** A server over a region on a temporary directory, on a free port of loopback. */
export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const {
    config = {},
    keys = keyStoreOf([]),
    clock = nodeClock,
    wrap = (region: Region) => region,
  } = options;
  const { dashboard, peerSecret, reports, peer, demo, upkeep } = options;
  const spec = resolveSpec(
    { ...config, server: { port: 0, ...config.server } },
    { environment: {}, flags: {} },
  );
  const directory = await mkdtemp(join(tmpdir(), 'adtally-server-'));
  const region = await openRegion({
    name: 'a',
    spec,
    disk: new NodeDisk(directory),
    clock: nodeClock,
    entropy: (length) => randomBytes(length),
  });
  const logged: unknown[] = [];
  const log = { error: (fields: object): unknown => logged.push(fields) };
  const budget = openBudget(region, directory, { retentionMs: spec.budget.retention });
  const trail = new AuditTrail(new TrailFile(directory), nodeClock);
  const closeRegion = async (): Promise<void> => {
    await budget.close();
    await region.close();
    await rm(directory, { recursive: true });
  };
  const starting = startServer({
    region: wrap(region),
    budget: budget.service,
    reports: () => reports,
    upkeep: () => upkeep,
    spec,
    keys,
    clock,
    log,
    trail,
    peer,
    demo,
    ...(peerSecret === undefined ? {} : { peerSecret }),
    ...(dashboard === undefined ? {} : { dashboard }),
  });
  await starting.catch(closeRegion);
  const server = await starting;
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    region,
    budget: budget.service,
    trail,
    directory,
    renewTls: () => server.renewTls(),
    logged,
    get: (path, init) => fetch(server.url + path, init),
    post: (path, body, headers = { 'content-type': 'application/json' }) =>
      fetch(server.url + path, { method: 'POST', body, headers }),
    stopServer: () => server.close(),
    async close() {
      await server.close();
      await closeRegion();
      if (logged.length > 0) throw new Error('The server told of unexpected errors.', { cause: logged });
    },
  };
}

/** The region with some members of its own. */
export function withMembers(region: Region, members: Partial<Region>): Region {
  return new Proxy(region, {
    get(target, name) {
      const member = Reflect.get(Object.hasOwn(members, name) ? members : target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

let eventCount = 0;

/** A valid event of now with an id of its own. */
export function event(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    eventId: `e-${++eventCount}`,
    eventType: 'impression',
    eventTime: Date.now(),
    adId: 'ad-1',
    campaignId: 'c-1',
    advertiserId: 'adv-1',
    userId: 'u-1',
    costMicros: 1500,
    ...over,
  };
}

export function events(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, () => event());
}

/** The JSON of an answer, which must be a 200 of the documented shape. */
export async function expectJson<Shape>(response: Response, schema: ZodType<Shape>): Promise<Shape> {
  const text = await response.text();
  const type = response.headers.get('content-type');
  expect({ status: response.status, type, text }).toMatchObject({
    status: 200,
    type: 'application/json; charset=utf-8',
  });
  return schema.parse(JSON.parse(text));
}

/** The detail of an answer, which must be a problem with this code and all a problem has. */
export async function expectProblem(response: Response, code: ErrorCode): Promise<string> {
  const text = await response.text();
  const type = response.headers.get('content-type');
  expect({ type, text }).toMatchObject({ type: 'application/problem+json; charset=utf-8' });
  const given = problem.parse(JSON.parse(text));
  const { status, title, advice } = ERRORS[code];
  expect(given).toMatchObject({ code, status, title, advice });
  expect(response.status).toBe(status);
  expect(response.headers.get('x-request-id')).toBe(given.requestId);
  return given.detail;
}
