import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZodType } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { BudgetDesk } from '../budget/budget-desk.ts';
import type { BudgetService } from '../budget/budget-service.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { Region } from '../embedded/ports.ts';
import type { TouchBook } from '../model/touch.ts';
import type { Ingest } from '../model/request/ingest.ts';
import type { Reports, WarehouseView } from '../reporting/reports.ts';
import type { Upkeep } from '../union-load/ports.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import type { DemoControl } from './demo/demo-control.ts';
import type { Asset, Assets } from './assets.ts';
import type { Intake } from './body/intake.ts';
import type { Parameters } from './parameters.ts';
import type { AuditTrail } from './trail/audit-trail.ts';

/** Figures of a server, and of the requests it answers. */
export interface HttpMetrics {
  readonly contentType: string;
  observeRequest(method: string, route: string, status: number, durationMs: number): void;
  /** Prometheus text. */
  render(): Promise<string>;
  close(): void;
}

/** What the routes of every server share. */
export interface ServingContext {
  readonly spec: PipelineSpec;
  readonly clock: Clock;
  readonly intake: Intake;
  readonly metrics: HttpMetrics;
  /** The text of /openapi.json. */
  readonly openApiJson: string;
  /** Aborted when the server begins to stop: long polls answer, streams end. */
  readonly stopping: AbortSignal;
  /** Why the server cannot do its work, should that be so. */
  readonly failure: Error | undefined;
}

/** What the routes share of whatever takes in events: of a region, and of the gateway of a cluster. */
export interface IngestContext extends ServingContext {
  readonly ingest: Ingest;
}

/** What the routes of budgets need, of whichever ledger they are. */
export interface BudgetContext extends ServingContext {
  /** Undefined where the server runs without budgets. */
  readonly budget: BudgetDesk | undefined;
  /** What operators did; without it they can do nothing. */
  readonly trail: AuditTrail | undefined;
}

/** What the routes of reports need, of whichever store they are. */
export interface ReportContext extends IngestContext {
  /** Undefined where the server runs without a reporting store, or not yet with one. */
  readonly reports: () => Reports | undefined;
}

/** What the page is told and shown by: of a region, and of the gateway of a cluster. */
export interface PageContext extends IngestContext {
  readonly engine: Engine;
  /** What the server answers, as `GET /v1/live`: the page shows the views that are made of it. */
  readonly offers: readonly string[];
  readonly assets: Assets;
  readonly live: LiveFrames;
}

export const ENGINES = ['embedded', 'cluster'] as const;
export type Engine = (typeof ENGINES)[number];

/** What follows the live figures. */
export interface LiveFrames {
  /** Calls `viewer` with the JSON of a frame, now and twice a second; returns how to stop. */
  watch(viewer: (frame: string) => void): () => void;
}

/** What the route of touches needs, wherever they are kept. */
export interface TouchContext extends ServingContext {
  /** Undefined where the server was not told where they are. */
  readonly touches: TouchBook | undefined;
}

/** What the routes of the server of a region share. */
export interface ServerContext extends ReportContext, PageContext, TouchContext {
  readonly region: Region;
  /** Undefined where the server runs without budgets. */
  readonly budget: BudgetService | undefined;
  /** Undefined where the server runs without a warehouse, or not yet with one. */
  readonly warehouse: () => WarehouseView | undefined;
  /** Undefined where there are no stores to look after, or not yet. */
  readonly upkeep: () => Upkeep | undefined;
  /** Has the order service asked again at once for what rests. */
  readonly retryEnrichment: () => void;
  /** The supervisor, where the region is a part of the demo. */
  readonly demo: DemoControl | undefined;
  /** What operators did; without it they can do nothing. */
  readonly trail: AuditTrail | undefined;
  /** The client library, as pages load it. */
  readonly clientScript: Asset;
}

/**
 * Who may call a route once there are keys: anyone; operators always; besides them publishers, advertisers within what is
 * theirs (the handler asks advertiserScope), the other region, advertisers and the other region, or, for the page, whoever reads.
 */
export type Access =
  | 'anyone'
  | 'publisher'
  | 'advertiser'
  | 'operator'
  | 'peer'
  | 'advertiser-or-peer'
  | 'page';

/**
 * A route and its description: what is registered and what /openapi.json says come from the same entry. `Context` is what its
 * handler needs of the server.
 */
export interface Route<Context extends ServingContext = ServerContext> {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Pattern with `:name` for one segment and `*` for the rest. */
  readonly url: string;
  readonly access: Access;
  /** Null keeps pages and their files out of /openapi.json. */
  readonly operation: Operation | null;
  readonly handler: (context: Context) => Handler;
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export interface Operation {
  readonly id: string;
  readonly tag: 'Ingest' | 'Figures' | 'Budgets' | 'Books' | 'Operation';
  readonly summary: string;
  readonly description: string;
  readonly query?: Parameters;
  readonly path?: Parameters;
  readonly headers?: Parameters;
  readonly body?: {
    readonly about: (limits: PipelineSpec['limits']) => string;
    readonly content: readonly Content[];
  };
  readonly answer: { readonly about: string; readonly content: readonly Content[] };
  /** Expected failures besides those that every route has. */
  readonly errors: readonly ErrorCode[];
}

export interface Content {
  readonly type: string;
  readonly schema: ZodType;
  readonly example: unknown;
}

/** What `routes` answer, as PageContext has it. */
export function offersOf(routes: readonly Pick<Route, 'method' | 'url'>[]): string[] {
  return routes.map(({ method, url }) => `${method} ${url}`);
}

const JSON_TYPE = 'application/json; charset=utf-8';
export const EVENT_STREAM_TYPE = 'text/event-stream';

/** Sends text that is JSON already. */
export function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.header('content-type', JSON_TYPE).send(json);
}
