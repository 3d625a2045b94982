import { HOUR_MS, MINUTE_MS } from '../../base/units.ts';
import { EVENT_FIELDS } from '../../model/ad-event.ts';
import { peerOf, stateTtlMs } from '../cluster-plan.ts';
import { topicNamesOf } from '../topic-names.ts';
import {
  canonicalEvent,
  CONTENT_FIELDS,
  contentOf,
  fieldOfContent,
  PRESENT_FIELDS,
} from './event-columns.ts';
import {
  checkRegion,
  jobName,
  kafkaOf,
  renderedJob,
  type JobInput,
  type RenderedJob,
} from './rendered-job.ts';
import {
  insert,
  joined,
  name,
  names,
  once,
  part,
  recordIdOf,
  recordKey,
  sortable,
  statementSet,
  text,
  unsortable,
  view,
  whole,
} from './sql-text.ts';
import { ARRIVAL, ARRIVED_AT, sinkTable, sourceTable, upsertTable, type JobKafka } from './topic-tables.ts';
import { countedBooks } from './verdict-books.ts';

const HEADERS = '`headers` MAP<STRING NOT NULL, BYTES> METADATA VIRTUAL';

/**
 * Job 1, Aggregation: every event gets its verdict, every counted one is added to its ad minute. One state by event id serves
 * all results. The second region also reads what the first one has counted, and takes out what is that one's.
 */
export function renderAggregation(input: JobInput): RenderedJob {
  checkRegion(input);
  const { spec, region } = input;
  const first = spec.regions[0];
  const peer = peerOf(spec, region);
  const senior = peer === undefined || region === first ? undefined : first;
  const kafka = { job: jobName(region, 'aggregation'), kafka: kafkaOf(input) };
  const statements = [
    ...tables(kafka, region, senior),
    view('received', received()),
    view('aged', aged(spec.maxEventAge, spec.maxClockSkew)),
    view('keyed', keyed(senior !== undefined)),
    view('judged', judged()),
    view('signed', signed(senior !== undefined)),
    view('verdictRows', verdictRows()),
    statementSet([
      insert('clean', clean(region)),
      insert('quarantine', quarantine(region)),
      insert('verdicts', countedBooks(region, 'event', 'verdictRows')),
      insert('adMinutes', adMinutes(region)),
    ]),
  ];
  return renderedJob(input, 'aggregation', stateTtlMs(spec, spec.dedupeWindow + HOUR_MS), statements);
}

function tables(kafka: JobKafka, region: string, senior: string | undefined): string[] {
  const topics = topicNamesOf(region);
  const peers =
    senior === undefined ? [] : [sourceTable(kafka, 'peerClean', 'clean', [topicNamesOf(senior).clean])];
  return [
    sourceTable(kafka, 'events', 'events', [topics.events], [ARRIVED_AT, HEADERS]),
    ...peers,
    sinkTable(kafka, 'clean', 'clean', topics.clean, { key: 'userId' }),
    sinkTable(kafka, 'quarantine', 'quarantine', topics.quarantine, { key: 'eventId', isKeyOnly: true }),
    upsertTable(kafka, 'verdicts', 'verdicts', topics.verdicts, { key: 'book', isKeyOnly: true }),
    upsertTable(kafka, 'adMinutes', 'adMinutes', topics.adMinutes, { key: 'recordId' }),
  ];
}

/** What the gateway found wrong stands in `code`; the rest is for messages that no gateway wrote. */
function received(): string {
  const missing = PRESENT_FIELDS.map((field) => `${name(field)} IS NULL`).join(' OR ');
  return `SELECT ${names(EVENT_FIELDS)}, \`message\`, \`headers\`['raw'] AS \`rawBytes\`,
  ${ARRIVAL} AS \`arrival\`,
  CASE WHEN \`code\` IS NOT NULL THEN \`code\`
    WHEN ${missing} THEN 'missing_field'
    WHEN \`eventType\` NOT IN ('impression', 'click') THEN 'bad_value'
  END AS \`fault\`
FROM \`events\``;
}

/** Age is judged against the time of arrival in the message: a replay of the topic judges the same. */
function aged(maxEventAgeMs: number, maxClockSkewMs: number): string {
  return `SELECT *,
  CASE WHEN \`fault\` IS NOT NULL THEN 'invalid'
    WHEN \`eventTime\` < \`arrival\` - ${whole(maxEventAgeMs)} THEN 'late'
    WHEN \`eventTime\` > \`arrival\` + ${whole(maxClockSkewMs)} THEN 'future'
    ELSE 'on_time'
  END AS \`age\`
FROM \`received\``;
}

/** How many messages of an id there were here and at the peer, and what the first of them said. */
function keyed(hasPeer: boolean): string {
  const own = `SELECT ${names(EVENT_FIELDS)}, \`rawBytes\`, \`arrival\`, 1 AS \`own\`, CAST(NULL AS INT) AS \`peer\`,
    ${contentOf()} AS \`content\`, PROCTIME() AS \`at\`
  FROM \`aged\` WHERE \`age\` = 'on_time'`;
  const peers = `SELECT ${names(EVENT_FIELDS)}, CAST(NULL AS BYTES), CAST(NULL AS BIGINT), CAST(NULL AS INT), 1,
    ${contentOf()}, PROCTIME()
  FROM \`peerClean\` WHERE \`eventId\` IS NOT NULL AND \`sign\` = 1`;
  return `SELECT *, COUNT(\`own\`) OVER byId AS \`ownRows\`, COUNT(\`peer\`) OVER byId AS \`peerRows\`,
  FIRST_VALUE(\`content\`) OVER byId AS \`firstContent\`
FROM (
  ${hasPeer ? `${own}\n  UNION ALL\n  ${peers}` : own}
) WINDOW byId AS (PARTITION BY \`eventId\` ORDER BY \`at\` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
}

/**
 * An event is added (plus) when it is the first of its id here, and taken out (minus) when the first region has it, too. One heard of
 * before it came is both at once: so revisions do not depend on which came first.
 */
function judged(): string {
  return `SELECT *,
  CASE WHEN \`own\` IS NULL THEN 'peer'
    WHEN \`ownRows\` = 1 AND \`peerRows\` = 0 THEN 'counted'
    WHEN \`content\` = \`firstContent\` THEN 'duplicate'
    ELSE 'conflict'
  END AS \`verdict\`,
  CAST(CASE WHEN \`own\` = 1 AND \`ownRows\` = 1 THEN 1 ELSE 0 END AS BIGINT) AS \`plus\`,
  CAST(CASE WHEN \`own\` = 1 AND \`ownRows\` = 1 AND \`peerRows\` > 0 THEN 1
    WHEN \`own\` IS NULL AND \`peerRows\` = 1 AND \`ownRows\` > 0 THEN 1
    ELSE 0
  END AS BIGINT) AS \`minus\`
FROM \`keyed\``;
}

/** Events that change an ad minute. What is taken out is this region's own event, which was the first of its id. */
function signed(hasPeer: boolean): string {
  const columns = CONTENT_FIELDS.map((field) => {
    if (!hasPeer) return name(field);
    const first = fieldOfContent('`firstContent`', field);
    return `CASE WHEN \`own\` = 1 THEN ${name(field)} ELSE ${first} END AS ${name(field)}`;
  });
  return `SELECT \`eventId\`, ${columns.join(',\n  ')}, \`plus\`, \`minus\`
FROM \`judged\` WHERE \`plus\` + \`minus\` > 0`;
}

function verdictRows(): string {
  const columns = `\`arrival\`, ${names(EVENT_FIELDS)}, \`rawBytes\``;
  return `SELECT \`age\` AS \`verdict\`, COALESCE(\`fault\`, \`age\`) AS \`code\`, \`message\`, ${columns}
FROM \`aged\` WHERE \`age\` <> 'on_time'
UNION ALL
SELECT \`verdict\`, \`verdict\`, CAST(NULL AS STRING), ${columns}
FROM \`judged\` WHERE \`own\` = 1`;
}

function clean(region: string): string {
  return `SELECT ${names(EVENT_FIELDS)}, ${text(region)}, CAST(\`plus\` - \`minus\` AS INT)
FROM \`signed\` WHERE \`plus\` <> \`minus\``;
}

function quarantine(region: string): string {
  return `SELECT \`eventId\`, ${text(region)}, \`arrival\`, \`verdict\`, \`code\`, \`message\`,
  CASE WHEN \`rawBytes\` IS NULL THEN CASE WHEN \`verdict\` <> 'invalid' THEN ${canonicalEvent()} END
    WHEN ENCODE(DECODE(\`rawBytes\`, 'UTF-8'), 'UTF-8') = \`rawBytes\` THEN DECODE(\`rawBytes\`, 'UTF-8')
  END,
  CASE WHEN ENCODE(DECODE(\`rawBytes\`, 'UTF-8'), 'UTF-8') <> \`rawBytes\` THEN \`rawBytes\` END
FROM \`verdictRows\` WHERE \`verdict\` NOT IN ('counted', 'duplicate')`;
}

function countOf(eventType: string): string {
  return `SUM(CASE WHEN \`eventType\` = '${eventType}' THEN \`plus\` - \`minus\` ELSE CAST(0 AS BIGINT) END)`;
}

/** Totals by record id, with the greatest pair of campaign and advertiser, compared as UTF-8. */
function adMinutes(region: string): string {
  const key = recordKey([
    { constant: 'ad-minute' },
    { constant: region },
    { column: '`adId`' },
    { column: 'CAST(`minute` AS STRING)' },
    { column: '`currency`' },
  ]);
  const pair = unsortable('`pair`');
  return `SELECT \`recordId\`, \`revision\`, ${text(region)}, \`adId\`, ${part(pair, 0)}, ${part(pair, 1)},
  \`minute\`, \`currency\`, \`impressions\`, \`clicks\`, \`costMicros\`
FROM (
  SELECT \`recordId\`, SUM(\`plus\` + \`minus\`) AS \`revision\`, MAX(\`adId\`) AS \`adId\`, MAX(\`pair\`) AS \`pair\`,
    MAX(\`minute\`) AS \`minute\`, MAX(\`currency\`) AS \`currency\`,
    ${countOf('impression')} AS \`impressions\`, ${countOf('click')} AS \`clicks\`,
    SUM(\`costMicros\` * (\`plus\` - \`minus\`)) AS \`costMicros\`
  FROM (
    SELECT *, ${recordIdOf('`hash`')} AS \`recordId\`
    FROM (
      SELECT *, ${once(`SHA256(${key})`)} AS \`hash\`
      FROM (
        SELECT \`eventType\`, \`adId\`, ${sortable(joined(['`campaignId`', '`advertiserId`']))} AS \`pair\`, \`currency\`, \`costMicros\`,
          \`eventTime\` - MOD(\`eventTime\`, ${whole(MINUTE_MS)}) AS \`minute\`, \`plus\`, \`minus\`
        FROM \`signed\`
      )
    )
  )
  GROUP BY \`recordId\`
)`;
}
