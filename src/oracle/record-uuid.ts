import { createHash } from 'node:crypto';

/** The id of an ad minute: UUIDv8 over SHA-256 of `ad-minute|region|adId|minute|currency`, `|` and `\` escaped with `\`. */
export function adMinuteUuid(region: string, adId: string, minute: number, currency: string): string {
  return uuidOf(['ad-minute', region, adId, String(minute), currency]);
}

/** The id of an attributed order: over `attributed-order|region|orderId|model|rank`. */
export function attributedOrderUuid(region: string, orderId: string, model: string, rank: number): string {
  return uuidOf(['attributed-order', region, orderId, model, String(rank)]);
}

function uuidOf(parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.map(escape).join('|'), 'utf8').digest('hex');
  const version = `8${hex.slice(13, 16)}`;
  const variant = '89ab'[Number.parseInt(hex[16], 16) % 4] + hex.slice(17, 20);
  return [hex.slice(0, 8), hex.slice(8, 12), version, variant, hex.slice(20, 32)].join('-');
}

function escape(part: string): string {
  return part.replaceAll('\\', '\\\\').replaceAll('|', '\\|');
}
