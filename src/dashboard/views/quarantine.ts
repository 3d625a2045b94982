import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatCount, formatMoment, formatSize } from '../format.ts';
import { usePolling } from '../polling.ts';
import type { QuarantineAnswer, QuarantineEntry } from '../region-api.ts';
import { timeZone } from '../store.ts';

const LISTED_MOST = 50;
const REFRESH_MS = 2000;

/** The latest events that were received but not counted, and why. */
export function QuarantineView(): VNode {
  const { data, error } = usePolling<QuarantineAnswer>('quarantine', quarantinePath, REFRESH_MS);
  return html`
    <div class="view-head">
      <h1>Quarantine</h1>
      <p class="view-note">${data === null ? ' ' : summarise(data)}</p>
    </div>
    ${error !== null && html`<p class="problem" role="alert">${error} Trying again.</p>`}
    ${data === null && error === null ? html`<p class="empty">Loading…</p>` : null}
    ${
      data !== null && data.entries.length === 0
        ? html`<p class="empty">
            Nothing in quarantine: every event was valid and in time, or a plain retry.
          </p>`
        : null
    }
    ${data !== null && data.entries.length > 0 ? html`<${EntryTable} entries=${data.entries} />` : null}
  `;
}

function quarantinePath(): string {
  return `/v1/quarantine?limit=${LISTED_MOST}`;
}

function summarise({ entries, held, dropped }: QuarantineAnswer): string {
  const shown =
    entries.length < held ? `the latest ${entries.length} of ${formatCount(held)}` : formatCount(held);
  const gone = dropped === 0 ? '' : `; ${formatCount(dropped)} older ones made room`;
  return `${shown} kept${gone}`;
}

function EntryTable({ entries }: { entries: readonly QuarantineEntry[] }): VNode {
  return html`<table class="entries">
    <caption class="sr-only">
      Events in quarantine, latest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Arrived</th>
        <th scope="col">Verdict</th>
        <th scope="col">Reason</th>
        <th scope="col">Event id</th>
        <th scope="col" class="number">Size</th>
      </tr>
    </thead>
    <tbody>
      ${entries.map((entry) => html`<${EntryRow} key=${entry.id} entry=${entry} />`)}
    </tbody>
  </table>`;
}

function EntryRow({ entry }: { entry: QuarantineEntry }): VNode {
  const { arrival, verdict, code, message, eventId, sizeBytes } = entry;
  return html`<tr data-verdict=${verdict}>
    <td class="entry-time">${formatMoment(arrival, timeZone.value)}</td>
    <td class="entry-verdict"><span class="dot" aria-hidden="true"></span>${verdict}</td>
    <td class="entry-reason">${code !== verdict && html`<code>${code}</code> `}${message}</td>
    <td class="entry-id id" title=${eventId ?? ''}>
      ${eventId ?? html`<span class="muted">none read</span>`}
    </td>
    <td class="entry-size number">${formatSize(sizeBytes)}</td>
  </tr>`;
}
