import { sha256Hex } from '../base/checksum.ts';
import type { UnixMs } from '../base/clock.ts';
import type { AttributionModel } from './attributed-order.ts';

const SEPARATOR_OR_ESCAPE = /[|\\]/;

/** The record id of an AdMinute: UUIDv8 over the canonical key `ad-minute|region|adId|minute|currency`. */
export function adMinuteRecordId(region: string, adId: string, minute: UnixMs, currency: string): string {
  return recordId(['ad-minute', region, adId, String(minute), currency]);
}

/** The record id of an AttributedOrder: over `attributed-order|region|orderId|model|rank`. */
export function attributedOrderRecordId(
  region: string,
  orderId: string,
  model: AttributionModel,
  rank: number,
): string {
  return recordId(['attributed-order', region, orderId, model, String(rank)]);
}

/** UUIDv8 (RFC 9562 §5.8) over SHA-256 of the parts joined with `|`; `|` and `\` in a part are escaped with `\`. */
export function recordId(parts: readonly string[]): string {
  const hex = sha256Hex(parts.map(escape).join('|'));
  // The version, 8, takes a digit's place; the variant, binary 10, the top bits of another.
  const variant = '89ab'[Number.parseInt(hex[16], 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A page of changes holds thousands of ids: what needs no escaping, nearly everything, is not copied. */
function escape(part: string): string {
  return SEPARATOR_OR_ESCAPE.test(part) ? part.replace(/[|\\]/g, String.raw`\$&`) : part;
}
