import { randomBytes } from 'node:crypto';
import {
  type KeyRecord,
  type KeyRole,
  SECRET_BYTES,
  formatKey,
  hashSecret,
  parseKey,
} from '../../src/server/keys.ts';

export interface TestKey {
  readonly text: string;
  readonly record: KeyRecord;
  /** Headers that carry it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A key with a secret of its own. */
export function makeKey(id: string, role: KeyRole, advertiserId?: string): TestKey {
  const text = formatKey(id, randomBytes(SECRET_BYTES));
  const secretHash = hashSecret(parseKey(text)!.secret);
  const whose = advertiserId === undefined ? {} : { advertiserId };
  return { text, record: { id, name: id, role, ...whose, secretHash }, headers: bearer(text) };
}

export function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

/** As a browser sends it. */
export function basic(key: string): Record<string, string> {
  return { authorization: `Basic ${btoa(`me:${key}`)}` };
}
