import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Workplace } from '../../cli/adtally-process.ts';
import { expectProblem } from '../server-fixture.ts';

interface Line {
  readonly event: string;
  readonly url: string;
}

let place: Workplace;
afterEach(() => place.remove());

test('a gateway runs where Kafka does not answer, says so, and stops when it is asked to', async () => {
  place = new Workplace();
  // Takes connections and says nothing.
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const gateway = await place.start<Line>(['gateway', '--kafka', `127.0.0.1:${port}`, '--port', '0']);
  const { url } = gateway.first;
  await expectProblem(await fetch(`${url}/readyz`), 'kafka_unreachable');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const asked = fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  await expect
    .poll(
      async () => (await (await fetch(`${url}/metrics`)).text()).match(/adtally_pending_bytes (\d+)/)?.[1],
    )
    .not.toBe('0');
  gateway.signal('SIGTERM');
  const refused = await asked;
  expect(refused.headers.get('retry-after')).toBe('1');
  await expectProblem(refused, 'kafka_unreachable');
  const { exit, lines } = await gateway.ended;
  silent.close();
  expect([exit, lines.map(({ event }) => event)]).toEqual([0, ['started', 'stopped']]);
}, 40_000);

test.for([
  ['no address', [], 2, 'Say where Kafka is'],
  ['an address that is none', ['--kafka', 'here'], 2, 'it must be HOST:PORT'],
  ['a cluster that is not there', ['--cluster', 'nowhere'], 2, 'There is no cluster in'],
  ['a region that is none', ['--kafka', '127.0.0.1:1', '--region', 'z'], 2, '--region is "z"'],
] as const)('%s is refused before anything is served', async ([, args, exit, text]) => {
  place = new Workplace();
  const ended = await place.run(['gateway', '--port', '0', ...args]);
  expect([ended.exit, ended.stderr]).toEqual([exit, expect.stringContaining(text)]);
});
