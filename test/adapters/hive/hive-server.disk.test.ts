import { afterEach, describe, expect, test } from 'vitest';
import { openHive } from '../../../src/adapters/hive/hive-server.ts';
import { serverProbe } from '../../../src/adapters/local-process/server-probe.ts';
import { freePort } from '../../free-port.ts';
import { FakeHiveServer, type Manner } from './fake-hive-server.ts';

const LIMITS = { timeMaxMs: 1000, rowsMax: 10, connectMs: 300 };

let server: FakeHiveServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serverThat(manner: Manner): Promise<string> {
  server = new FakeHiveServer(manner);
  return server.start();
}

describe('a server that', () => {
  test.for(['silent', 'hangs up', 'refuses the login', 'hangs up at the session', 'fails'] as const)(
    '%s is not ready, and is told to be out of reach',
    async (manner) => {
      const address = await serverThat(manner);
      expect(await serverProbe.isReady({ kind: 'hive', address })).toBe(false);
      await expect(openHive({ address, ...LIMITS })).rejects.toMatchObject({
        code: 'cluster_unreachable',
        message: expect.stringContaining(`HiveServer2 at ${address} does not answer`),
      });
    },
  );

  test('opens a session is ready', async () => {
    const address = await serverThat('opens');
    expect(await serverProbe.isReady({ kind: 'hive', address })).toBe(true);
  });
});

test('nobody at the address is told as such', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  expect(await serverProbe.isReady({ kind: 'hive', address })).toBe(false);
  await expect(openHive({ address, ...LIMITS })).rejects.toMatchObject({ code: 'cluster_unreachable' });
});
