import { KIB } from '../../base/units.ts';
import type { OrderDetails } from '../../enrichment/ports.ts';

/** Keys of all objects together. */
const KEYS_MAX = 256;
const DEPTH_MAX = 8;
/** As JSON in UTF-8: what an order may add to the log and to each of its records. */
const DETAILS_BYTES_MAX = 16 * KIB;

export type DetailsReading =
  | { readonly ok: true; readonly details: OrderDetails }
  | { readonly ok: false; readonly reason: 'bad_json' | 'bad_shape'; readonly detail: string };

/** Reads the order service's answer: a JSON object, bounded, that can be passed on as it is without surprises. */
export function readDetails(body: Uint8Array): DetailsReading {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { ok: false, reason: 'bad_json', detail: 'The answer is not JSON.' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return badShape('is not an object');
  const fault = faultIn(value, 1, { keys: 0 });
  if (fault !== undefined) return badShape(fault);
  if (Buffer.byteLength(JSON.stringify(value)) > DETAILS_BYTES_MAX)
    return badShape(`is longer than ${DETAILS_BYTES_MAX} bytes`);
  return { ok: true, details: value as OrderDetails };
}

/** What is wrong with a value that JSON.parse gave; undefined when nothing is. */
function faultIn(value: unknown, depth: number, seen: { keys: number }): string | undefined {
  if (typeof value === 'number') return numberFault(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEPTH_MAX) return `is nested deeper than ${DEPTH_MAX} levels`;
  if (!Array.isArray(value)) {
    const keys = Object.keys(value);
    seen.keys += keys.length;
    if (seen.keys > KEYS_MAX) return `has more than ${KEYS_MAX} keys`;
    // Harmless here, but whoever copies it member by member would change what the copy inherits.
    if (keys.includes('__proto__')) return 'has a key named __proto__';
  }
  for (const member of Object.values(value) as unknown[]) {
    const fault = faultIn(member, depth + 1, seen);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** JSON.parse has rounded such numbers already, and what was rounded must not be passed on as what the service said. */
function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'has a number that is too large';
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 'has a whole number past 2^53 - 1';
  return undefined;
}

function badShape(fault: string): DetailsReading {
  return { ok: false, reason: 'bad_shape', detail: `The answer ${fault}.` };
}
