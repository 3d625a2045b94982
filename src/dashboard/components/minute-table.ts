import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount, formatCtr, formatMinute } from '../format.ts';
import type { MinuteSlot } from '../series/minute-slots.ts';
import { timeZone } from '../store.ts';

/** The chart as a table, latest minute first; made only while it is open. */
export function MinuteTable({ slots }: { slots: readonly MinuteSlot[] }): VNode {
  const [isOpen, setOpen] = useState(false);
  const toggle = (event: Event): void => setOpen((event.currentTarget as HTMLDetailsElement).open);
  return html`<details class="minutes" onToggle=${toggle}>
    <summary>The minutes as a table</summary>
    ${
      isOpen &&
      html`<table>
        <thead>
          <tr>
            <th scope="col">Minute</th>
            <th scope="col" class="number">Impressions</th>
            <th scope="col" class="number">Clicks</th>
            <th scope="col" class="number">CTR</th>
          </tr>
        </thead>
        <tbody>
          ${slots.toReversed().map(
            ({ start, impressions, clicks }) =>
              html`<tr key=${start}>
                <th scope="row">${formatMinute(start, timeZone.value)}</th>
                <td class="number">${formatCount(impressions)}</td>
                <td class="number">${formatCount(clicks)}</td>
                <td class="number">${formatCtr(clicks, impressions)}</td>
              </tr>`,
          )}
        </tbody>
      </table>`
    }
  </details>`;
}
