export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

const DURATION_UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
];

const BYTE_UNITS: readonly (readonly [string, number])[] = [
  ['GiB', GIB],
  ['MiB', MIB],
  ['KiB', KIB],
  ['B', 1],
];

/** Reads "24h", "10m", "1500ms" or a whole number of milliseconds; undefined when it is neither. */
export function parseDuration(text: string | number): number | undefined {
  return parseQuantity(text, DURATION_UNITS);
}

/** Reads "8MiB", "512KiB" or a whole number of bytes; undefined when it is neither. */
export function parseBytes(text: string | number): number | undefined {
  return parseQuantity(text, BYTE_UNITS);
}

/** The shortest exact form that parseDuration reads back: 86400000 → "1d", 90000 → "90s". */
export function formatDuration(durationMs: number): string {
  return formatQuantity(durationMs, DURATION_UNITS);
}

/** The shortest exact form that parseBytes reads back: 8388608 → "8MiB". */
export function formatBytes(bytes: number): string {
  return formatQuantity(bytes, BYTE_UNITS);
}

function parseQuantity(text: string | number, units: typeof DURATION_UNITS): number | undefined {
  if (typeof text === 'number') return Number.isSafeInteger(text) && text >= 0 ? text : undefined;
  const match = /^(\d+)\s*([A-Za-z]*)$/.exec(text.trim());
  if (match === null) return undefined;
  const factor = match[2] === '' ? 1 : units.find(([unit]) => unit === match[2])?.[1];
  if (factor === undefined) return undefined;
  const value = Number(match[1]) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
}

function formatQuantity(value: number, units: typeof DURATION_UNITS): string {
  const [unit, factor] = units.find(([, size]) => value >= size && value % size === 0) ?? units.at(-1)!;
  return `${value / factor}${unit}`;
}
