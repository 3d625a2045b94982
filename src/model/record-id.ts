import { sha256 } from '../base/checksum.ts';
import type { UnixMs } from '../base/clock.ts';

/** The record id of an AdMinute: UUIDv8 over the canonical key `ad-minute|region|adId|minute|currency`. */
export function adMinuteRecordId(region: string, adId: string, minute: UnixMs, currency: string): string {
  return recordId(['ad-minute', region, adId, String(minute), currency]);
}

/** UUIDv8 (RFC 9562 §5.8) over SHA-256 of the parts joined with `|`; `|` and `\` in a part are escaped with `\`. */
export function recordId(parts: readonly string[]): string {
  const key = parts.map((part) => part.replace(/[|\\]/g, String.raw`\$&`)).join('|');
  const bytes = sha256(key).subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
