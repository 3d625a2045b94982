import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { formatTime } from '../../model/event-time.ts';
import {
  AuditTrail,
  type OperatorAction,
  type TrailEntry,
  type TrailPage,
} from '../../server/trail/audit-trail.ts';
import { TrailFile } from '../../server/trail/trail-file.ts';
import { renderTable } from '../table.ts';

/** The trail of a data directory, whether a region runs there or not. */
export function trailOf(data: string): AuditTrail {
  return new AuditTrail(new TrailFile(resolve(data)), nodeClock);
}

/** What a command does, for the trail. */
export function commandAction(action: string, subject: string): OperatorAction {
  return { role: 'cli', keyId: null, requestId: null, action, subject };
}

/** The trail in `data`; empty where there is no directory yet. */
export function readTrail(data: string, limit: number): TrailPage {
  if (!existsSync(resolve(data))) return { entries: [], next: null, unreadableLines: 0 };
  return trailOf(data).page(limit);
}

/** As a table, newest first. */
export function describeTrail({ entries, next, unreadableLines }: TrailPage): string {
  if (entries.length === 0) return 'No operator has done anything yet.';
  const lines = [renderTable(['time', 'who', 'action', 'to', 'outcome'], entries.map(rowOf))];
  if (next !== null) lines.push('There are older ones: --limit shows more.');
  if (unreadableLines > 0)
    lines.push(`${unreadableLines} lines cannot be read: left unfinished by a crash, or damaged.`);
  return lines.join('\n\n');
}

function rowOf({ time, role, keyId, action, subject, outcome }: TrailEntry): string[] {
  const who = keyId === null ? role : `${role} ${keyId}`;
  return [formatTime(time), who, action, printable(subject), outcome ?? 'unknown'];
}

/** A terminal would obey control characters. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '·');
}
