/** JSON whose whole numbers stay exact: past 2^53 they come as bigint. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    // A browser too old to give the digits: better said to be rounded than shown as exact.
    if (source === undefined) return Number.isInteger(value) ? `≈ ${value}` : value;
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}
