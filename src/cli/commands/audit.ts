import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { lockDirectory } from '../../adapters/node-disk/directory-lock.ts';
import { NodeDisk } from '../../adapters/node-disk/node-disk.ts';
import { ERRORS } from '../../base/errors.ts';
import type { BudgetAudit } from '../../budget/budget-audit.ts';
import type { PeerAudit } from '../../budget/peer/peer-audit.ts';
import type { AuditReport } from '../../embedded/ports.ts';
import { formatTime } from '../../model/event-time.ts';
import { ORDER_VERDICTS } from '../../model/order-verdict.ts';
import { VERDICTS } from '../../model/verdict.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { describeDifference } from '../../reporting/audit.ts';
import type { TrailPage } from '../../server/trail/audit-trail.ts';
import { auditFully, type FullAudit } from '../audit/full-audit.ts';
import type { OrderAudit } from '../audit/order-audit.ts';
import { describeTrail, readTrail } from '../access/trail-report.ts';
import { wholeNumber, type CommandDefinition } from '../command.ts';
import { addRegionOptions, findPair, findRegion } from '../region-address.ts';
import { readRunningFile } from '../running-file.ts';
import { readSpec, readSpecOfRegion } from '../settings-options.ts';
import { countOf, formatCount, formatMicros, formatSize, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface Flags {
  readonly url?: string;
  readonly peer?: boolean;
  readonly trail?: boolean;
  readonly cluster?: string;
  readonly limit: number;
}

export const auditCommand: CommandDefinition = {
  usage: 'audit',
  about:
    'Prove the figures: recount the whole raw log with another, naive counter and compare every record, order and credit',
  more:
    'It works on the data directory, whether a region runs on it or not, and changes nothing. With --url alone the region is only\n' +
    'asked for its own books. With --peer it asks two running regions, this one and its peer or the two that --url names, whether\n' +
    `both hold the same records. With --cluster it closes the books of a cluster: what Kafka received, the verdicts, the records,\n` +
    `and what every store made of them. With --trail it shows what operators did instead. Exit code ${ERRORS.audit_mismatch.exit} when anything differs.`,
  configure: (command) =>
    addRegionOptions(command)
      .option(
        '--peer',
        'hold the records of both regions against their copies in both reporting stores instead',
      )
      .option('--cluster <dir>', 'close the books of the cluster in this directory instead')
      .option('--trail', 'show what operators did, newest first')
      .option('--limit <count>', 'with --trail, the most actions shown', wholeNumber(1, 1000), 100),
  run: async (command, terminal) => {
    const { url, trail, limit, peer, cluster } = command.opts<Flags>();
    if (trail === true) return showTrail(command, terminal, limit);
    if (peer === true) return auditPeer(command, terminal);
    if (cluster !== undefined) return auditBooks(cluster, command, terminal);
    if (url !== undefined && command.getOptionValue('data') === undefined) {
      const { client } = await findRegion(command);
      const books = await client.get<AuditReport>('/v1/audit');
      return tellBooks(books, terminal);
    }
    const spec = await readSpecOfRegion(command);
    const isLive = url !== undefined || readRunningFile(resolve(spec.data)) !== undefined;
    const audit = isLive ? await auditLive(command, spec) : await auditResting(spec);
    terminal.result(audit, describeAudit(audit));
    return audit.exact ? 0 : ERRORS.audit_mismatch.exit;
  },
};

/** Both regions must run: each makes the digests of its own records. */
async function auditPeer(command: Command, terminal: Terminal): Promise<number> {
  const { auditPair, describeConvergence } = await import('../audit/convergence.ts');
  const convergence = await auditPair(await findPair(command));
  terminal.result(convergence, describeConvergence(convergence));
  return convergence.exact ? 0 : ERRORS.audit_mismatch.exit;
}

/** What a cluster received, and what became of it everywhere. */
async function auditBooks(directory: string, command: Command, terminal: Terminal): Promise<number> {
  const { auditClusterIn } = await import('../cluster/audit/audit-cluster.ts');
  const { describeClusterAudit } = await import('../cluster/audit/describe-audit.ts');
  const audit = await auditClusterIn(resolve(directory), await readSpec(command), terminal);
  terminal.result(audit, describeClusterAudit(audit));
  return audit.exact ? 0 : ERRORS.audit_mismatch.exit;
}

/** What operators did: of the data directory, or with --url alone of the region there. */
async function showTrail(command: Command, terminal: Terminal, limit: number): Promise<number> {
  const { url } = command.opts<{ url?: string }>();
  const isRemote = url !== undefined && command.getOptionValue('data') === undefined;
  const page = isRemote
    ? await (await findRegion(command)).client.get<TrailPage>('/v1/audit/trail', { limit })
    : readTrail((await readSpecOfRegion(command)).data, limit);
  terminal.result(page, describeTrail(page));
  return 0;
}

/** The recount of the log, and the ledger where there is one. */
interface WholeAudit extends FullAudit {
  readonly budget: BudgetAudit | null;
}

/** The whole is exact only when both are. */
function withBudget(audit: FullAudit, budget: BudgetAudit | undefined): WholeAudit {
  return { ...audit, exact: audit.exact && budget?.exact !== false, budget: budget ?? null };
}

async function auditLive(command: Command, spec: PipelineSpec): Promise<WholeAudit> {
  const { client } = await findRegion(command);
  const { LogRecount } = await import('../audit/log-recount.ts');
  const { liveBooks } = await import('../audit/served-books.ts');
  const { askBudget } = await import('../audit/convergence.ts');
  const recount = await LogRecount.open(new NodeDisk(resolve(spec.data)), spec);
  const audit = await auditFully(liveBooks(client), recount, (ms) => sleep(ms));
  return withBudget(audit, await askBudget(client));
}

/** Nobody may start a region on the directory meanwhile. */
async function auditResting(spec: PipelineSpec): Promise<WholeAudit> {
  const { LogRecount } = await import('../audit/log-recount.ts');
  const { restingBooks } = await import('../audit/served-books.ts');
  const directory = resolve(spec.data);
  const disk = new NodeDisk(directory);
  const recount = await LogRecount.open(disk, spec);
  const unlock = await lockDirectory(directory);
  try {
    const books = await restingBooks(disk, recount.region, spec);
    try {
      const audit = await auditFully(books, recount, (ms) => sleep(ms));
      const { auditRestingBudget } = await import('../audit/resting-budget.ts');
      return withBudget(audit, await auditRestingBudget(directory, recount.region, books.records()));
    } finally {
      await books.close();
    }
  } finally {
    await unlock();
  }
}

function tellBooks(books: AuditReport, terminal: Terminal): number {
  const lines = [describeBooks(books), ...books.differences, ''];
  lines.push(
    books.balanced
      ? 'The books balance. For a recount of the log, run this where the data is (--data).'
      : 'The books do not balance.',
  );
  terminal.result({ balanced: books.balanced, books }, lines.join('\n'));
  return books.balanced ? 0 : ERRORS.audit_mismatch.exit;
}

function describeBudget(budget: BudgetAudit | null): string[] {
  if (budget === null) return [];
  const { exact, entries, recordsEqual, recordsWaiting, peers, differences } = budget;
  const waiting = recordsWaiting === 0 ? '' : `; ${formatCount(recordsWaiting)} wait to be charged`;
  const what = `${countOf(recordsEqual, 'record')} charged once, ${formatCount(entries)} entries${waiting}`;
  return [`budget: ${exact ? 'exact' : 'NOT exact'} (${what})`, ...peers.map(describePeer), ...differences];
}

function describePeer({ region, comparedWith, reason, recordsEqual, recordsWaiting }: PeerAudit): string {
  if (comparedWith === 'ledger')
    return `budget, region ${region}: held against the ledger alone, not its records (${reason})`;
  const waiting = recordsWaiting === 0 ? '' : `; ${formatCount(recordsWaiting)} wait to be charged`;
  return `budget, region ${region}: ${countOf(recordsEqual, 'record')} charged once${waiting}`;
}

function describeBooks({ received, verdicts, counted, orders }: AuditReport): string {
  const rows = VERDICTS.map((verdict) => [verdict, verdicts[verdict]] as const);
  const orderRows = ORDER_VERDICTS.map((verdict) => [verdict, orders.verdicts[verdict]] as const);
  return [
    renderTable(['verdict', 'events'], [...rows, ['received', received]]),
    '',
    renderTable(['verdict', 'orders'], [...orderRows, ['received', orders.received]]),
    '',
    `Counted: ${countOf(counted.impressions, 'impression')} and ${countOf(counted.clicks, 'click')} in ${countOf(counted.records, 'ad minute')}, cost ${formatMicros(counted.costMicros)} (all currencies).`,
  ].join('\n');
}

function describeAudit({ exact, books, recount, orders, budget }: WholeAudit): string {
  const { records, minuteDifferences, completeFrom } = recount;
  const lines = [
    describeBooks(books),
    `Recounted: ${countOf(recount.events, 'event')} from ${formatSize(recount.bytes)} of log. Equal: ${countOf(records.equal, 'ad minute')}, ${countOf(recount.minutesEqual, 'minute')} of arrival.`,
  ];
  if (completeFrom > 0)
    lines.push(
      `Before ${formatTime(completeFrom)} the log has left its retention: that part is not recounted.`,
    );
  if (recount.recordsMoving > 0)
    lines.push(
      `${countOf(recount.recordsMoving, 'ad minute')} changed every time they were looked at: left out.`,
    );
  lines.push(...books.differences, ...minuteDifferences, ...records.differences.map(describeDifference));
  const { missing, extra, different } = records;
  if (missing + extra + different > 0)
    lines.push(`Ad minutes: ${missing} missing, ${extra} too many, ${different} different.`);
  lines.push(...describeOrders(orders), ...describeBudget(budget), '', exact ? 'exact' : 'NOT exact');
  return lines.join('\n');
}

function describeOrders(orders: OrderAudit): string[] {
  const equal = `${countOf(orders.recordsEqual, 'attributed order')} (of ${countOf(orders.ordersEqual, 'order')})`;
  const touches = `${countOf(orders.touchesEqual, 'touch', 'touches')} of ${countOf(orders.usersSampled, 'user')}`;
  const lines = [
    `Recounted: ${countOf(orders.received, 'version')} of orders. Equal: ${equal}, ${touches} in a sample.`,
  ];
  if (orders.ordersNotRecounted > 0)
    lines.push(
      `${countOf(orders.ordersNotRecounted, 'order')} not recounted: of a user who ordered first while this ran, or the log does not tell all about them any more. Their credits add up.`,
    );
  if (!orders.verdictsCompared)
    lines.push('The verdicts of orders are not compared: the log has left its retention.');
  if (orders.moving > 0)
    lines.push(
      `${countOf(orders.moving, 'order')} or users changed every time they were looked at: left out.`,
    );
  lines.push(...orders.differences);
  if (orders.wrong > orders.differences.length)
    lines.push(`and ${countOf(orders.wrong - orders.differences.length, 'more difference')} in orders`);
  return lines;
}
