import { html } from 'htm/preact';
import type { VNode } from 'preact';

/** Figures side by side, each under its name. `layout` names a class beside `totals`. */
export function Totals({
  figures,
  layout = '',
}: {
  figures: readonly (readonly [name: string, figure: string])[];
  layout?: string;
}): VNode {
  return html`<dl class=${`totals ${layout}`.trim()}>
    ${figures.map(
      ([name, figure]) =>
        html`<div key=${name}>
          <dt>${name}</dt>
          <dd>${figure}</dd>
        </div>`,
    )}
  </dl>`;
}
