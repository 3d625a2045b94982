import type { ReceivedMessage } from '../../kafka/ports.ts';

export type JsonFields = Readonly<Record<string, unknown>>;

/** The object that a message is; undefined for any other message. Whole numbers past 2^53 are rounded: see `wholeField`. */
export function jsonOf({ value }: ReceivedMessage): JsonFields | undefined {
  if (value === null) return undefined;
  try {
    const json: unknown = JSON.parse(textOf(value));
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as JsonFields)
      : undefined;
  } catch {
    return undefined;
  }
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** A whole number of the message, exact; undefined where there is none. */
export function wholeField(
  { value }: ReceivedMessage,
  fields: JsonFields,
  name: string,
): number | bigint | undefined {
  const found = fields[name];
  if (Number.isSafeInteger(found)) return found as number;
  if (typeof found !== 'number' || value === null) return undefined;
  const digits = new RegExp(`"${name}"\\s*:\\s*(-?\\d+)[\\s,}]`).exec(textOf(value))?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}
