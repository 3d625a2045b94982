import { batch, computed, signal } from '@preact/signals';
import type { UnixMs } from '../base/clock.ts';
import type { GatewayFrame, LiveFrame } from '../model/live.ts';
import { formatClock } from './format.ts';
import type { ConnectionState } from './live-connection.ts';
import { type Arrival, readArrival } from './address/arrival.ts';
import { type Route, parseRoute } from './router.ts';

export type Theme = 'auto' | 'light' | 'dark';

/** One point of the chart of rates. */
export interface RateSample {
  readonly at: UnixMs;
  /** Null marks a gap: the line is broken there. */
  readonly eventsPerSecond: number | null;
}

type FrameBase = Pick<LiveFrame, 'at' | 'region' | 'eventsPerSecond'>;

/** What the chart of rates covers. */
export const RATE_HISTORY_MS = 120_000;
/** Frames further apart than this leave a gap in the chart. */
const RATE_GAP_MS = 3000;

const darkPreference = window.matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(darkPreference.matches);
darkPreference.addEventListener('change', ({ matches }) => (systemIsDark.value = matches));

/** What the page of the other region handed over, if this one takes its place. */
export const arrival: Arrival = readArrival(window.location.search);

export const browserTimeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The whole state of the page: views read it, only the functions below and the router write it. */
export const route = signal<Route>(parseRoute(''));
export const connection = signal<ConnectionState>('connecting');
/** The latest frame, also when the connection is lost since. */
export const frame = signal<LiveFrame | null>(null);
/** The same, where the gateway of a cluster serves the page. */
export const gatewayFrame = signal<GatewayFrame | null>(null);
/** What is said by either. */
export const latest = computed(() => frame.value ?? gatewayFrame.value);
export const rates = signal<readonly RateSample[]>([]);
export const theme = signal<Theme>(readTheme());
export const timeZone = signal<string>(readTimeZone());

export const isDark = computed(
  () => theme.value === 'dark' || (theme.value === 'auto' && systemIsDark.value),
);
export const isStale = computed(() => connection.value === 'lost' && latest.value !== null);

let serverAheadMs = 0;

export function receiveFrame(next: LiveFrame): void {
  batch(() => {
    follow(next);
    frame.value = next;
  });
}

export function receiveGatewayFrame(next: GatewayFrame): void {
  batch(() => {
    follow(next);
    gatewayFrame.value = next;
  });
}

function follow(next: FrameBase): void {
  serverAheadMs = next.at - Date.now();
  const continues = latest.value?.region === next.region;
  rates.value = appendRate(continues ? rates.value : [], next);
}

/** The region's time of day, as far as the last frame tells: the browser's own clock may be wrong. */
export function regionNow(): UnixMs {
  return Date.now() + serverAheadMs;
}

export function chooseTheme(choice: Theme): void {
  theme.value = choice;
  remember('theme', choice === 'auto' ? null : choice);
  const root = document.documentElement;
  if (choice === 'auto') delete root.dataset['theme'];
  else root.dataset['theme'] = choice;
}

export function chooseTimeZone(zone: string): void {
  timeZone.value = zone;
  remember('timeZone', zone === browserTimeZone ? null : zone);
}

/** Keeps what was handed over, and takes it out of the address: a reload is no arrival. */
export function settleIn(): void {
  const { zone, theme: handed } = arrival;
  if (zone !== null && isTimeZone(zone)) chooseTimeZone(zone);
  if (handed !== null) chooseTheme(handed);
  if (window.location.search !== '') {
    window.history.replaceState(null, '', window.location.pathname + window.location.hash);
  }
}

function appendRate(samples: readonly RateSample[], { at, eventsPerSecond }: FrameBase): RateSample[] {
  const kept = samples.filter((sample) => sample.at > at - RATE_HISTORY_MS && sample.at < at);
  const last = kept.at(-1);
  if (last !== undefined && at - last.at > RATE_GAP_MS) kept.push({ at: last.at + 1, eventsPerSecond: null });
  kept.push({ at, eventsPerSecond });
  return kept;
}

function readTheme(): Theme {
  const stored = recall('theme');
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

function readTimeZone(): string {
  const stored = recall('timeZone');
  return stored !== null && isTimeZone(stored) ? stored : browserTimeZone;
}

function isTimeZone(name: string): boolean {
  try {
    return formatClock(0, name) !== '';
  } catch {
    return false;
  }
}

/** Preferences live in the browser; where storage is switched off they last as long as the page. */
function recall(name: string): string | null {
  try {
    return localStorage.getItem(`adtally.${name}`);
  } catch {
    return null;
  }
}

function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`adtally.${name}`);
    else localStorage.setItem(`adtally.${name}`, value);
  } catch {
    // See recall.
  }
}
