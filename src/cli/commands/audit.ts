import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockDirectory } from '../../adapters/node-disk/directory-lock.ts';
import { NodeDisk } from '../../adapters/node-disk/node-disk.ts';
import { ERRORS } from '../../base/errors.ts';
import type { AuditReport } from '../../embedded/ports.ts';
import { formatTime } from '../../model/event-time.ts';
import { VERDICTS } from '../../model/verdict.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { describeDifference } from '../../reporting/audit.ts';
import { auditFully, type FullAudit } from '../audit/full-audit.ts';
import type { CommandDefinition } from '../command.ts';
import { addRegionOptions, findRegion } from '../region-address.ts';
import { readRunningFile } from '../running-file.ts';
import { readSpecOfRegion } from '../settings-options.ts';
import { countOf, formatMicros, formatSize, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const auditCommand: CommandDefinition = {
  usage: 'audit',
  about: 'Prove the figures: recount the whole raw log with another, naive counter and compare every record',
  more:
    'It works on the data directory, whether a region runs on it or not, and changes nothing. With --url alone the region is only\n' +
    `asked for its own books. Exit code ${ERRORS.audit_mismatch.exit} when anything differs.`,
  configure: (command) => addRegionOptions(command),
  run: async (command, terminal) => {
    const { url } = command.opts<{ url?: string }>();
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

async function auditLive(
  command: Parameters<CommandDefinition['run']>[0],
  spec: PipelineSpec,
): Promise<FullAudit> {
  const { client } = await findRegion(command);
  const { LogRecount } = await import('../audit/log-recount.ts');
  const { liveBooks } = await import('../audit/served-books.ts');
  const recount = await LogRecount.open(new NodeDisk(resolve(spec.data)), spec);
  return auditFully(liveBooks(client), recount, (ms) => sleep(ms));
}

/** Nobody may start a region on the directory meanwhile. */
async function auditResting(spec: PipelineSpec): Promise<FullAudit> {
  const { LogRecount } = await import('../audit/log-recount.ts');
  const { restingBooks } = await import('../audit/served-books.ts');
  const directory = resolve(spec.data);
  const disk = new NodeDisk(directory);
  const recount = await LogRecount.open(disk, spec);
  const unlock = await lockDirectory(directory);
  try {
    const books = await restingBooks(disk, recount.region, spec);
    return await auditFully(books, recount, (ms) => sleep(ms));
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

function describeBooks({ received, verdicts, counted }: AuditReport): string {
  const rows = VERDICTS.map((verdict) => [verdict, verdicts[verdict]] as const);
  return [
    renderTable(['verdict', 'events'], [...rows, ['received', received]]),
    '',
    `Counted: ${countOf(counted.impressions, 'impression')} and ${countOf(counted.clicks, 'click')} in ${countOf(counted.records, 'ad minute')}, cost ${formatMicros(counted.costMicros)} (all currencies).`,
  ].join('\n');
}

function describeAudit({ exact, books, recount }: FullAudit): string {
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
  lines.push('', exact ? 'exact' : 'NOT exact');
  return lines.join('\n');
}
