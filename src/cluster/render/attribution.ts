import { HOUR_MS, SECOND_MS } from '../../base/units.ts';
import { attributionRulesOf, longestWindowMs } from '../../pipeline/attribution.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { peerOf, stateTtlMs } from '../cluster-plan.ts';
import { topicNamesOf, type TopicNames } from '../topic-names.ts';
import { touches } from './orders/candidates.ts';
import { creditViews } from './orders/credits.ts';
import { checkShared, decisionViews, isShared } from './orders/decisions.ts';
import { isEnriched, ordersKind } from './orders/enrichment.ts';
import { lastTouchRecords, lastTouchViews } from './orders/last-touch.ts';
import { orderViews } from './order-versions.ts';
import {
  checkRegion,
  jobName,
  kafkaOf,
  renderedJob,
  type JobInput,
  type RenderedJob,
} from './rendered-job.ts';
import { insert, name, statementSet, view } from './sql-text.ts';
import { ARRIVED_AT, sinkTable, sourceTable, upsertTable, type JobKafka } from './topic-tables.ts';
import { countedBooks } from './verdict-books.ts';

/** How long states of an order are gathered before the latest is shared out, ms. */
const FLUSH_MS = SECOND_MS;

/**
 * Job 2, Attribution: which touch led to an order. Orders and touches of both regions are joined by user, whatever comes first;
 * every pair becomes a candidate, a text that sorts before those that it beats, and an order's least candidate decides. So
 * the order of arrival never shows, and a late touch or a new version decides anew.
 */
export function renderAttribution(input: JobInput): RenderedJob {
  checkRegion(input);
  const { spec, region } = input;
  checkShared(spec);
  const rules = attributionRulesOf(spec);
  const kafka = { job: jobName(region, 'attribution'), kafka: kafkaOf(input) };
  const statements = [
    ...tables(kafka, spec, region),
    ...orderViews(region, spec.regions, rules),
    view('touches', touches(spec, region)),
    ...(isShared(spec)
      ? [...decisionViews(spec, region), ...creditViews(spec, region)]
      : lastTouchViews(spec, region)),
    statementSet([
      insert('verdicts', countedBooks(region, 'order', 'bookedOrders')),
      ...(isShared(spec)
        ? [insert('decisions', allOf('decisionRows')), insert('attributedOrders', allOf('credited'))]
        : [insert('attributedOrders', lastTouchRecords(spec, region))]),
    ]),
  ];
  const neededMs = Math.max(spec.retention.orders, longestWindowMs(rules) + HOUR_MS);
  const job = renderedJob(input, 'attribution', stateTtlMs(spec, neededMs), statements);
  // Flink's join in mini-batches ends the whole TaskManager when its task is cancelled before it has begun.
  return { ...job, settings: { ...job.settings, 'table.exec.mini-batch.enabled': 'false' } };
}

function tables(kafka: JobKafka, spec: PipelineSpec, region: string): string[] {
  const own = topicNamesOf(region);
  const peer = peerOf(spec, region);
  const peers =
    peer === undefined
      ? []
      : [sourceTable(kafka, 'peerOrders', 'orders', [topicNamesOf(peer).orders], [ARRIVED_AT])];
  const enrichments = isEnriched(spec)
    ? [sourceTable(kafka, 'enrichments', 'enrichments', [own.enrichments])]
    : [];
  const cleans = spec.regions.map((one) => topicNamesOf(one).clean);
  return [
    sourceTable(kafka, 'orders', 'orders', [own.orders], [ARRIVED_AT]),
    ...peers,
    sourceTable(kafka, 'clean', 'clean', cleans),
    ...enrichments,
    upsertTable(kafka, 'verdicts', 'verdicts', own.verdicts, { key: 'book', isKeyOnly: true }),
    ...(isShared(spec) ? sharedTables(kafka, spec, own) : [lastTouchTable(kafka, spec, own)]),
  ];
}

function lastTouchTable(kafka: JobKafka, spec: PipelineSpec, own: TopicNames): string {
  return upsertTable(kafka, 'attributedOrders', ordersKind(spec), own.attributedOrders, { key: 'recordId' });
}

/**
 * An order's list goes through a topic before it becomes records: so only its latest state, now and then, is made into one record a
 * touch and model, and nothing has to remember which records there were.
 */
function sharedTables(kafka: JobKafka, spec: PipelineSpec, own: TopicNames): string[] {
  return [
    upsertTable(kafka, 'decisions', 'decisions', own.decisions, { key: 'recordId', flushMs: FLUSH_MS }),
    sourceTable(kafka, 'decided', 'decisions', [own.decisions]),
    sinkTable(kafka, 'attributedOrders', ordersKind(spec), own.attributedOrders, { key: 'recordId' }),
  ];
}

function allOf(rows: string): string {
  return `SELECT * FROM ${name(rows)}`;
}
