import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { adHref, orderHref } from '../router.ts';

/** What is searched for, and the words and the class of its form. */
interface Wanted {
  readonly hrefOf: (id: string) => string;
  readonly layout: string;
  /** Names the search among others on the page. */
  readonly landmark?: string;
  readonly label: string;
  readonly placeholder: string;
  readonly button: string;
}

const AD: Wanted = {
  hrefOf: adHref,
  layout: 'search',
  label: 'Go to an ad by its id',
  placeholder: 'Ad id…',
  button: 'Show ad',
};

const ORDER: Wanted = {
  hrefOf: orderHref,
  layout: 'search order-search',
  landmark: 'Orders',
  label: 'Go to an order by its id',
  placeholder: 'Order id…',
  button: 'Show order',
};

/** Goes to an ad by its id. */
export function AdSearch(): VNode {
  return html`<${IdSearch} wanted=${AD} />`;
}

/** Goes to an order by its id. */
export function OrderSearch(): VNode {
  return html`<${IdSearch} wanted=${ORDER} />`;
}

function IdSearch({ wanted }: { wanted: Wanted }): VNode {
  const input = useRef<HTMLInputElement>(null);
  const search = (event: Event): void => {
    event.preventDefault();
    const id = input.current!.value.trim();
    if (id === '') return;
    input.current!.value = '';
    window.location.hash = wanted.hrefOf(id);
  };
  return html`
    <form class=${wanted.layout} role="search" aria-label=${wanted.landmark} onSubmit=${search}>
      <input
        ref=${input}
        type="search"
        aria-label=${wanted.label}
        placeholder=${wanted.placeholder}
        maxlength="256"
        autocomplete="off"
        autocapitalize="off"
        spellcheck=${false}
      />
      <button type="submit">${wanted.button}</button>
    </form>
  `;
}
