import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { orderHref } from '../../router.ts';

/** Opens an order by its id. */
export function OrderSearch(): VNode {
  const input = useRef<HTMLInputElement>(null);
  const search = (event: Event): void => {
    event.preventDefault();
    const orderId = input.current!.value.trim();
    if (orderId === '') return;
    input.current!.value = '';
    window.location.hash = orderHref(orderId);
  };
  return html`
    <form class="search order-search" role="search" aria-label="Orders" onSubmit=${search}>
      <input
        ref=${input}
        type="search"
        aria-label="Go to an order by its id"
        placeholder="Order id…"
        maxlength="256"
        autocomplete="off"
        autocapitalize="off"
        spellcheck=${false}
      />
      <button type="submit">Show order</button>
    </form>
  `;
}
