import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount, formatRate } from '../format.ts';
import { frame } from '../store.ts';

/** Often enough to follow, seldom enough to read something else meanwhile. */
const ANNOUNCE_EVERY_MS = 20_000;

/** Reads out to screen readers, now and then, what `describe` says: the main figures unless told otherwise. */
export function Announcer({ describe = describeFigures }: { describe?: () => string }): VNode {
  const [said, setSaid] = useState('');
  const latest = useRef(describe);
  latest.current = describe;
  useEffect(() => {
    const timer = window.setInterval(() => setSaid(latest.current()), ANNOUNCE_EVERY_MS);
    return () => window.clearInterval(timer);
  }, []);
  return html`<p class="sr-only" aria-live="polite">${said}</p>`;
}

function describeFigures(): string {
  const current = frame.peek();
  if (current === null) return '';
  const { verdicts, eventsPerSecond } = current;
  return `${formatCount(verdicts.counted)} events counted, ${formatRate(eventsPerSecond)} per second.`;
}
