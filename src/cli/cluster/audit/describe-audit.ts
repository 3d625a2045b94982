import { DAY_MS, HOUR_MS } from '../../../base/units.ts';
import type { ArrivalSummary } from '../../../cluster/audit/arrival-check.ts';
import type { BooksSummary } from '../../../cluster/audit/books-check.ts';
import type { ClusterAudit } from '../../../cluster/audit/cluster-audit.ts';
import type { Finding } from '../../../cluster/audit/finding.ts';
import { formatTime } from '../../../model/event-time.ts';
import { ORDER_VERDICTS } from '../../../model/order-verdict.ts';
import { VERDICTS } from '../../../model/verdict.ts';
import { countOf, formatCount } from '../../table.ts';

/** For people. */
export function describeClusterAudit(audit: ClusterAudit): string {
  const { exact, arrivals, counted, books, moving, wrong, findings } = audit;
  const lines = [
    ...arrivals.flatMap(describeArrivals),
    ...counted.map(describeCounted),
    '',
    ...books.map(describeBooks),
  ];
  if (moving > 0)
    lines.push(`${countOf(moving, 'step')} changed every time they were looked at: nothing is said of them.`);
  if (wrong > 0) lines.push('', ...describeFindings(findings));
  if (wrong > findings.length) lines.push(`and ${countOf(wrong - findings.length, 'more finding')}`);
  return [...lines, '', exact ? 'exact' : 'NOT exact'].join('\n');
}

function describeCounted({ region, counted, yielded, isReplayed }: ClusterAudit['counted'][number]): string {
  const events = `counted events of ${region}: ${formatCount(counted)}`;
  if (isReplayed) return `${events}, some of them again since a replay of the jobs: not compared`;
  return `${events}, of which ${formatCount(yielded)} yielded to the other region`;
}

function describeArrivals(arrival: ArrivalSummary): string[] {
  const { region, kind, received, verdicts, malformed, minutesEqual, from } = arrival;
  const parts = Object.entries(verdicts)
    .toSorted(([a], [b]) => placeOf(a) - placeOf(b))
    .map(([verdict, count]) => `${verdict} ${formatCount(count)}`);
  if (malformed > 0) parts.push(`past the gateway ${formatCount(malformed)}`);
  const sum = parts.length === 0 ? '' : ` = ${parts.join(' + ')}`;
  const lines = [
    `${kind}s of ${region}: received ${formatCount(received)}${sum}; ${countOf(minutesEqual, 'minute')} of arrival equal`,
  ];
  if (malformed > 0)
    lines.push('  what came past the gateway is no JSON object: no job judges it, and it counts nowhere');
  if (from > 0) lines.push(`  before ${formatTime(from)} Kafka does not hold all of them any more: left out`);
  return [...lines, ...describeProvisional(arrival)];
}

const ORDER: readonly string[] = [...VERDICTS, ...ORDER_VERDICTS];

function placeOf(verdict: string): number {
  return ORDER.indexOf(verdict);
}

function describeProvisional({ minutesProvisional, waiting }: ArrivalSummary): string[] {
  if (minutesProvisional === 0) return [];
  const minutes = countOf(minutesProvisional, 'minute');
  const why =
    waiting === 0 ? 'not over for a minute yet' : `the job has ${countOf(waiting, 'message')} to read`;
  return [`  ${minutes} provisional: ${why}`];
}

function describeBooks({ name, against, kind, equal, provisional, stepMs, from }: BooksSummary): string {
  const step = stepWord(stepMs);
  const young = provisional === 0 ? '' : `, ${countOf(provisional, step)} too young to tell`;
  const left = from === null ? '; not all is held once: nothing is compared' : fromText(from);
  return `${kind} in ${name}, against ${against}: ${countOf(equal, step)} equal${young}${left}`;
}

function stepWord(stepMs: number): string {
  if (stepMs >= DAY_MS) return 'day';
  return stepMs >= HOUR_MS ? 'hour' : 'minute';
}

function fromText(from: number): string {
  return from === 0 ? '' : ` from ${formatTime(from)} on`;
}

/** The findings of a place under one another, with what to do after them. */
function describeFindings(findings: readonly Finding[]): string[] {
  const places = Map.groupBy(findings, ({ place, kind, advice }) => [place, kind ?? '', advice].join('\n'));
  return [...places.values()].flatMap((group) => [
    ...group.map((finding) => describeFinding(finding)),
    `  ${group[0].advice}`,
  ]);
}

function describeFinding({ place, kind, region, start, stepMs, figures, detail }: Finding): string {
  const step = start === null || stepMs === null ? '' : `, ${stepWord(stepMs)} ${formatTime(start)}`;
  const of = [kind, region === null ? null : `of region ${region}`].filter((word) => word !== null);
  const parts = figures.map(
    ({ figure, expected, found }) => `${figure} ${formatCount(found)}, should be ${formatCount(expected)}`,
  );
  const what = [...parts, ...(detail === null ? [] : [detail])].join('; ');
  return `${place}${of.length === 0 ? '' : `, ${of.join(' ')}`}${step}: ${what}`;
}
