import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { type FiguresAnswer, type FiguresQuestion, figuresPath } from '../answers/figures-answer.ts';
import { BreakdownTable } from '../components/figures/breakdown-table.ts';
import { FigureCards } from '../components/figures/figure-cards.ts';
import { FigureControls } from '../components/figures/figure-controls.ts';
import { FigureTable } from '../components/figures/figure-table.ts';
import { formatClock } from '../format.ts';
import { type FiguresChoice, figuresHref } from '../address/figures-choice.ts';
import { type Polled, usePolling } from '../polling.ts';
import { advertiser, engine } from '../reader.ts';
import { getExactJson } from '../region-api.ts';
import { type FigureSpan, bucketStarts, currenciesOf, figureSlots, spanOf } from '../series/figure-slots.ts';
import { isStale, regionNow, timeZone } from '../store.ts';

const REFRESH_MS = 2000;
const ROWS_MOST = 5000;
const LISTED_MOST = 50;
const HOUR_MS = 3_600_000;

/** What ads cost and brought, in all regions: of everybody, of an advertiser, of one of its campaigns. */
export function FiguresView({ choice: asked }: { choice: FiguresChoice }): VNode {
  // An advertiser's key reads its own figures, whatever the address says.
  const choice = { ...asked, advertiserId: advertiser.value ?? asked.advertiserId };
  const zone = timeZone.value;
  const span = spanOf(choice, zone, regionNow());
  const { series, total, parts } = useFigures(choice, zone);
  const [course, sums] = [inSpan(series.data, span, zone), inSpan(total.data, span, zone)];
  const currencies = currenciesOf(sums?.rows ?? []);
  const currency = choice.currency ?? currencies[0] ?? 'EUR';
  const { from, end } = span;
  const slots = useMemo(
    () => figureSlots(course?.rows ?? [], currency, bucketStarts(span, choice, zone), end),
    [course, currency, from, end, choice.granularity, zone],
  );
  const error = series.error ?? total.error ?? parts.error;
  return html`
    <${Heading}
      choice=${choice}
      csvHref=${figuresPath({ ...questionOf(choice, span, zone), format: 'csv' })}
    />
    <${FigureControls} choice=${choice} span=${span} currencies=${currencies} currency=${currency} />
    <div data-stale=${error !== null || isStale.value}>
      <p class=${error === null ? 'view-note' : 'problem'} role=${error === null ? undefined : 'alert'}>
        ${error === null ? describe(course, span, choice, zone) : `${error} Trying again.`}
      </p>
      <${FigureCards}
        slots=${slots}
        total=${sums === null ? null : (sums.rows.find((row) => row.currency === currency) ?? 'nothing')}
        currency=${currency}
        zone=${zone}
        granularity=${choice.granularity}
      />
      <${FigureTable} slots=${slots} currency=${currency} zone=${zone} granularity=${choice.granularity} />
      ${parts.data !== null && html`<${BreakdownTable} answer=${parts.data} choice=${choice} currency=${currency} />`}
    </div>
  `;
}

/** Null for an answer to what was asked before: of other days, or of another time zone. */
function inSpan(data: FiguresAnswer | null, span: FigureSpan, zone: string): FiguresAnswer | null {
  return data !== null && Date.parse(data.from) === span.from && data.timezone === zone ? data : null;
}

interface PolledFigures {
  readonly series: Polled<FiguresAnswer>;
  readonly total: Polled<FiguresAnswer>;
  readonly parts: Polled<FiguresAnswer>;
}

/** The course, the total and the parts of what is chosen, each followed by itself. */
function useFigures(choice: FiguresChoice, zone: string): PolledFigures {
  const { advertiserId, campaignId, days, lastDay, granularity } = choice;
  const key = [advertiserId, campaignId, days, lastDay, zone].join('\n');
  const question = (): FiguresQuestion => questionOf(choice, spanOf(choice, zone, regionNow()), zone);
  const range = { granularity: 'range', comparesPrevious: true } as const;
  const by = partOf(choice);
  return {
    series: usePolling<FiguresAnswer>(
      `${key}\n${granularity}`,
      () => figuresPath(question()),
      REFRESH_MS,
      getExactJson,
    ),
    total: usePolling<FiguresAnswer>(
      key,
      () => figuresPath({ ...question(), ...range }),
      REFRESH_MS,
      getExactJson,
    ),
    parts: usePolling<FiguresAnswer>(
      key,
      () => figuresPath({ ...question(), ...range, by, limit: LISTED_MOST }),
      REFRESH_MS,
      getExactJson,
    ),
  };
}

function questionOf(choice: FiguresChoice, { from, to }: FigureSpan, zone: string): FiguresQuestion {
  const { advertiserId, campaignId, granularity } = choice;
  const scope = { advertiserId, campaignId };
  return {
    by: 'total',
    granularity,
    timeZone: zone,
    from,
    to,
    ...scope,
    comparesPrevious: false,
    limit: ROWS_MOST,
  };
}

function partOf({ advertiserId, campaignId }: FiguresChoice): FiguresQuestion['by'] {
  if (campaignId !== null) return 'ad';
  return advertiserId === null ? 'advertiser' : 'campaign';
}

function Heading({ choice, csvHref }: { choice: FiguresChoice; csvHref: string }): VNode {
  const { advertiserId, campaignId } = choice;
  const everybody = figuresHref({ ...choice, advertiserId: null, campaignId: null });
  const whole = figuresHref({ ...choice, campaignId: null });
  const isReader = advertiser.value !== null;
  return html`<div class="view-head">
    <div class="view-title">
      <p class="view-kind">
        ${!isReader && advertiserId !== null && html`<a href=${everybody}>All advertisers</a>`}
        ${!isReader && campaignId !== null && ' › '}
        ${campaignId !== null && html`<a href=${whole}>${advertiserId}</a>`}
        ${advertiserId === null || (isReader && campaignId === null) ? 'Figures of all regions' : null}
      </p>
      <h1 class="id">${campaignId ?? advertiserId ?? 'All advertisers'}</h1>
    </div>
    <a class="button" href=${csvHref} download>Download CSV</a>
  </div>`;
}

const UNKNOWN_MOMENT = {
  embedded: 'How far the figures go is not known yet.',
  cluster: 'From Pinot, which has the records of all regions a few seconds after their events were taken in.',
} as const;

function describe(
  data: FiguresAnswer | null,
  span: FigureSpan,
  { days }: FiguresChoice,
  zone: string,
): string {
  if (data === null) return 'Loading…';
  const asOf =
    data.asOf === null
      ? UNKNOWN_MOMENT[engine.value]
      : `As of ${formatClock(Date.parse(data.asOf), zone)}, from all regions.`;
  const hours = (span.end - span.from) / HOUR_MS;
  if (days !== 1 || hours === 24) return asOf;
  return `${asOf} The clock is moved on this day: it has ${hours} hours.`;
}
