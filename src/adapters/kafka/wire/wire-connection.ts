import { once } from 'node:events';
import { connect } from 'node:net';
import { WireReader } from './wire-reader.ts';
import type { WireRequest } from './wire-requests.ts';
import { WireWriter } from './wire-writer.ts';

const TIMEOUT_MS = 5000;

/**
 * Sends one request to one broker over a connection of its own, for what kafkajs has no words for. Rejects when nobody answers
 * in time.
 */
export async function askBroker<Answer>(
  broker: string,
  clientId: string,
  request: WireRequest<Answer>,
): Promise<Answer> {
  const colon = broker.lastIndexOf(':');
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const socket = connect({
    host: broker.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(broker.slice(colon + 1)),
  });
  try {
    await once(socket, 'connect', { signal });
    socket.write(framed(clientId, request));
    let bytes = Buffer.alloc(0);
    while (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) {
      const [more] = (await once(socket, 'data', { signal })) as [Buffer];
      bytes = Buffer.concat([bytes, more]);
    }
    const answer = new WireReader(bytes.subarray(4));
    answer.int32();
    if (request.isFlexible) answer.skipTags();
    return request.read(answer);
  } finally {
    socket.destroy();
  }
}

function framed<Answer>(clientId: string, { api, version, isFlexible, body }: WireRequest<Answer>): Buffer {
  const header = new WireWriter().int16(api).int16(version).int32(1).string(clientId);
  if (isFlexible) header.noTags();
  const message = Buffer.concat([header.bytes(), body]);
  return Buffer.concat([new WireWriter().int32(message.length).bytes(), message]);
}
