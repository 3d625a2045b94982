import { stateTtlMs } from '../cluster-plan.ts';
import { topicNamesOf } from '../topic-names.ts';
import {
  checkRegion,
  jobName,
  kafkaOf,
  renderedJob,
  type JobInput,
  type RenderedJob,
} from './rendered-job.ts';
import { ordersKind } from './orders/enrichment.ts';
import { insert, name, names, statementSet } from './sql-text.ts';
import { fieldsOf, sinkTable, sourceTable, type TopicKind } from './topic-tables.ts';

const RESULTS = ['adMinutes', 'attributedOrders'] as const;

/**
 * Job 3, Union & Load: records of all regions, each revision as it comes, into the topics that the stores of this region
 * read. It keeps no state: whoever reads keeps the highest revision.
 */
export function renderUnionLoad(input: JobInput): RenderedJob {
  checkRegion(input);
  const { spec, region } = input;
  const kafka = { job: jobName(region, 'union-load'), kafka: kafkaOf(input) };
  const own = topicNamesOf(region);
  const kinds = { adMinutes: 'adMinutes', attributedOrders: ordersKind(spec) } as const;
  const target = { adMinutes: own.loadAdMinutes, attributedOrders: own.loadAttributedOrders };
  const statements = [
    ...RESULTS.flatMap((result) => [
      sourceTable(
        kafka,
        result,
        kinds[result],
        spec.regions.map((one) => topicNamesOf(one)[result]),
      ),
      sinkTable(kafka, loadTable(result), kinds[result], target[result], { key: 'recordId' }),
    ]),
    statementSet(RESULTS.map((result) => insert(loadTable(result), selectAll(result, kinds[result])))),
  ];
  return renderedJob(input, 'union-load', stateTtlMs(spec, 0), statements);
}

type Result = (typeof RESULTS)[number];

function loadTable(result: Result): string {
  return result === 'adMinutes' ? 'loadAdMinutes' : 'loadAttributedOrders';
}

function selectAll(result: Result, kind: TopicKind): string {
  return `SELECT ${names(fieldsOf(kind))} FROM ${name(result)} WHERE \`recordId\` IS NOT NULL AND \`revision\` IS NOT NULL`;
}
