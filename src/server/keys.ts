import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '../base/checksum.ts';

/** `publisher` may only send events and orders; `advertiser` only read its own figures; `operator` may do everything. */
export const KEY_ROLES = ['publisher', 'advertiser', 'operator'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** What is known of a key besides its secret. */
export interface ApiKey {
  /** 4 to 16 lower-case letters and digits; public, it may stand in logs. */
  readonly id: string;
  readonly name: string;
  readonly role: KeyRole;
  /** Whose figures the key may read; there is one where the role is `advertiser`, and only there. */
  readonly advertiserId?: string;
}

/** A key as it is stored: its secret cannot be had back. */
export interface KeyRecord extends ApiKey {
  /** SHA-256 of the secret, 64 hex digits. The secret has 256 random bits, so a plain hash cannot be guessed backwards. */
  readonly secretHash: string;
}

/** The keys of a region. May change while the server runs. */
export interface KeyStore {
  /** Whether there is no key at all. */
  readonly empty: boolean;
  /** The key that `text` is, or undefined. Takes as long for a wrong secret as for the right one. */
  verify(text: string): ApiKey | undefined;
}

/** Bytes of randomness in a secret. */
export const SECRET_BYTES = 32;

const KEY = /^adt_([a-z0-9]{4,16})_([A-Za-z0-9_-]{43})$/;

/** Writes the key `adt_ID_SECRET` of 32 random bytes. Shown once, then only its record is kept. */
export function formatKey(id: string, secret: Uint8Array): string {
  return `adt_${id}_${Buffer.from(secret).toString('base64url')}`;
}

/** Takes a key apart; undefined when it does not have the form of one. */
export function parseKey(text: string): { id: string; secret: string } | undefined {
  const match = KEY.exec(text);
  return match === null ? undefined : { id: match[1], secret: match[2] };
}

/** The `secretHash` of a record, from the secret as text. */
export function hashSecret(secret: string): string {
  return sha256(secret).toString('hex');
}

/** A store over records that are in memory. */
export function keyStoreOf(records: readonly KeyRecord[]): KeyStore {
  const byId = new Map(records.map((record) => [record.id, record]));
  return {
    empty: records.length === 0,
    verify(text) {
      const key = parseKey(text);
      const record = key && byId.get(key.id);
      if (record === undefined) return undefined;
      const { id, name, role, advertiserId, secretHash } = record;
      const known = { id, name, role, ...(advertiserId === undefined ? {} : { advertiserId }) };
      return timingSafeEqual(sha256(key!.secret), Buffer.from(secretHash, 'hex')) ? known : undefined;
    },
  };
}
