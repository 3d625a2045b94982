import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { adHref } from '../router.ts';

/** Goes to an ad by its id. */
export function AdSearch(): VNode {
  const input = useRef<HTMLInputElement>(null);
  const search = (event: Event): void => {
    event.preventDefault();
    const adId = input.current!.value.trim();
    if (adId === '') return;
    input.current!.value = '';
    window.location.hash = adHref(adId);
  };
  return html`
    <form class="search" role="search" onSubmit=${search}>
      <input
        ref=${input}
        type="search"
        aria-label="Go to an ad by its id"
        placeholder="Ad id…"
        maxlength="256"
        autocomplete="off"
        autocapitalize="off"
        spellcheck=${false}
      />
      <button type="submit">Show ad</button>
    </form>
  `;
}
