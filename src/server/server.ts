import type { Clock } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import type { BudgetService } from '../budget/budget-service.ts';
import type { PeerLink, Region } from '../embedded/ports.ts';
import type { Reports, WarehouseView } from '../reporting/reports.ts';
import type { TouchBook } from '../model/touch.ts';
import type { Upkeep } from '../union-load/ports.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { Gate } from './access.ts';
import { PeerSecret } from './access/peer-secret.ts';
import type { ServerLog } from './app.ts';
import { readAssets } from './assets.ts';
import { clientScript } from './browser/client-script.ts';
import { Intake } from './body/intake.ts';
import type { DemoControl } from './demo/demo-control.ts';
import type { KeyStore } from './keys.ts';
import { ServerMetrics } from './metrics.ts';
import { openApiDocument } from './openapi/document.ts';
import { offersOf, type ServerContext } from './route.ts';
import { ROUTES } from './routes.ts';
import { serveRoutes, type RunningServer } from './serving/serve-routes.ts';
import { LiveFeed } from './stream/live-feed.ts';
import { TlsFiles } from './tls/tls-files.ts';
import type { AuditTrail } from './trail/audit-trail.ts';

export interface ServerOptions {
  readonly region: Region;
  /** Without it the routes of budgets answer not_found. */
  readonly budget?: BudgetService;
  /** The reporting store, which may come after the server; without one the routes of reports answer not_found. */
  readonly reports?: () => Reports | undefined;
  /** The warehouse, which may come after the server, too. */
  readonly warehouse?: () => WarehouseView | undefined;
  /** What looks after the stores. */
  readonly upkeep?: () => Upkeep | undefined;
  /** Has the order service asked again at once for what rests; without it none is asked. */
  readonly retryEnrichment?: () => void;
  readonly spec: PipelineSpec;
  readonly keys: KeyStore;
  /** The secret shared with the other region: whoever sends it may read what regions read from each other. */
  readonly peerSecret?: string;
  /** The way to the other region, where there is one. */
  readonly peer?: PeerLink | undefined;
  /** The supervisor of the demo that the region is a part of. */
  readonly demo?: DemoControl | undefined;
  readonly clock: Clock;
  readonly log?: ServerLog;
  /** Keeps what operators do; without it they are refused what changes anything. */
  readonly trail?: AuditTrail;
  /** Directory of the dashboard, when not the one that comes with adtally. */
  readonly dashboard?: string;
}

/** Serves the region over HTTP, or https where `server.tls` is set. Throws AdtallyError config_invalid when it may not or cannot listen where the spec says. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { spec } = options;
  const gate = makeGate(options);
  gate.checkStart();
  const tls = TlsFiles.open(spec.server.tls);
  const stopping = new AbortController();
  const live = new LiveFeed(options.region, options.clock, options.peer);
  const context = makeContext(options, live, stopping.signal);
  const close = (): void => {
    stopping.abort();
    live.close();
  };
  return serveRoutes({ context, gate, routes: ROUTES, tls, log: options.log, close });
}

function makeGate({ spec, keys, clock, peerSecret }: ServerOptions): Gate {
  return new Gate({
    spec,
    keys,
    clock,
    peerSecret: peerSecret === undefined ? undefined : new PeerSecret(peerSecret),
    hasPeer: spec.peer.length > 0,
  });
}

function makeContext(
  {
    region,
    budget,
    reports = () => undefined,
    warehouse = () => undefined,
    upkeep = () => undefined,
    retryEnrichment = () => {},
    spec,
    clock,
    dashboard,
    trail,
    peer,
    demo,
  }: ServerOptions,
  live: LiveFeed,
  stopping: AbortSignal,
): ServerContext {
  const intake = new Intake(region, spec.limits);
  let failure: Error | undefined;
  void region.failed.then((error) => (failure = error));
  return {
    region,
    touches: touchesOf(region),
    ingest: region,
    budget,
    reports,
    warehouse,
    upkeep,
    retryEnrichment,
    spec,
    clock,
    intake,
    live,
    metrics: new ServerMetrics(region, () => intake.heldBytes, {
      budget: () => budget?.status(),
      peer: { link: peer, clock },
      stores: { reporting: () => reports()?.status(), warehouse: () => warehouse()?.status() },
    }),
    demo,
    engine: 'embedded',
    offers: offersOf(ROUTES),
    assets: readAssets(dashboard),
    trail,
    clientScript: clientScript(),
    openApiJson: JSON.stringify(openApiDocument(spec)),
    stopping,
    get failure() {
      return (
        failure ?? (stopping.aborted ? new AdtallyError('stopping', 'The server is stopping.') : undefined)
      );
    },
  };
}

function touchesOf(region: Region): TouchBook {
  return {
    newest({ userId, from, to, limit }) {
      const touches = region.touches(userId, from, to);
      return { touches: touches.slice(-limit).toReversed(), found: touches.length };
    },
  };
}
