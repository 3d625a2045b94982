import { AdtallyError } from '../../../base/errors.ts';
import { formatTime } from '../../../model/event-time.ts';
import { STORES, type Upkeep } from '../../../union-load/ports.ts';
import { storesStatus, upkeepTask } from '../../openapi/store-schemas.ts';
import { choiceParameter, readParameter, readParameters, timeParameter } from '../../parameters.ts';
import { sendJson, type Route, type ServerContext } from '../../route.ts';
import { asOperator } from '../../trail/operator-action.ts';
import type { FastifyRequest } from 'fastify';

const PATH = { store: choiceParameter('Which store.', STORES, 'reporting') };
const QUERY = { from: timeParameter('Records of minutes, and of orders, from this time on.') };
const TASK = {
  task: 'replay',
  state: 'running',
  step: 'bringing reporting up to the feeds',
  records: 15_000,
  startedAt: 1_769_860_867_312,
  endedAt: null,
  error: null,
  counts: null,
};

export const getStores: Route = {
  method: 'GET',
  url: '/v1/stores',
  access: 'operator',
  operation: {
    id: 'getStores',
    tag: 'Operation',
    summary: 'How the stores are, and what is done to them',
    description:
      'Reporting store and warehouse with how far they have followed each feed, and the rebuild or replay under way.',
    answer: {
      about: 'Null for a store that this region runs without.',
      content: [
        {
          type: 'application/json',
          schema: storesStatus,
          example: { reporting: null, warehouse: null, task: TASK },
        },
      ],
    },
    errors: [],
  },
  handler:
    ({ reports, warehouse, upkeep }) =>
    async (request, reply) => {
      readParameters(request.query, {});
      const [reporting, files] = await Promise.all([reports()?.status(), warehouse()?.status()]);
      const status = {
        reporting: reporting ?? null,
        warehouse: files ?? null,
        task: upkeep()?.task() ?? null,
      };
      return sendJson(reply, JSON.stringify(status));
    },
};

export const postRebuild: Route = {
  method: 'POST',
  url: '/v1/stores/:store/rebuild',
  access: 'operator',
  operation: {
    id: 'rebuildStore',
    tag: 'Operation',
    summary: 'Make a store anew',
    description:
      'The reporting store from the warehouse and the feeds, the warehouse and the ledger from the reporting store and the feeds. The old ' +
      'one serves until the new one takes its place at once. Answers when it has begun; GET /v1/stores says how far it is.',
    path: PATH,
    answer: {
      about: 'The task.',
      content: [{ type: 'application/json', schema: upkeepTask, example: TASK }],
    },
    errors: ['not_found', 'overloaded', 'disk_failed'],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const store = readParameter('store', (request.params as { store: string }).store, PATH.store);
    const asked = { action: 'store.rebuild', subject: store };
    return sendJson(reply, await begin(context, request, asked, (upkeep) => upkeep.rebuild(store)));
  },
};

export const postReplay: Route = {
  method: 'POST',
  url: '/v1/stores/replay',
  access: 'operator',
  operation: {
    id: 'replayRecords',
    tag: 'Operation',
    summary: 'Bring the stores what they lack',
    description:
      'Reads the feeds of all regions from their beginning and brings every store, and the ledger, the records that it does not hold so. Answers ' +
      'when it has begun; GET /v1/stores says how far it is, and how many records were not right.',
    query: QUERY,
    answer: {
      about: 'The task.',
      content: [{ type: 'application/json', schema: upkeepTask, example: TASK }],
    },
    errors: ['bad_request', 'not_found', 'overloaded', 'disk_failed'],
  },
  handler: (context) => async (request, reply) => {
    const { from } = readParameters(request.query, QUERY);
    if (from === undefined)
      throw new AdtallyError('bad_request', 'from is missing, the time to replay from.');
    const asked = { action: 'store.replay', subject: `from ${formatTime(from)}` };
    return sendJson(reply, await begin(context, request, asked, (upkeep) => upkeep.replay(from)));
  },
};

/** Answers once the task runs, or with why it does not; the trail keeps how it ends. */
async function begin(
  context: ServerContext,
  request: FastifyRequest,
  asked: { readonly action: string; readonly subject: string },
  work: (upkeep: Upkeep) => Promise<unknown>,
): Promise<string> {
  const upkeep = context.upkeep();
  if (upkeep === undefined)
    throw new AdtallyError('not_found', 'This server runs without stores to look after.');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ending = asOperator(context, request, asked, async () => {
    const done = work(upkeep);
    // Whatever refuses it does so at once.
    setImmediate(resolve);
    await done;
  });
  ending.catch(reject);
  await promise;
  return JSON.stringify(upkeep.task());
}
