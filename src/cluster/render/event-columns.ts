import { EVENT_FIELDS, type EventField } from '../../model/ad-event.ts';
import { SEPARATOR, jsonText, name, part } from './sql-text.ts';

type ContentField = Exclude<EventField, 'eventId'>;
/** What decides whether two events of one id are the same: all that is interpreted of them but the id. */
export const CONTENT_FIELDS = EVENT_FIELDS.filter((field): field is ContentField => field !== 'eventId');

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(['eventTime', 'costMicros']);
const OPTIONAL: ReadonlySet<string> = new Set(['merchantId', 'placement']);
/** Those that every message of a valid event has: the gateway fills in what has a default. */
export const PRESENT_FIELDS = EVENT_FIELDS.filter((field) => !OPTIONAL.has(field));

/** The event's content as one text. No identifier is empty, so the empty text stands for an absent one. */
export function contentOf(): string {
  const parts = CONTENT_FIELDS.map((field) => {
    if (OPTIONAL.has(field)) return `COALESCE(\`${field}\`, '')`;
    return WHOLE_NUMBERS.has(field) ? `CAST(\`${field}\` AS STRING)` : `\`${field}\``;
  });
  return parts.join(` || ${SEPARATOR} || `);
}

/** A field out of a content. */
export function fieldOfContent(content: string, field: ContentField): string {
  const value = part(content, CONTENT_FIELDS.indexOf(field));
  if (OPTIONAL.has(field)) return `NULLIF(${value}, '')`;
  return WHOLE_NUMBERS.has(field) ? `TRY_CAST(${value} AS BIGINT)` : value;
}

function member(field: string, value: string): string {
  return `'"${field}":' || ${value}`;
}

/** With the comma behind it; nothing where there is no value. */
function optionalMember(field: string): string {
  return `COALESCE('"${field}":' || ${jsonText(name(field))} || ',', '')`;
}

/** The event as the gateway writes it: the bytes of a message that needs no header to hold them. */
export function canonicalEvent(): string {
  return [
    `'{' || ${member('eventId', jsonText('`eventId`'))}`,
    `',' || ${member('eventType', jsonText('`eventType`'))}`,
    `',' || ${member('eventTime', 'CAST(`eventTime` AS STRING)')}`,
    `',' || ${member('adId', jsonText('`adId`'))}`,
    `',' || ${member('campaignId', jsonText('`campaignId`'))}`,
    `',' || ${member('advertiserId', jsonText('`advertiserId`'))}`,
    `',' || ${member('userId', jsonText('`userId`'))} || ','`,
    optionalMember('merchantId'),
    optionalMember('placement'),
    member('costMicros', 'CAST(`costMicros` AS STRING)'),
    `',' || ${member('currency', jsonText('`currency`'))} || '}'`,
  ].join(' || ');
}
