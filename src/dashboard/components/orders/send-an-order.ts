import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { regionNow } from '../../store.ts';

/** What to do when there is no order yet. */
export function SendAnOrder(): VNode {
  const command = useMemo(() => exampleCommand(window.location.origin, regionNow()), []);
  return html`<section class="call" aria-label="No orders yet">
    <h2>No orders yet</h2>
    <p>
      Send one to <code>POST /v1/orders</code>, with the <code>userId</code> of an event that was counted to
      see it attributed. It appears here by itself; the <a href="/docs">API reference</a> knows the fields.
    </p>
    <pre class="command"><code>${command}</code></pre>
  </section>`;
}

function exampleCommand(origin: string, now: number): string {
  const order = {
    orderId: 'o-1',
    orderTime: new Date(now).toISOString(),
    userId: 'u-7',
    merchantId: 'pizzeria-3',
    amountMicros: 23_500_000,
  };
  const lines = [
    `curl ${origin}/v1/orders`,
    `  -H 'content-type: application/json'`,
    `  -d '${JSON.stringify(order)}'`,
  ];
  return lines.join(' \\\n');
}
