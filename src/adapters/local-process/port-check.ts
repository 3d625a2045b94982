import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const HOST = '127.0.0.1';

/** Those of `ports` that cannot be listened on. */
export async function takenPorts(ports: readonly number[]): Promise<number[]> {
  const checked = await Promise.all(
    ports.map(async (port) => {
      const server = await listen(port);
      if (server === undefined) return [port];
      await close(server);
      return [];
    }),
  );
  return checked.flat();
}

/** So many different ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server!.address() as { port: number }).port);
  await Promise.all(servers.map((server) => close(server!)));
  return ports;
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host: HOST });
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
