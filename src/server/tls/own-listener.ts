import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Where a region that speaks https is read by its own workers. */
export interface OwnListener {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): void;
}

/**
 * A certificate names the region as others know it, so its own workers could not check it: for them it is served on a free port
 * of loopback, without https, and with the same keys as everywhere.
 */
export async function listenForWorkers(app: FastifyInstance): Promise<OwnListener> {
  const server = createServer((request, response) => app.routing(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
