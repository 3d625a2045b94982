import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AdtallyError } from '../../base/errors.ts';
import type { RegistryMetrics } from '../serving/registry-metrics.ts';

export interface WatchServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Where the metrics are served; port 0 takes a free one. */
export interface WatchAddress {
  readonly host: string;
  readonly port: number;
}

/** Serves metrics at /metrics, to everybody who reaches the host. Throws AdtallyError config_invalid for an address that cannot be had. */
export async function startWatchServer(
  metrics: RegistryMetrics,
  { host, port }: WatchAddress,
): Promise<WatchServer> {
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
  server.listen({ port, host });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new AdtallyError(
      'config_invalid',
      (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
        ? `--metrics-port ${port} is taken by another process; choose another, or 0 for a free one.`
        : `Metrics cannot be served at ${host}, port ${port}: ${(cause as Error).message}.`,
      { cause },
    );
  }
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      metrics.close();
    },
  };
}
