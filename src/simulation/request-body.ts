import type { EventFields } from './marketplace.ts';
import type { SeededRandom } from './seeded-random.ts';

export type RequestFormat = 'json' | 'ndjson';

/** Ways to spoil an event, each on its own. They give the text that is sent in its place. */
const SPOILED: readonly ((event: EventFields, random: SeededRandom) => string)[] = [
  (event, random) => JSON.stringify({ ...event, [random.pick(Object.keys(event))]: undefined }),
  (event, random) => JSON.stringify({ ...event, [random.pick(Object.keys(event))]: null }),
  (event, random) => JSON.stringify({ ...event, [random.pick(Object.keys(event))]: '' }),
  (event, random) => JSON.stringify({ ...event, [random.pick(Object.keys(event))]: { a: 1 } }),
  (event) => JSON.stringify({ ...event, adId: 'x'.repeat(129) }),
  (event) => JSON.stringify({ ...event, userId: 'tab\there' }),
  (event) => JSON.stringify({ ...event, userId: '\ud800' }),
  (event) => JSON.stringify({ ...event, eventType: 'view' }),
  (event) => JSON.stringify({ ...event, eventTime: '2026-02-30T00:00:00Z' }),
  (event) => JSON.stringify({ ...event, eventTime: 1_700_000_000.5 }),
  (event) => JSON.stringify({ ...event, costMicros: -1 }),
  (event) => JSON.stringify({ ...event, costMicros: 0.5 }),
  (event) => JSON.stringify({ ...event, costMicros: 2 ** 53 }),
  (event) => JSON.stringify({ ...event, currency: 'euro' }),
  (event) => JSON.stringify(event).replace('{', '{"adId":"twice",'),
  (event) => JSON.stringify(event).replace('{', String.raw`{"\u0061dId":"twice",`),
  (event) => JSON.stringify(event).replace('{', '{"__proto__":{"adId":"x"},'),
  (event) => JSON.stringify(event).slice(0, -1),
  (event) => JSON.stringify(event).replace(':', ' '),
  (event) => `${JSON.stringify(event)}}`,
  () => '7',
  () => 'null',
  () => '"text"',
  () => 'NaN',
  () => '{}',
  () => '\ufeff{}',
];

export function spoil(event: EventFields, random: SeededRandom): string {
  return random.pick(SPOILED)(event, random);
}

/** Values that only an order can have wrong. */
const SPOILED_ORDER_FIELDS: readonly EventFields[] = [
  { orderVersion: 0 },
  { orderVersion: 1.5 },
  { orderVersion: 2 ** 53 },
  { orderStatus: 'lost' },
  { orderTime: 'yesterday' },
  { amountMicros: -1 },
  { amountMicros: 0.5 },
  { amountMicros: 2 ** 53 },
  { merchantId: '' },
  { orderId: 'x'.repeat(129) },
];

export function spoilOrder(order: EventFields, random: SeededRandom): string {
  return JSON.stringify({ ...order, ...random.pick(SPOILED_ORDER_FIELDS) });
}

/** The events' texts as one body. Layout, spacing and now and then the body as a whole are not as one would wish. */
export function layOut(texts: readonly string[], format: RequestFormat, random: SeededRandom): Uint8Array {
  const text = format === 'ndjson' ? asLines(texts, random) : asJson(texts, random);
  const bytes = Buffer.from(text);
  return random.chance(0.03) ? damage(bytes, random) : bytes;
}

function asLines(texts: readonly string[], random: SeededRandom): string {
  const newline = random.pick(['\n', '\r\n', '\n \t\n']);
  return texts.join(newline) + random.pick(['', newline]);
}

function asJson(texts: readonly string[], random: SeededRandom): string {
  if (texts.length === 1 && random.chance(0.5)) return texts[0];
  const comma = random.pick([',', ', ', '\n,\r\n']);
  return `${random.pick(['', ' \n'])}[${texts.join(comma)}]${random.pick(['', '\n'])}`;
}

/** As bad proxies and dying clients do: cut off, a byte changed, something behind the end. */
function damage(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const damages = {
    cut: () => bytes.subarray(0, random.below(bytes.length + 1)),
    changed: () => bytes.with(random.below(bytes.length), random.below(256)),
    longer: () => Buffer.concat([bytes, random.bytes(3)]),
    empty: () => new Uint8Array(0),
  };
  return bytes.length === 0 ? bytes : damages[random.pick(['cut', 'changed', 'longer', 'empty'] as const)]();
}
