import { describeInvalid } from '../../src/model/ad-event.ts';
import { type InvalidCode, INVALID_CODES, VERDICTS, type Verdict } from '../../src/model/verdict.ts';
import { fieldTable } from './json-schema.ts';
import { code, page, table } from './markdown.ts';
import { openApi } from './open-api.ts';

const MEANINGS: Record<Verdict, { when: string; kept: string }> = {
  counted: { when: 'the first event of its id', kept: 'in its ad minute' },
  duplicate: {
    when: 'the id was seen within `dedupeWindow` of its first arrival, with the same content',
    kept: 'as a number',
  },
  conflict: {
    when: 'the id was seen, with other content: the first one stays counted',
    kept: 'in quarantine',
  },
  late: { when: 'at its arrival older than `maxEventAge`', kept: 'in quarantine' },
  future: { when: 'at its arrival more than `maxClockSkew` ahead', kept: 'in quarantine' },
  invalid: { when: 'it cannot be read as an event, for one of the reasons below', kept: 'in quarantine' },
};

/** A field that the code's sentence makes sense with. */
const EXAMPLE_FIELD: Partial<Record<InvalidCode, string>> = {
  bad_type: 'userId',
  out_of_range: 'costMicros',
};

export function recordsPage(): string {
  const { schemas } = openApi().components;
  const verdicts = VERDICTS.map((verdict) => [code(verdict), MEANINGS[verdict].when, MEANINGS[verdict].kept]);
  const faults = INVALID_CODES.map((fault) => [
    code(fault),
    describeInvalid(fault, EXAMPLE_FIELD[fault] ?? 'adId'),
  ]);
  return page(
    'Records',
    '## AdEvent, in',
    'JSON in UTF-8. Fields that are not named here are kept in the log and not interpreted. `null` counts as absent.',
    fieldTable(schemas['AdEvent']),
    '## Verdict, one for each event',
    'An event is judged by the region’s clock at the moment its request arrived. received = the sum of all verdicts, always.',
    table(['verdict', 'when', 'kept'], verdicts),
    'Two events have the same content when all interpreted fields but `eventId` are equal after defaults.',
    '### Why an event is invalid',
    'The first fault found is the one reported.',
    table(['code', 'for example'], faults),
    '## AdMinute, out',
    'The totals of one ad, minute of event time and currency in a region; totals, never deltas. A record may be sent at any ' +
      'time, any number of times, with revisions skipped: **the highest revision of a `recordId` is right**, and nothing else ' +
      'needs to be known to keep a copy.',
    fieldTable(schemas['AdMinute']),
    '`recordId` is a UUIDv8 ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)) over SHA-256 of ' +
      '`ad-minute|region|adId|minute|currency`, with `|` and `\\` in a part escaped by `\\`. When events of a minute disagree ' +
      'on campaign and advertiser, the record shows the greatest pair by bytes, campaign first.',
  );
}
