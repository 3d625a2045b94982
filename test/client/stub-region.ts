import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { noVerdicts, type IngestReceipt } from '../../src/model/verdict.ts';

/** What the stub does with a request instead of answering it. */
export type Fault =
  | 'drop'
  | 'drop_after_counting'
  | 'hang'
  | 'overloaded'
  | 'overloaded_long'
  | 'broken'
  | 'stopping'
  | 'garbled'
  | 'empty'
  | 'stranger'
  | 'too_large'
  | 'bad_request'
  | 'refuse';

/** The least that a region is to a client: it counts event ids once, and fails as told. */
export interface StubRegion {
  readonly url: string;
  /** Taken from the front, one a request; nothing left means all is well. */
  readonly faults: Fault[];
  /** Done to every request while it is set. */
  always: Fault | undefined;
  readonly ids: Set<string>;
  /** Every line that was counted, or would have been again. */
  readonly lines: string[];
  /** The body of every request, whatever became of it. */
  readonly bodies: string[];
  readonly keys: (string | undefined)[];
  /** Most verdicts told one by one. */
  problemsMax: number;
  requests: number;
  /** How often it was asked whether it is ready; it is, while `always` is not set. */
  probes: number;
  /** Ends answers that hang. */
  release(): void;
  close(): Promise<void>;
}

export async function startStubRegion(port = 0): Promise<StubRegion> {
  const hanging = new Set<ServerResponse>();
  const server = createServer((request, response) => void answer(stub, hanging, request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stub: StubRegion = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: [],
    always: undefined,
    ids: new Set(),
    lines: [],
    bodies: [],
    keys: [],
    problemsMax: 100,
    requests: 0,
    probes: 0,
    release() {
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return stub;
}

async function answer(
  stub: StubRegion,
  hanging: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url === '/readyz') {
    stub.probes++;
    return void response.writeHead(stub.always === undefined ? 200 : 503).end('{}');
  }
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return;
  }
  const body = Buffer.concat(chunks).toString('utf8');
  stub.requests++;
  stub.bodies.push(body);
  stub.keys.push(request.headers.authorization);
  const fault = stub.faults.shift() ?? stub.always;
  if (fault === undefined) return succeed(stub, request, response, body);
  if (fault === 'drop') request.socket.destroy();
  else if (fault === 'drop_after_counting') {
    count(stub, request, body);
    request.socket.destroy();
  } else if (fault === 'hang') hanging.add(response);
  else refuse(fault, response);
}

function succeed(stub: StubRegion, request: IncomingMessage, response: ServerResponse, body: string): void {
  const receipt = JSON.stringify(count(stub, request, body));
  response.writeHead(200, { 'content-type': 'application/json' }).end(receipt);
}

function refuse(
  fault: Exclude<Fault, 'drop' | 'drop_after_counting' | 'hang'>,
  response: ServerResponse,
): void {
  if (fault === 'broken') return void response.writeHead(500).end('<html>');
  if (fault === 'garbled') return void response.writeHead(200).end('<h1>Log in first</h1>');
  if (fault === 'empty') return void response.writeHead(200).end('{}');
  if (fault === 'stranger')
    return void response
      .writeHead(200)
      .end('{"received":1000000,"verdicts":{"counted":1000000},"problems":[]}');
  if (fault === 'overloaded') return problem(response, 429, 'overloaded', { 'retry-after': '0' });
  if (fault === 'overloaded_long') return problem(response, 429, 'overloaded', { 'retry-after': '60' });
  if (fault === 'stopping') return problem(response, 503, 'stopping');
  if (fault === 'too_large') return problem(response, 413, 'too_large');
  if (fault === 'bad_request') return problem(response, 400, 'bad_request');
  problem(response, 401, 'unauthorized');
}

function count(stub: StubRegion, request: IncomingMessage, body: string): IngestReceipt {
  const isOrder = request.url === '/v1/orders';
  const verdicts: Record<string, number> = isOrder ? { accepted: 0, duplicate: 0 } : noVerdicts();
  const problems: object[] = [];
  const lines = body.split('\n').filter((line) => line !== '');
  for (const [index, line] of lines.entries()) {
    const { eventId, orderId } = JSON.parse(line) as { eventId: string; orderId?: string };
    const id = orderId ?? eventId;
    const isKnown = stub.ids.has(id);
    verdicts[isKnown ? 'duplicate' : isOrder ? 'accepted' : 'counted']++;
    if (isKnown && problems.length < stub.problemsMax)
      problems.push({ index, eventId, verdict: 'duplicate', code: 'duplicate', message: 'seen' });
    stub.ids.add(id);
    stub.lines.push(line);
  }
  return { received: lines.length, verdicts, problems } as unknown as IngestReceipt;
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
