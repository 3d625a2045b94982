import type { UnixMs } from '../../../base/clock.ts';
import { ALARMS, type StandingAlarm } from '../../../cluster/watch/alarm.ts';
import type { HealingEvent } from '../../../cluster/watch/healer.ts';
import type { AlarmEvent } from '../../../cluster/watch/watcher.ts';

export type WatchEvent = HealingEvent | AlarmEvent;

/** One event as a value for programs. */
export function eventValue(event: WatchEvent, at: UnixMs): object {
  const time = new Date(at).toISOString();
  if (!('alarm' in event)) return { at: time, ...event };
  const { code, subject, detail, since } = event.alarm;
  const { remedy } = ALARMS[code];
  return {
    at: time,
    event: event.event,
    alarm: code,
    subject,
    detail,
    since: new Date(since).toISOString(),
    remedy,
  };
}

/** One event as a line for people. */
export function eventLine(event: WatchEvent, at: UnixMs): string {
  const time = new Date(at).toISOString().slice(11, 19);
  if (!('alarm' in event)) return `${time}  ${WORDS[event.event]}  ${event.subject}: ${event.detail}`;
  return `${time}  ${event.event === 'alarm' ? alarmLine(event.alarm) : `over     ${event.alarm.code}  ${event.alarm.subject}`}`;
}

function alarmLine({ code, subject, detail }: StandingAlarm): string {
  return `ALARM    ${code}  ${subject}: ${detail} ${ALARMS[code].remedy}`;
}

const WORDS = {
  server_started: 'started ',
  job_started: 'started ',
  job_restarted: 'restarted',
  days_changed: 'days    ',
  healing_failed: 'FAILED  ',
} as const;
