import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { GatewayFrame } from '../../model/live.ts';
import { FIGURES_DEFAULT, figuresHref } from '../address/figures-choice.ts';
import { type FiguresAnswer, type FiguresQuestion, figuresPath } from '../answers/figures-answer.ts';
import { Announcer } from '../components/announcer.ts';
import { MinuteChart } from '../components/minute-chart.ts';
import { MinuteTable } from '../components/minute-table.ts';
import { RateChart } from '../components/rate-chart.ts';
import { VerdictTable } from '../components/verdict-table.ts';
import {
  NO_FIGURE,
  formatCount,
  formatLatency,
  formatMinute,
  formatMoney,
  formatPercent,
  formatRate,
  formatSize,
} from '../format.ts';
import { usePolling } from '../polling.ts';
import { mayShow } from '../reader.ts';
import { minuteSlots } from '../series/minute-slots.ts';
import { connection, gatewayFrame, isStale, regionNow, timeZone } from '../store.ts';

const REFRESH_MS = 2000;
const MINUTES = 60;
const MINUTE_MS = 60_000;
const LISTED_MOST = 10;
const ROWS_MOST = 1000;
const NONE = { counted: 0, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 };

/** What a cluster is at: what this gateway takes in, what became of it, and the figures of the last hour. */
export function GatewayView(): VNode {
  const current = gatewayFrame.value;
  const verdicts = current?.verdicts ?? null;
  return html`
    <h1 class="sr-only">Live figures</h1>
    <div class="overview" data-stale=${isStale.value} data-waiting=${current === null}>
      <section class="hero" aria-label="Events counted">
        <${Headline} current=${current} />
        <div class="hero-chart"><${RateChart} /></div>
      </section>
      <section class="verdict-section" aria-labelledby="verdicts-title" data-waiting=${verdicts === null}>
        <div class="section-head">
          <h2 id="verdicts-title">Verdicts</h2>
          <p class="section-note">
            ${verdicts === null ? 'not known yet' : 'events that arrived in the last hour, at all gateways of the region'}
          </p>
        </div>
        <${VerdictTable} received=${null} verdicts=${verdicts ?? NONE} />
      </section>
      <section class="state-section" aria-labelledby="state-title">
        <div class="section-head"><h2 id="state-title">This gateway</h2></div>
        <${GatewayState} current=${current} />
      </section>
      ${mayShow('figures') && html`<${LastHour} />`}
    </div>
    <${Announcer} describe=${describeFrame} />
  `;
}

function Headline({ current }: { current: GatewayFrame | null }): VNode {
  const counted = current?.verdicts?.counted;
  const figure = counted === undefined ? NO_FIGURE : formatCount(counted);
  return html`<div class="headline">
    <p class="headline-label">events counted in the last hour, exactly once</p>
    <p class="headline-figure" style=${{ '--characters': Math.max(figure.length, 7) }}>${figure}</p>
    <p class="headline-rate">
      ${
        current === null
          ? waitingText()
          : html`<b>${formatRate(current.eventsPerSecond)}</b> events per second at this gateway`
      }
    </p>
  </div>`;
}

function waitingText(): string {
  return connection.value === 'lost'
    ? 'The gateway does not answer. Is it running?'
    : 'Waiting for the gateway…';
}

function GatewayState({ current }: { current: GatewayFrame | null }): VNode {
  const of = (show: (frame: GatewayFrame) => string): string =>
    current === null ? NO_FIGURE : show(current);
  const facts = [
    ['Kafka', of(({ isReady }) => (isReady ? 'takes in events' : 'does not take in events'))],
    ['Last write to Kafka took', of(({ publishMsLast }) => formatLatency(publishMsLast))],
    ['Waiting for Kafka', of(({ pendingBytes }) => formatSize(pendingBytes))],
    ['Groups Kafka did not acknowledge', of(({ failures }) => formatCount(failures))],
    ['Events since its start', of(({ events }) => formatCount(events.received))],
    ['Of them invalid', of(({ events }) => formatCount(events.invalid))],
    ['Orders since its start', of(({ orders }) => formatCount(orders.received))],
  ] as const;
  return html`<dl class="facts">
    ${facts.map(
      ([name, figure]) =>
        html`<div key=${name}>
          <dt>${name}</dt>
          <dd>${figure}</dd>
        </div>`,
    )}
  </dl>`;
}

/** From Pinot: all regions, by the minute of the events. */
function LastHour(): VNode {
  const zone = timeZone.value;
  const minutes = usePolling<FiguresAnswer>(
    `minutes ${zone}`,
    () => figuresPath(question('total', 'minute', ROWS_MOST)),
    REFRESH_MS,
  );
  const advertisers = usePolling<FiguresAnswer>(
    'advertisers',
    () => figuresPath(question('advertiser', 'range', LISTED_MOST)),
    REFRESH_MS,
  );
  const slots = minuteSlots(minutes.data?.rows ?? [], MINUTES, nextMinute());
  const error = minutes.error ?? advertisers.error;
  return html`<section class="ads-section" aria-labelledby="hour-title" data-stale=${error !== null}>
    <div class="section-head">
      <h2 id="hour-title">The last hour</h2>
      <p class=${error === null ? 'section-note' : 'problem'} role=${error === null ? undefined : 'alert'}>
        ${error === null ? newestText(minutes.data, zone) : `${error} Trying again.`}
      </p>
    </div>
    <${MinuteChart} of="all ads" slots=${slots} />
    <${Advertisers} answer=${advertisers.data} />
    <${MinuteTable} slots=${slots} />
  </section>`;
}

function question(
  by: FiguresQuestion['by'],
  granularity: FiguresQuestion['granularity'],
  limit: number,
): FiguresQuestion {
  const to = nextMinute();
  const from = to - MINUTES * MINUTE_MS;
  const everybody = { advertiserId: null, campaignId: null, comparesPrevious: false };
  return { by, granularity, timeZone: timeZone.value, from, to, ...everybody, limit };
}

/** End of the minute under way: the chart's right edge. */
function nextMinute(): number {
  const now = regionNow();
  return now - (now % MINUTE_MS) + MINUTE_MS;
}

function newestText(answer: FiguresAnswer | null, zone: string): string {
  if (answer === null) return 'loading…';
  const newest = answer.rows.at(-1);
  return newest === undefined
    ? 'no impressions and clicks in any region'
    : `of all regions, by the minute of the events; the newest is ${formatMinute(Date.parse(newest.start), zone)}`;
}

function Advertisers({ answer }: { answer: FiguresAnswer | null }): VNode | null {
  if (answer === null || answer.rows.length === 0) return null;
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label="Advertisers of the last hour">
    <table class="ads">
      <caption class="sr-only">
        Advertisers of the last hour, those that cost most first
      </caption>
      <thead>
        <tr>
          <th scope="col">Advertiser</th>
          <th scope="col" class="number">Impressions</th>
          <th scope="col" class="number">Clicks</th>
          <th scope="col" class="number">CTR</th>
          <th scope="col" class="number">Cost</th>
        </tr>
      </thead>
      <tbody>
        ${answer.rows.map(({ id, currency, impressions, clicks, ctr, costMicros }) => {
          const advertiserId = id ?? '';
          return html`<tr key=${`${advertiserId} ${currency}`}>
            <th scope="row" class="id">
              <a href=${figuresHref({ ...FIGURES_DEFAULT, advertiserId })} title=${advertiserId}
                >${advertiserId}</a
              >
            </th>
            <td class="number">${formatCount(impressions)}</td>
            <td class="number">${formatCount(clicks)}</td>
            <td class="number">${formatPercent(ctr)}</td>
            <td class="number">${formatMoney(costMicros, currency)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

function describeFrame(): string {
  const current = gatewayFrame.peek();
  if (current === null) return '';
  const { verdicts, eventsPerSecond } = current;
  const counted =
    verdicts === null ? '' : `${formatCount(verdicts.counted)} events counted in the last hour, `;
  return `${counted}${formatRate(eventsPerSecond)} per second at this gateway.`;
}
