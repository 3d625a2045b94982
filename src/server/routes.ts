import type { Route } from './route.ts';
import { getAdMinutes } from './routes/figures/ad-minutes.ts';
import { getAccess } from './access/access-route.ts';
import { getDemo, postDemoKill, postDemoRestart } from './demo/demo-routes.ts';
import { getAudit, getAuditTrail } from './routes/audit.ts';
import { getAuditDigest, getAuditRecords } from './routes/audit-records.ts';
import { postBackfill, postBackfillPreview } from './routes/backfill.ts';
import { getAdMinuteChanges, getOrderChanges } from './routes/changes.ts';
import {
  getBudget,
  getBudgetAudit,
  getBudgetChanges,
  getBudgets,
  getCampaignLedger,
  getDaySpend,
} from './routes/budget/budgets.ts';
import { getCampaign, getCampaignChanges, getCampaigns, putCampaign } from './routes/budget/campaigns.ts';
import { postEnrichmentRetry } from './routes/orders/enrichment.ts';
import { postEvents } from './routes/events.ts';
import { getHealthz, getReadyz } from './routes/health.ts';
import { getLive } from './routes/live.ts';
import { getMetrics } from './routes/metrics.ts';
import { getOrderExplanation, getOrders, postOrders } from './routes/orders/orders.ts';
import { getOpenApi } from './routes/openapi.ts';
import { getAsset, getClientScript, getPage } from './routes/pages.ts';
import { getPeerPage } from './routes/peer-page.ts';
import { getPerformance } from './routes/figures/performance.ts';
import { getQuarantine, getQuarantineRaw, postQuarantineReplay } from './routes/quarantine.ts';
import { getFigures } from './routes/reports/figures.ts';
import { postSql } from './routes/reports/sql.ts';
import { getStores, postRebuild, postReplay } from './routes/reports/stores.ts';
import { getReportsStatus } from './routes/reports/status.ts';
import { getTouches } from './routes/touches.ts';

/** Every route of the server but /docs, which a library serves. */
export const ROUTES: readonly Route[] = [
  postEvents,
  getAdMinutes,
  getAdMinuteChanges,
  getPerformance,
  getFigures,
  getReportsStatus,
  postSql,
  getStores,
  postReplay,
  postRebuild,
  postOrders,
  getOrders,
  getOrderExplanation,
  getOrderChanges,
  postEnrichmentRetry,
  putCampaign,
  getCampaigns,
  getCampaign,
  getCampaignChanges,
  getBudgets,
  getBudget,
  getDaySpend,
  getCampaignLedger,
  getBudgetChanges,
  getAudit,
  getBudgetAudit,
  getAuditTrail,
  getAuditDigest,
  getAuditRecords,
  getQuarantine,
  getQuarantineRaw,
  postQuarantineReplay,
  postBackfill,
  postBackfillPreview,
  getTouches,
  getPeerPage,
  getLive,
  getAccess,
  getDemo,
  postDemoKill,
  postDemoRestart,
  getHealthz,
  getReadyz,
  getMetrics,
  getOpenApi,
  getPage,
  getAsset,
  getClientScript,
];
