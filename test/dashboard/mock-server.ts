import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { LiveFrame } from '../../src/model/live.ts';
import { mockBudgets, mockDaySpend } from './mock-budgets.ts';
import type { OrderAnswer, OrdersAnswer } from '../../src/dashboard/region-api.ts';
import { mockAdMinutes, mockFrame, mockQuarantine } from './mock-figures.ts';
import type { DemoRegion } from '../../src/dashboard/answers/region-answers.ts';
import { mockBudgetFeeds, mockFiguresReport, mockSql, mockStores } from './mock-reports.ts';
import { mockOrderAnswer, mockOrders } from './mock-orders.ts';

const DASHBOARD = new URL('../../src/dashboard/', import.meta.url);
const MODULES = new URL('../../node_modules/', import.meta.url);
const FRAME_EVERY_MS = 500;

const VENDOR: Record<string, string> = {
  'preact.js': 'preact/dist/preact.mjs',
  'preact-hooks.js': 'preact/hooks/dist/hooks.mjs',
  'signals.js': '@preact/signals/dist/signals.mjs',
  'signals-core.js': '@preact/signals-core/dist/signals-core.mjs',
  'htm.js': 'htm/dist/htm.mjs',
  'htm-preact.js': 'htm/preact/index.mjs',
  'uplot.js': 'uplot/dist/uPlot.esm.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
};
const TYPES: Record<string, string> = {
  ts: 'text/javascript; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface MockServer {
  readonly url: string;
  /** Address and query of every request for figures, in order. */
  readonly asked: string[];
  /** Most requests for ad minutes that were under way at once. */
  readonly overlapMost: () => number;
  /** How many streams are open. */
  readonly viewers: () => number;
  /** Changes what the frames say from now on. */
  setFrame(change: Partial<LiveFrame>): void;
  /** These are the regions of the demo from now on; killing and restarting changes their state. */
  setDemo(regions: readonly DemoRegion[]): void;
  /** How often the regions of the demo were asked for. */
  demoAsked(): number;
  /** Which regions were killed and restarted, as "kill a". */
  readonly demoActions: string[];
  /** Lists these records of orders from now on. */
  setOrders(records: OrdersAnswer['records']): void;
  /** Explains any order like this from now on. */
  setOrder(answer: OrderAnswer): void;
  /** Ends all streams, and refuses new ones until `resume`. */
  breakLive(): void;
  /** Keeps streams open but sends nothing, until `resume`. */
  silence(): void;
  resume(): void;
  /** Answers requests for figures with this problem; null: well again. */
  failWith(problem: { status: number; detail: string } | null): void;
  /** How long figures of an ad are thought about from now on. */
  answerAfter(delayMs: number): void;
  close(): Promise<void>;
}

/** Serves the page as the region does, with figures made up. */
export async function startMockServer(port = 0): Promise<MockServer> {
  const streams = new Set<ServerResponse>();
  const asked: string[] = [];
  let live: 'on' | 'broken' | 'silent' = 'on';
  let change: Partial<LiveFrame> = {};
  let orders: OrdersAnswer['records'] | null = null;
  let order: OrderAnswer | null = null;
  let demo: readonly DemoRegion[] = [];
  const demoActions: string[] = [];
  let demoAsked = 0;
  let problem: { status: number; detail: string } | null = null;
  let tick = 0;
  let delayMs = 40;
  let underWay = 0;
  let underWayMost = 0;

  const frameText = (): string =>
    `event: live\ndata: ${JSON.stringify({ ...mockFrame(tick, Date.now()), ...change })}\n\n`;
  const timer = setInterval(() => {
    tick++;
    if (live === 'on') for (const stream of streams) stream.write(frameText());
  }, FRAME_EVERY_MS);

  const routes: Record<
    string,
    (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => void
  > = {
    '/v1/live': (_request, response) => {
      if (live === 'broken') return sendProblem(response, 503, 'The region is stopping.');
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      streams.add(response);
      response.on('close', () => streams.delete(response));
      if (live === 'on') response.write(frameText());
    },
    '/v1/access': (_request, response) =>
      sendJson(response, { role: 'loopback', keyId: null, advertiserId: null }),
    '/v1/ad-minutes': (_request, response, query) => {
      underWayMost = Math.max(underWayMost, ++underWay);
      setTimeout(() => {
        underWay--;
        if (problem !== null) return sendProblem(response, problem.status, problem.detail);
        sendJson(response, mockAdMinutes(query, tick));
      }, delayMs);
    },
    '/v1/budgets': (_request, response) => {
      if (problem !== null) return sendProblem(response, problem.status, problem.detail);
      sendJson(response, { ...mockBudgets(Date.now()), feeds: mockBudgetFeeds(tick) });
    },
    '/v1/campaigns/spring/spend': (_request, response) => {
      if (problem !== null) return sendProblem(response, problem.status, problem.detail);
      sendJson(response, mockDaySpend(Date.now()));
    },
    '/v1/demo': (_request, response) => {
      demoAsked++;
      sendJson(response, { regions: demo });
    },
    '/v1/demo/kill': (_request, response, query) => {
      demoActions.push(`kill ${query.get('region')}`);
      demo = demo.map((each) => (each.region === query.get('region') ? { ...each, state: 'killed' } : each));
      sendJson(response, { regions: demo });
    },
    '/v1/demo/restart': (_request, response, query) => {
      demoActions.push(`restart ${query.get('region')}`);
      demo = demo.map((each) => (each.region === query.get('region') ? { ...each, state: 'up' } : each));
      sendJson(response, { regions: demo });
    },
    '/v1/stores': (_request, response) => sendJson(response, mockStores(tick)),
    '/v1/reports/figures': (_request, response, query) => {
      if (problem !== null) return sendProblem(response, problem.status, problem.detail);
      sendJson(response, mockFiguresReport(query, Date.now()));
    },
    '/v1/sql': (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { sql } = JSON.parse(Buffer.concat(chunks).toString()) as { sql: string };
        const { status, text } = mockSql(sql);
        response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      });
    },
    '/v1/quarantine': (_request, response) => {
      if (problem !== null) return sendProblem(response, problem.status, problem.detail);
      sendJson(response, mockQuarantine(Date.now()));
    },
    '/v1/orders': (_request, response) => {
      if (problem !== null) return sendProblem(response, problem.status, problem.detail);
      sendJson(response, { records: orders ?? mockOrders(tick, Date.now()) });
    },
    '/v1/orders/:orderId/explain': (request, response) => {
      if (problem !== null) return sendProblem(response, problem.status, problem.detail);
      const orderId = decodeURIComponent(request.url!.split('/')[3]);
      if (order === null && orderId.startsWith('none'))
        return sendProblem(response, 404, `No order "${orderId}" is held.`);
      sendJson(response, order ?? mockOrderAnswer(orderId, Date.now()));
    },
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const answer = routes[pathname.replace(/^(\/v1\/orders\/)[^/]+(\/explain)$/, '$1:orderId$2')];
    if (answer === undefined) return sendFile(response, pathname);
    // Who reads, and whether this is a demo, is no figure.
    if (pathname !== '/v1/access' && !pathname.startsWith('/v1/demo'))
      asked.push(`${pathname}?${searchParams.toString()}`);
    answer(request, response, searchParams);
  });
  const url = await listen(server, port);
  return {
    url,
    asked,
    viewers: () => streams.size,
    overlapMost: () => underWayMost,
    setFrame: (next) => (change = { ...change, ...next }),
    setDemo: (next) => (demo = next),
    demoActions,
    demoAsked: () => demoAsked,
    setOrders: (next) => (orders = next),
    setOrder: (next) => (order = next),
    breakLive: () => {
      live = 'broken';
      for (const stream of streams) stream.destroy();
    },
    silence: () => (live = 'silent'),
    resume: () => (live = 'on'),
    failWith: (next) => (problem = next),
    answerAfter: (next) => (delayMs = next),
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sendFile(response: ServerResponse, pathname: string): void {
  if (pathname === '/') return sendPage(response);
  const [, room, path = ''] = /^\/assets\/(dashboard|vendor)\/([\w./-]+)$/.exec(pathname) ?? [];
  const file =
    room === 'vendor' ? VENDOR[path] && new URL(VENDOR[path], MODULES) : room && new URL(path, DASHBOARD);
  if (!file) return sendProblem(response, 404, pathname);
  const source = readFileSync(file, 'utf8');
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)];
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
  response.end(path.endsWith('.ts') ? stripTypeScriptTypes(source) : source);
}

function sendPage(response: ServerResponse): void {
  const page = readFileSync(new URL('index.html', DASHBOARD), 'utf8');
  const [, importMap] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page)!;
  const hash = createHash('sha256').update(importMap).digest('base64');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; script-src 'self' 'sha256-${hash}'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  });
  response.end(page);
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendProblem(response: ServerResponse, status: number, detail: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ status, title: 'Something is wrong', detail }));
}
