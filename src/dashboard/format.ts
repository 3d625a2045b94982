import type { UnixMs } from '../base/clock.ts';

/** What is shown where there is no figure. */
export const NO_FIGURE = '–';

const MICROS_DIGITS = 6;

/** Making an Intl formatter costs far more than using it, and frames come twice a second. */
const formatters = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

/** "1,234,567" */
export function formatCount(count: number | bigint, locale?: string): string {
  return numberFormat(locale, { maximumFractionDigits: 0 }).format(count);
}

/** Events per second: a decimal only where it matters. */
export function formatRate(perSecond: number, locale?: string): string {
  const maximumFractionDigits = perSecond > 0 && perSecond < 10 ? 1 : 0;
  return numberFormat(locale, { maximumFractionDigits }).format(perSecond);
}

/** A percentage that never rounds something to nothing, nor almost all to all: "<0.01%", ">99.99%". */
export function formatShare(part: number, whole: number, locale?: string): string {
  if (whole === 0) return NO_FIGURE;
  const share = part / whole;
  if (part === 0 || part === whole) return percent(share, 0, locale);
  if (share < 0.0001) return `<${percent(0.0001, 2, locale)}`;
  if (share > 0.9999 && share < 1) return `>${percent(0.9999, 2, locale)}`;
  return percent(share, 2, locale);
}

/** Click-through rate, clicks / impressions; a dash where nothing was shown. */
export function formatCtr(clicks: number, impressions: number, locale?: string): string {
  return impressions === 0 ? NO_FIGURE : percent(clicks / impressions, 2, locale);
}

/** Exact decimal text of whole micros: 1234567 → "1.234567". */
export function microsToDecimal(micros: number | bigint): string {
  const digits = String(micros < 0 ? -micros : micros).padStart(MICROS_DIGITS + 1, '0');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -MICROS_DIGITS)}.${digits.slice(-MICROS_DIGITS)}`;
}

/**
 * Money from whole micros. The amount goes to Intl as decimal text, never as a binary fraction; `exact` shows all of its
 * digits, otherwise it is rounded to those its currency has.
 */
export function formatMoney(
  micros: number | bigint,
  currency: string,
  { exact = false, locale }: { exact?: boolean; locale?: string | undefined } = {},
): string {
  const digits = exact ? { maximumFractionDigits: MICROS_DIGITS } : {};
  const format = numberFormat(locale, { style: 'currency', currency, ...digits });
  return format.format(microsToDecimal(micros) as Intl.StringNumericLiteral);
}

/** Money for an axis, from micros: short, three digits at most. */
export function formatShortMoney(micros: number, currency: string, locale?: string): string {
  const options = { style: 'currency', currency, notation: 'compact', maximumSignificantDigits: 3 } as const;
  return numberFormat(locale, options).format(micros / 10 ** MICROS_DIGITS);
}

/** A count for an axis: "1.2M". */
export function formatShortCount(count: number, locale?: string): string {
  return numberFormat(locale, { notation: 'compact', maximumSignificantDigits: 3 }).format(count);
}

/** A difference as a share of what it is compared with: "+12.4%", "−3.0%"; a dash where there is nothing to compare. */
export function formatChange(share: number | null, locale?: string): string {
  if (share === null) return NO_FIGURE;
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const options = { style: 'percent', signDisplay: 'exceptZero', ...digits } as const;
  return numberFormat(locale, options).format(share).replace('-', '−');
}

/** A share of any size; a dash where there is none. */
export function formatPercent(share: number | null, locale?: string): string {
  return share === null ? NO_FIGURE : percent(share, 2, locale);
}

/** A pacing index, or any ratio, with two decimals; a dash where there is none. */
export function formatPacing(index: number | null, locale?: string): string {
  if (index === null) return NO_FIGURE;
  return numberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(index);
}

/** A short duration: "0.4 ms", "12 ms", "1.3 s"; a dash without a sample. */
export function formatLatency(durationMs: number | null, locale?: string): string {
  if (durationMs === null) return NO_FIGURE;
  const [value, unit] = durationMs < 1000 ? [durationMs, 'ms'] : [durationMs / 1000, 's'];
  const maximumFractionDigits = value < 10 ? 1 : 0;
  return `${numberFormat(locale, { maximumFractionDigits }).format(value)} ${unit}`;
}

/** A span of time in its two largest units: "0.4 s", "12 s", "1 min 40 s", "3 h", "2 d 4 h". */
export function formatSpan(durationMs: number, locale?: string): string {
  const seconds = durationMs / 1000;
  if (seconds < 10) return `${numberFormat(locale, { maximumFractionDigits: 1 }).format(seconds)} s`;
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  let rest = Math.floor(seconds);
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? null : `${formatCount(count, locale)} ${unit}`;
  });
  return parts.filter((part) => part !== null).join(' ');
}

/** "512 B", "1.5 KiB", "64 MiB" */
export function formatSize(bytes: number, locale?: string): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  const maximumFractionDigits = unit > 0 && value < 100 ? 1 : 0;
  return `${numberFormat(locale, { maximumFractionDigits }).format(value)} ${units[unit]}`;
}

/** "14:05:09" in the time zone. */
export function formatClock(time: UnixMs, timeZone: string): string {
  return dateFormat(timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(time);
}

/** "14:05" in the time zone. */
export function formatMinute(time: UnixMs, timeZone: string): string {
  return dateFormat(timeZone, { hour: '2-digit', minute: '2-digit' }).format(time);
}

/** "Oct 19, 14:05:09" in the time zone. */
export function formatMoment(time: UnixMs, timeZone: string): string {
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  return dateFormat(timeZone, { month: 'short', day: 'numeric', ...clock }).format(time);
}

/** "Oct 19, 14:05" in the time zone. */
export function formatHour(time: UnixMs, timeZone: string): string {
  const clock = { hour: '2-digit', minute: '2-digit' } as const;
  return dateFormat(timeZone, { month: 'short', day: 'numeric', ...clock }).format(time);
}

/** "Mon, Oct 19" in the time zone. */
export function formatDay(time: UnixMs, timeZone: string): string {
  return dateFormat(timeZone, { weekday: 'short', month: 'short', day: 'numeric' }).format(time);
}

function percent(share: number, digits: number, locale: string | undefined): string {
  const options = { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return numberFormat(locale, options).format(share);
}

function numberFormat(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `number|${locale}|${JSON.stringify(options)}`;
  const known = formatters.get(key) ?? new Intl.NumberFormat(locale, options);
  formatters.set(key, known);
  return known as Intl.NumberFormat;
}

function dateFormat(timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `date|${timeZone}|${JSON.stringify(options)}`;
  const known =
    formatters.get(key) ?? new Intl.DateTimeFormat('en-US', { ...options, timeZone, hourCycle: 'h23' });
  formatters.set(key, known);
  return known as Intl.DateTimeFormat;
}
