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
import { insert, name, names, statementSet } from './sql-text.ts';
import { fieldsOf, sinkTable, sourceTable, type TopicKind } from './topic-tables.ts';

const RESULTS = ['adMinutes', 'attributedOrders'] as const satisfies readonly TopicKind[];

/**
 * Job 3, Union & Load: records of all regions, each revision as it comes, into the topics that the stores of this region
 * read. It keeps no state: whoever reads keeps the highest revision.
 */
export function renderUnionLoad(input: JobInput): RenderedJob {
  checkRegion(input);
  const { spec, region } = input;
  const kafka = { job: jobName(region, 'union-load'), kafka: kafkaOf(input) };
  const own = topicNamesOf(region);
  const target = { adMinutes: own.loadAdMinutes, attributedOrders: own.loadAttributedOrders };
  const statements = [
    ...RESULTS.flatMap((kind) => [
      sourceTable(
        kafka,
        kind,
        kind,
        spec.regions.map((one) => topicNamesOf(one)[kind]),
      ),
      sinkTable(kafka, loadTable(kind), kind, target[kind], { key: 'recordId' }),
    ]),
    statementSet(RESULTS.map((kind) => insert(loadTable(kind), selectAll(kind)))),
  ];
  return renderedJob(input, 'union-load', stateTtlMs(spec, 0), statements);
}

function loadTable(kind: (typeof RESULTS)[number]): string {
  return kind === 'adMinutes' ? 'loadAdMinutes' : 'loadAttributedOrders';
}

function selectAll(kind: TopicKind): string {
  return `SELECT ${names(fieldsOf(kind))} FROM ${name(kind)} WHERE \`recordId\` IS NOT NULL AND \`revision\` IS NOT NULL`;
}
