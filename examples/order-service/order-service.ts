import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, pipeline } from 'node:stream';

/**
 * How the service wrongs whoever asks it. `redirect` sends them elsewhere, `huge` answers without end, `badjson` with something
 * else, `slow` a byte at a time for ever, `close` hangs up in the middle of its answer.
 */
export const HOSTILITIES = ['redirect', 'huge', 'badjson', 'slow', 'close'] as const;
export type Hostility = (typeof HOSTILITIES)[number];

export interface OrderServiceOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  /** Before every answer, ms. */
  readonly latencyMs?: number;
  /** Share of the questions, 0 to 1, that are answered with 503. Which ones depends on their number only. */
  readonly failureRate?: number;
  readonly hostile?: Hostility | undefined;
  /** Where `redirect` sends people. */
  readonly redirectTo?: string;
  /** The token it wants; without one everybody may ask. */
  readonly token?: string | undefined;
}

export interface RunningOrderService {
  readonly url: string;
  /** Questions and connections so far. */
  readonly seen: { questions: number; connections: number };
  /** Hangs up on everybody. */
  close(): Promise<void>;
}

const CATEGORIES = ['groceries', 'ready meals', 'bakery', 'drinks', 'household', 'pharmacy', 'flowers'];
const CITIES = ['Paris', 'Lyon', 'Berlin', 'Madrid', 'Lisbon', 'Milan', 'Warsaw', 'Amsterdam'];
const DRIP_EVERY_MS = 200;

/** A small order service on 127.0.0.1. */
export async function startOrderService(options: OrderServiceOptions = {}): Promise<RunningOrderService> {
  const seen = { questions: 0, connections: 0 };
  const server = createServer((request, response) => {
    const number = ++seen.questions;
    const answer = (): void => {
      // Who asked may have gone meanwhile.
      if (!response.destroyed) answerTo(request.url ?? '', number, options, response);
    };
    const mayAsk = options.token === undefined || request.headers.authorization === `Bearer ${options.token}`;
    if (mayAsk) setTimeout(answer, options.latencyMs ?? 0);
    else sendJson(response, 401, { error: 'wrong token' });
  });
  server.on('connection', () => seen.connections++);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What the service knows of an order: made up from its id, so that everybody is told the same. */
export function detailsOf(orderId: string): Record<string, unknown> {
  const draw = drawsFrom(orderId);
  return {
    orderId,
    basketItems: 1 + Math.floor(12 * draw() ** 2),
    category: CATEGORIES[Math.floor(CATEGORIES.length * draw())],
    city: CITIES[Math.floor(CITIES.length * draw())],
    isFirstOrder: draw() < 0.15,
  };
}

function answerTo(
  path: string,
  number: number,
  options: OrderServiceOptions,
  response: ServerResponse,
): void {
  const orderId = orderIdIn(path);
  if (orderId === undefined) sendJson(response, 404, { error: 'no such order' });
  else if (options.hostile !== undefined) wrong(options.hostile, options.redirectTo, response);
  else if (drawsFrom(`question ${number}`)() < (options.failureRate ?? 0))
    sendJson(response, 503, { error: 'having a bad day' });
  else sendJson(response, 200, detailsOf(orderId));
}

function orderIdIn(path: string): string | undefined {
  try {
    return decodeURIComponent(/^\/orders\/([^/?]+)$/.exec(path)?.[1] ?? '') || undefined;
  } catch {
    return undefined;
  }
}

function wrong(
  hostile: Hostility,
  redirectTo = 'http://127.0.0.1:9/orders/1',
  response: ServerResponse,
): void {
  if (hostile === 'redirect') return void response.writeHead(302, { location: redirectTo }).end();
  response.writeHead(200, { 'content-type': 'application/json' });
  if (hostile === 'badjson') return void response.end('{"category": "bakery", "city": Par');
  if (hostile === 'close') return void response.write('{"city":', () => response.destroy());
  if (hostile === 'huge') return endless(response);
  const drip = setInterval(() => response.write(' '), DRIP_EVERY_MS);
  response.once('close', () => clearInterval(drip)).write('{');
}

/** Goes on for as long as anybody reads. */
function endless(response: ServerResponse): void {
  const block = Buffer.alloc(64 * 1024, ' ');
  const blocks = Readable.from(
    (function* () {
      for (;;) yield block;
    })(),
  );
  pipeline(blocks, response, () => {});
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Numbers from 0 to 1 that depend on `seed` only. */
function drawsFrom(seed: string): () => number {
  const bytes = createHash('sha256').update(seed).digest();
  let at = 0;
  return () => bytes.readUInt32LE(4 * at++) / 2 ** 32;
}
