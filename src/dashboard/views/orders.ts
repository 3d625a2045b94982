import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { AttributedOrder, AttributionModel } from '../../model/attributed-order.ts';
import { NO_FIGURE, formatCount, formatMoney, formatShare } from '../format.ts';
import { usePolling } from '../polling.ts';
import type { OrdersAnswer } from '../region-api.ts';
import { isStale } from '../store.ts';
import { Announcer } from '../components/announcer.ts';
import { useHoldStill } from '../components/hold-still.ts';
import { type OrderTotals, modelsOf, orderLines, totalsOf } from '../components/orders/order-line.ts';
import { OrderSearch } from '../components/id-search.ts';
import { OrderTable } from '../components/orders/order-table.ts';
import { MODEL_WORDS } from '../components/orders/order-words.ts';
import { SendAnOrder } from '../components/orders/send-an-order.ts';
import { Totals } from '../components/totals.ts';

const REFRESH_MS = 2000;
const RECORDS_MOST = 200;
/** Orders shown; with several models and touches an order has many records. */
const LISTED_MOST = 50;
/** Currencies in the totals; there may be as many as orders. */
const CURRENCIES_MOST = 2;

const NO_RECORDS: readonly AttributedOrder[] = [];

/** The orders that changed last: who led to them, or why nobody did. */
export function OrdersView(): VNode {
  const { data, error } = usePolling<OrdersAnswer>('orders', ordersPath, REFRESH_MS);
  const { shown, isHeld, hold } = useHoldStill(data?.records ?? NO_RECORDS);
  const [chosen, choose] = useState<AttributionModel | null>(null);
  const models = modelsOf(shown);
  const model = chosen !== null && models.includes(chosen) ? chosen : (models[0] ?? 'last_touch');
  const lines = useMemo(
    () => orderLines(shown, model, shown.length === RECORDS_MOST).slice(0, LISTED_MOST),
    [shown, model],
  );
  const totals = totalsOf(lines);
  return html`
    <div class="view-head orders-head">
      <h1>Orders</h1>
      ${models.length > 1 && html`<${ModelSwitch} models=${models} model=${model} onChoose=${choose} />`}
      <${OrderSearch} />
    </div>
    <div data-stale=${error !== null || isStale.value}>
      <${ShownTotals} totals=${data === null ? null : totals} />
      <p class=${error === null ? 'view-note' : 'problem'} role=${error === null ? undefined : 'alert'}>
        ${describe(data, error, isHeld)}
      </p>
      ${data !== null && lines.length === 0 ? html`<${SendAnOrder} />` : null}
      ${lines.length > 0 ? html`<${OrderTable} lines=${lines} hold=${hold} />` : null}
    </div>
    <${Announcer} describe=${() => announce(totals)} />
  `;
}

function ordersPath(): string {
  return `/v1/orders?limit=${RECORDS_MOST}`;
}

function describe(data: OrdersAnswer | null, error: string | null, isHeld: boolean): string {
  if (error !== null) return `${error} Trying again.`;
  if (data === null) return 'Loading…';
  if (data.records.length === 0) return 'No order is held.';
  return isHeld ? 'Held still while you point at it.' : 'The orders that changed last, newest change first.';
}

function announce({ orders, attributed }: OrderTotals): string {
  return orders === 0
    ? ''
    : `Of the latest ${formatCount(orders)} orders ${formatCount(attributed)} are attributed.`;
}

function ShownTotals({ totals }: { totals: OrderTotals | null }): VNode {
  const figures = [
    ['Orders shown', totals === null ? NO_FIGURE : formatCount(totals.orders)],
    ['Attributed', totals === null ? NO_FIGURE : formatCount(totals.attributed)],
    ['Attributed share', totals === null ? NO_FIGURE : formatShare(totals.attributed, totals.orders)],
    ['Credit', totals === null ? NO_FIGURE : creditText(totals)],
  ] as const;
  return html`<${Totals} figures=${figures} layout="order-totals" />`;
}

function creditText({ creditMicros }: OrderTotals): string {
  const credits = [...creditMicros];
  if (credits.length === 0) return NO_FIGURE;
  const named = credits
    .slice(0, CURRENCIES_MOST)
    .map(([currency, micros]) => formatMoney(micros, currency, { exact: true }));
  const left = credits.length - named.length;
  return named.join(' + ') + (left === 0 ? '' : ` and ${left} more currencies`);
}

interface ModelSwitchProps {
  readonly models: readonly AttributionModel[];
  readonly model: AttributionModel;
  readonly onChoose: (model: AttributionModel) => void;
}

function ModelSwitch({ models, model, onChoose }: ModelSwitchProps): VNode {
  return html`<fieldset class="segments">
    <legend class="sr-only">Attribution model</legend>
    ${models.map(
      (each) =>
        html`<label key=${each}>
          <input
            type="radio"
            name="model"
            value=${each}
            checked=${each === model}
            onChange=${() => onChoose(each)}
          />
          <span>${MODEL_WORDS[each]}</span>
        </label>`,
    )}
  </fieldset>`;
}
