import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import { KIB, MIB, SECOND_MS } from '../../base/units.ts';

/** A rest of a body this small is swallowed for the sake of the connection. */
const SMALL_BYTES = 64 * KIB;
/** How much, and for how long, a larger rest is swallowed before the connection is cut. */
const SWALLOW_BYTES_MAX = 16 * MIB;
const SWALLOW_MS_MAX = 2 * SECOND_MS;

/**
 * Sends an answer that may come before the request's body has. Closing with bytes unread would reset the connection and the
 * client might never see the answer; so the rest is read and thrown away for a while, and then the connection is closed.
 */
export function sendEarly(request: IncomingMessage, reply: FastifyReply, json: string, clock: Clock): void {
  const unread = !request.complete && !request.destroyed;
  if (unread) request.resume();
  if (!unread || isSmall(request)) {
    void reply.send(json);
    return;
  }
  reply
    .header('connection', 'close')
    .header('content-length', String(Buffer.byteLength(json)))
    .hijack();
  const { raw } = reply;
  raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
  raw.write(json);
  swallow(request, clock, () => raw.end());
}

function isSmall(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': chunked, expect } = request.headers;
  return chunked === undefined && expect === undefined && Number(length ?? 0) <= SMALL_BYTES;
}

function swallow(request: IncomingMessage, clock: Clock, done: () => void): void {
  let swallowed = 0;
  const cancel = clock.after(SWALLOW_MS_MAX, done);
  const finish = (): void => {
    cancel();
    done();
  };
  request.on('data', (chunk: Buffer) => {
    swallowed += chunk.length;
    if (swallowed > SWALLOW_BYTES_MAX) finish();
  });
  request.once('close', finish);
}
