import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { TouchBook } from '../../model/touch.ts';
import type { Ingest } from '../../model/request/ingest.ts';
import type { VerdictCounts } from '../../model/verdict.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { Gate } from '../access.ts';
import type { ServerLog } from '../app.ts';
import { readAssets } from '../assets.ts';
import { Intake } from '../body/intake.ts';
import type { KeyStore } from '../keys.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { Reports } from '../../reporting/reports.ts';
import { offersOf } from '../route.ts';
import { getTouches } from '../routes/touches.ts';
import { getFigures } from '../routes/reports/figures.ts';
import { serveRoutes, type RunningServer } from '../serving/serve-routes.ts';
import { TlsFiles } from '../tls/tls-files.ts';
import { type GatewayFigures, GatewayMetrics } from './gateway-metrics.ts';
import { GatewayLive } from './gateway-live.ts';
import { GATEWAY_ROUTES, type GatewayContext } from './gateway-routes.ts';

/** Whoever waits for a Kafka that does not answer is told so: that takes five seconds. */
const GRACE_MS = 8 * SECOND_MS;

/** The gateway of a cluster, as its server sees it. */
export interface ServedGateway extends Ingest {
  /** Why nothing can be taken in at the moment. */
  readonly failure: Error | undefined;
  status(): GatewayFigures;
}

export interface GatewayServerOptions {
  readonly gateway: ServedGateway;
  /** Without it there are no reports. */
  readonly reports?: Reports | undefined;
  /** Without it there are none. */
  readonly touches?: TouchBook | undefined;
  /** What became of the events of the last hour; null while that is not known. */
  readonly verdicts?: () => VerdictCounts | null;
  readonly spec: PipelineSpec;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly log?: ServerLog;
}

/** Serves the gateway as startServer serves a region: same bodies, limits, keys and errors. Throws as it does. */
export async function startGatewayServer({
  gateway,
  reports,
  touches,
  verdicts = () => null,
  spec,
  keys,
  clock,
  log,
}: GatewayServerOptions): Promise<RunningServer> {
  const gate = new Gate({ spec, keys, clock });
  gate.checkStart();
  const tls = TlsFiles.open(spec.server.tls);
  const stopping = new AbortController();
  const intake = new Intake(gateway, spec.limits);
  const live = new GatewayLive(() => gateway.status(), verdicts, clock);
  const missing = new Set([
    ...(reports === undefined ? [getFigures.url] : []),
    ...(touches === undefined ? [getTouches.url] : []),
  ]);
  const routes = GATEWAY_ROUTES.filter(({ url }) => !missing.has(url));
  const context: GatewayContext = {
    engine: 'cluster',
    offers: offersOf(routes),
    assets: readAssets(),
    live,
    ingest: gateway,
    reports: () => reports,
    touches,
    spec,
    clock,
    intake,
    metrics: new GatewayMetrics(
      () => gateway.status(),
      () => intake.heldBytes,
    ),
    openApiJson: JSON.stringify(openApiDocument(spec, routes)),
    stopping: stopping.signal,
    get failure() {
      return stopping.signal.aborted
        ? new AdtallyError('stopping', 'The gateway is stopping.')
        : gateway.failure;
    },
  };
  const close = (): void => {
    stopping.abort();
    live.close();
  };
  return serveRoutes({ context, gate, routes, tls, log, graceMs: GRACE_MS, close });
}
