import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatCount, formatRate } from '../format.ts';
import { frame } from '../store.ts';

/** Often enough to follow, seldom enough to read something else meanwhile. */
const ANNOUNCE_EVERY_MS = 20_000;

/** Reads the main figures out to screen readers. */
export function Announcer(): VNode {
  const [said, setSaid] = useState('');
  useEffect(() => {
    const timer = window.setInterval(() => setSaid(describe()), ANNOUNCE_EVERY_MS);
    return () => window.clearInterval(timer);
  }, []);
  return html`<p class="sr-only" aria-live="polite">${said}</p>`;
}

function describe(): string {
  const current = frame.peek();
  if (current === null) return '';
  const { verdicts, eventsPerSecond } = current;
  return `${formatCount(verdicts.counted)} events counted, ${formatRate(eventsPerSecond)} per second.`;
}
