import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { noVerdicts, type IngestReceipt } from '../../src/model/verdict.ts';

/** What the stub does with a request instead of answering it. */
export type Fault = 'drop' | 'drop_after_counting' | 'overloaded' | 'broken' | 'refuse';

/** The least that a region is to a client: it counts event ids once, and fails as told. */
export interface StubRegion {
  readonly url: string;
  /** Taken from the front, one a request; nothing left means all is well. */
  readonly faults: Fault[];
  readonly ids: Set<string>;
  readonly lines: string[];
  requests: number;
  close(): Promise<void>;
}

export async function startStubRegion(): Promise<StubRegion> {
  const server = createServer((request, response) => void answer(stub, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: StubRegion = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: [],
    ids: new Set(),
    lines: [],
    requests: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return stub;
}

async function answer(stub: StubRegion, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  stub.requests++;
  const fault = stub.faults.shift();
  if (fault === 'drop') return void request.socket.destroy();
  if (fault === 'broken') return void response.writeHead(500).end('<html>');
  if (fault === 'overloaded') return problem(response, 429, 'overloaded', { 'retry-after': '0' });
  if (fault === 'refuse') return problem(response, 401, 'unauthorized');
  const receipt = count(stub, Buffer.concat(chunks).toString('utf8'));
  if (fault === 'drop_after_counting') return void request.socket.destroy();
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(receipt));
}

function count(stub: StubRegion, body: string): IngestReceipt {
  const verdicts = noVerdicts();
  const lines = body.split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const { eventId } = JSON.parse(line) as { eventId: string };
    verdicts[stub.ids.has(eventId) ? 'duplicate' : 'counted']++;
    stub.ids.add(eventId);
    stub.lines.push(line);
  }
  return { received: lines.length, verdicts, problems: [] };
}

function problem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  const body = { status, code, detail: `told to say ${code}` };
  response
    .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
    .end(JSON.stringify(body));
}
