import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AdtallyError } from '../../base/errors.ts';
import type { RegistryMetrics } from '../serving/registry-metrics.ts';

/** Prometheus asks from this machine, or through a proxy that knows who may. */
const HOST = '127.0.0.1';

export interface WatchServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves metrics at /metrics, to this machine alone; port 0 takes a free one. Throws AdtallyError config_invalid for one that is taken. */
export async function startWatchServer(metrics: RegistryMetrics, port: number): Promise<WatchServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.render().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen({ port, host: HOST });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new AdtallyError(
      'config_invalid',
      `--metrics-port ${port} is taken by another process; choose another, or 0 for a free one.`,
      { cause },
    );
  }
  const address = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${address.port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      metrics.close();
    },
  };
}
