import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { AttributedOrder, EnrichmentStatus } from '../../../model/attributed-order.ts';

const MEANINGS: Readonly<Record<EnrichmentStatus, string>> = {
  ok: 'what the order service says of it',
  pending: 'waiting for the order service',
  unavailable: 'the order service gave no answer in time; adtally enrich retry asks it again',
};

/** More fields than that are no longer read by anyone. */
const FIELDS_MOST = 40;

/** What the order service says of the order; nothing where none is configured. */
export function Enrichment({ record }: { record: AttributedOrder | undefined }): VNode | null {
  const status = record?.enrichmentStatus ?? null;
  if (status === null) return null;
  const fields = Object.entries(record?.enrichment ?? {});
  return html`<section class="order-section" aria-labelledby="enrichment-title">
    <div class="section-head">
      <h2 id="enrichment-title">Enrichment</h2>
      <p class="section-note"><b data-enrichment=${status}>${status}</b>, ${MEANINGS[status]}</p>
    </div>
    ${
      fields.length > 0 &&
      html`<dl class="facts enrichment">
        ${fields.slice(0, FIELDS_MOST).map(
          ([name, value]) =>
            html`<div key=${name}>
              <dt class="id">${name}</dt>
              <dd class="id">${fieldText(value)}</dd>
            </div>`,
        )}
      </dl>`
    }
  </section>`;
}

function fieldText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
