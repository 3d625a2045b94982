import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { formatDay, formatHour } from '../../format.ts';
import type { FiguresChoice } from '../../address/figures-choice.ts';
import type { FigureSlot } from '../../series/figure-slots.ts';
import { offsetMs } from '../../series/zone-days.ts';
import { Provisional } from './figure-cards.ts';
import { METRICS, metricText } from './metrics.ts';

interface FigureTableProps {
  readonly slots: readonly FigureSlot[];
  readonly currency: string;
  readonly zone: string;
  readonly granularity: FiguresChoice['granularity'];
}

/** The charts as a table, in the order of time; made only while it is open. */
export function FigureTable(props: FigureTableProps): VNode {
  const [isOpen, setOpen] = useState(false);
  const toggle = (event: Event): void => setOpen((event.currentTarget as HTMLDetailsElement).open);
  return html`<details class="minutes figure-buckets" onToggle=${toggle}>
    <summary>${props.granularity === 'day' ? 'The days' : 'The hours'} as a table</summary>
    ${isOpen && html`<${Buckets} ...${props} />`}
  </details>`;
}

function Buckets({ slots, currency, zone, granularity }: FigureTableProps): VNode {
  const label = slotLabels(slots, zone, granularity);
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label="Figures over time">
    <table>
      <thead>
        <tr>
          <th scope="col">${granularity === 'day' ? 'Day' : 'Hour'}</th>
          ${METRICS.map(({ name, label: each }) => html`<th key=${name} scope="col" class="number">${each}</th>`)}
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        ${slots.map(
          (slot) =>
            html`<tr key=${slot.start} data-none=${slot.row === undefined}>
              <th scope="row">${label(slot)}</th>
              ${METRICS.map((metric) => html`<td key=${metric.name} class="number">${metricText(metric, slot.row, currency)}</td>`)}
              <td>${stateOf(slot)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function stateOf({ row }: FigureSlot): VNode | string {
  if (row === undefined) return '';
  return row.final ? 'final' : html`<${Provisional} />`;
}

/** Where the clock is moved, an hour may come twice: then each says how far its clock is from UTC. */
function slotLabels(
  slots: readonly FigureSlot[],
  zone: string,
  granularity: FiguresChoice['granularity'],
): (slot: FigureSlot) => string {
  if (granularity === 'day') return ({ start }) => formatDay(start, zone);
  const offsets = new Set(slots.map(({ start }) => offsetMs(zone, start)));
  if (offsets.size < 2) return ({ start }) => formatHour(start, zone);
  return ({ start }) => `${formatHour(start, zone)} (${offsetText(offsetMs(zone, start))})`;
}

/** "UTC+2", "UTC−3:30" */
function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / 60_000;
  const rest = minutes % 60 === 0 ? '' : `:${String(minutes % 60).padStart(2, '0')}`;
  return `UTC${offset < 0 ? '−' : '+'}${Math.floor(minutes / 60)}${rest}`;
}
