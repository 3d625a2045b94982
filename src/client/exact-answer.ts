/** Reads JSON so that whole numbers past 2^53, such as sums of money, come as bigint and stay exact. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? wholeNumber(value, context?.source)
      : value,
  );
}

function wholeNumber(value: number, source: string | undefined): number | bigint {
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
