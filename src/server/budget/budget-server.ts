import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { BudgetDesk } from '../../budget/budget-desk.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { Gate } from '../access.ts';
import type { ServerLog } from '../app.ts';
import { Intake } from '../body/intake.ts';
import type { KeyStore } from '../keys.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { BudgetContext } from '../route.ts';
import { serveRoutes, type RunningServer } from '../serving/serve-routes.ts';
import { TlsFiles } from '../tls/tls-files.ts';
import type { AuditTrail } from '../trail/audit-trail.ts';
import { BudgetServiceMetrics } from './budget-metrics.ts';
import { BUDGET_ROUTES } from './budget-routes.ts';

/** The budgets of a cluster, as their server sees them. */
export interface ServedDesk extends BudgetDesk {
  /** Why they cannot be asked at the moment. */
  readonly failure: Error | undefined;
}

export interface BudgetServerOptions {
  readonly desk: ServedDesk;
  /** Whether it is this process that charges. */
  readonly isCharging: () => boolean;
  readonly spec: PipelineSpec;
  readonly keys: KeyStore;
  readonly trail: AuditTrail;
  readonly clock: Clock;
  readonly log?: ServerLog;
}

/** Serves budgets as startServer does those of a region: same routes, limits, keys and errors. Throws as it does. */
export async function startBudgetServer({
  desk,
  isCharging,
  spec,
  keys,
  trail,
  clock,
  log,
}: BudgetServerOptions): Promise<RunningServer> {
  const gate = new Gate({ spec, keys, clock });
  gate.checkStart();
  const tls = TlsFiles.open(spec.server.tls);
  const stopping = new AbortController();
  const intake = new Intake({ pendingBytes: () => 0 }, spec.limits);
  const context: BudgetContext = {
    budget: desk,
    trail,
    spec,
    clock,
    intake,
    metrics: new BudgetServiceMetrics(
      isCharging,
      () => desk.status().feeds[0],
      () => intake.heldBytes,
    ),
    openApiJson: JSON.stringify(openApiDocument(spec, BUDGET_ROUTES)),
    stopping: stopping.signal,
    get failure() {
      return stopping.signal.aborted
        ? new AdtallyError('stopping', 'The budget service is stopping.')
        : desk.failure;
    },
  };
  const close = (): void => stopping.abort();
  return serveRoutes({ context, gate, routes: BUDGET_ROUTES, tls, log, close });
}
