import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { FiguresRow } from '../../answers/figures-answer.ts';
import { NO_FIGURE, formatChange, formatDay, formatHour } from '../../format.ts';
import type { FiguresChoice } from '../../address/figures-choice.ts';
import type { FigureSlot } from '../../series/figure-slots.ts';
import { FigureChart } from './figure-chart.ts';
import { METRICS, type Metric, metricText } from './metrics.ts';

interface FigureCardsProps {
  readonly slots: readonly FigureSlot[];
  /** Of the whole span, compared with the one before; null while it is not known. */
  readonly total: FiguresRow | 'nothing' | null;
  readonly currency: string;
  readonly zone: string;
  readonly granularity: FiguresChoice['granularity'];
}

/** Each figure: its total, how that differs from the period before, and its course. Pointing at a bucket shows its figures. */
export function FigureCards({ slots, total, currency, zone, granularity }: FigureCardsProps): VNode {
  const [hovered, setHovered] = useState<number | null>(null);
  const slot = hovered === null ? undefined : slots[hovered];
  const valueOf = (metric: Metric): string => {
    if (slot !== undefined) return metricText(metric, slot.row, currency);
    return total === null ? NO_FIGURE : metricText(metric, total === 'nothing' ? undefined : total, currency);
  };
  return html`
    <p class="figures-moment">
      ${slot === undefined ? totalText(total) : html`<b>${slotText(slot, zone, granularity)}</b> ${stateText(slot)}`}
    </p>
    <div class="figure-cards">
      ${METRICS.map(
        (metric) =>
          html`<figure class="figure-card" key=${metric.name} data-metric=${metric.name}>
            <figcaption>
              <span class="figure-name">${metric.label}</span>
              <b class="figure-value">${valueOf(metric)}</b>
              ${slot === undefined ? html`<${Change} metric=${metric} total=${total} />` : null}
            </figcaption>
            <${FigureChart}
              metric=${metric}
              slots=${slots}
              currency=${currency}
              zone=${zone}
              onHover=${setHovered}
            />
          </figure>`,
      )}
    </div>
  `;
}

function Change({ metric, total }: { metric: Metric; total: FiguresRow | 'nothing' | null }): VNode | null {
  if (total === null || total === 'nothing' || total.change === undefined) return null;
  return html`<span class="figure-change"
    >${formatChange(total.change[metric.name])}<span class="sr-only"> against the period before</span></span
  >`;
}

/** What the figures above the charts are of. */
function totalText(total: FiguresRow | 'nothing' | null): VNode | string {
  if (total === null) return ' ';
  if (total === 'nothing') return 'Nothing in this period.';
  return html`Totals, with the change against the period before.
  ${total.final ? ' All of it is final.' : html` <${Provisional} /> Hollow bars and dashed lines may still change.`}`;
}

/** A mark for what may still change. */
export function Provisional(): VNode {
  return html`<span class="tag provisional">provisional</span>`;
}

function stateText({ row }: FigureSlot): VNode | string {
  if (row === undefined) return 'nothing';
  return row.final ? 'final' : html`<${Provisional} />`;
}

function slotText({ start }: FigureSlot, zone: string, granularity: FiguresChoice['granularity']): string {
  return granularity === 'day' ? formatDay(start, zone) : formatHour(start, zone);
}
