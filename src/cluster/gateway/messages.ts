import type { UnixMs } from '../../base/clock.ts';
import type { KafkaMessage } from '../kafka/ports.ts';
import { RAW_BYTES_MAX, type Received } from './received.ts';

/** About what Kafka and this process add to the bytes of a message. */
const MESSAGE_OVERHEAD_BYTES = 100;

/**
 * The message of what was received as `raw`, which must not change any more. Header `raw` holds it where it differs from the value;
 * of what is too large the beginning, and header `rawBytes` says how much there was: one message must not stop those behind it.
 */
export function messageOf({ id, value }: Received, raw: Uint8Array, arrival: UnixMs): KafkaMessage {
  const bytes = Buffer.from(value);
  const message = { key: id === null ? null : Buffer.from(id), value: bytes, timestamp: arrival };
  if (bytes.equals(raw)) return message;
  if (raw.length <= RAW_BYTES_MAX) return { ...message, headers: { raw } };
  const headers = { raw: raw.subarray(0, RAW_BYTES_MAX), rawBytes: Buffer.from(String(raw.length)) };
  return { ...message, headers };
}

export function sizeOf({ key, value, headers = {} }: KafkaMessage): number {
  let bytes = MESSAGE_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) bytes += headers[name].length;
  return bytes;
}
