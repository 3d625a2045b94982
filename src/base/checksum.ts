import { createHash, hash as hashOnce } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';

/** CRC-32 (ISO 3309) of `bytes`, continued from `seed` (the CRC of what came before). */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlibCrc32(bytes, seed);
}

/** SHA-256 of the concatenated `parts`, 32 bytes. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** SHA-256 of a text in UTF-8, as 64 hex digits: a fraction of the time that sha256() takes for a short one. */
export function sha256Hex(text: string): string {
  return hashOnce('sha256', text, 'hex');
}

/** The lower half of the MD5 of a text in UTF-8, as DuckDB's md5_number_lower gives it: quick, and no defence against anybody. */
export function md5Low64(text: string): bigint {
  return hashOnce('md5', text, 'buffer').readBigUInt64LE(8);
}
