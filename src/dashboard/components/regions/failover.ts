import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { pageThere } from '../../address/arrival.ts';
import { connection, frame, theme, timeZone } from '../../store.ts';
import { demoRegions } from './demo.ts';
import { type OtherRegion, otherRegion } from './other-region.ts';

/** In the demo the page goes on by itself after this. */
export const LEAVE_AFTER_MS = 2000;

/** Says where to go on while the region of this page does not answer; in the demo the page goes by itself. */
export function Failover(): VNode | null {
  const [isStaying, stay] = useState(false);
  const isLost = connection.value === 'lost';
  const other = otherRegion(frame.value, demoRegions.value);
  const goes = isLost && !isStaying && other?.takesOver === true;
  useEffect(() => {
    if (!isLost) stay(false);
    if (!goes) return undefined;
    const timer = window.setTimeout(() => {
      const there = hrefAt(other);
      if (there !== null) window.location.assign(there);
    }, LEAVE_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [goes, isLost]);
  if (!isLost || other === null) return null;
  const href = hrefAt(other);
  if (href === null) return null;
  return html`<span class="strip-failover">
    <a href=${href} onClick=${(event: Event) => refresh(event, other)}>Go on at region ${other.region}</a>
    ${goes && html` <button class="strip-retry" type="button" onClick=${() => stay(true)}>Stay</button>`}
    ${other.wasSilent && html` <span class="wide">which was silent too</span>`}
    <span class="sr-only" role="status">
      Region ${frame.value?.region} does not answer.
      ${goes ? ` The page goes on at region ${other.region}.` : ''}
    </span>
  </span>`;
}

/** The same view there, as it is now. */
function hrefAt({ url }: OtherRegion): string | null {
  const { value: chosen } = theme;
  return pageThere(url, window.location.hash, {
    from: frame.value?.region ?? null,
    zone: timeZone.value,
    theme: chosen === 'auto' ? null : chosen,
  });
}

/** The address may have changed since the link was drawn. */
function refresh({ currentTarget }: Event, other: OtherRegion): void {
  const href = hrefAt(other);
  if (href !== null) (currentTarget as HTMLAnchorElement).href = href;
}
