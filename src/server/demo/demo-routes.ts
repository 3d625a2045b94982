import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AdtallyError } from '../../base/errors.ts';
import { count, SCHEMAS, unixMs } from '../openapi/schemas.ts';
import { readParameters, textParameter, type Parameters } from '../parameters.ts';
import { type Operation, type Route, type ServerContext, sendJson } from '../route.ts';
import { asOperator } from '../trail/operator-action.ts';
import type { DemoControl, DemoRegion } from './demo-control.ts';

export const demoReport = z
  .strictObject({
    regions: z.array(
      z.strictObject({
        region: z.string(),
        url: z.string(),
        state: z
          .enum(['starting', 'up', 'down', 'killed', 'stopping'])
          .describe('down: it died and comes back by itself; killed: somebody asked for that.'),
        pid: z.int().nullable().describe('Its process; null while there is none.'),
        restarts: count.describe('How often it came up again.'),
        restartAt: unixMs.nullable().describe('When it is started again; null where nothing is planned.'),
      }),
    ),
  })
  .register(SCHEMAS, { id: 'DemoReport' });

const EXAMPLE: { readonly regions: readonly DemoRegion[] } = {
  regions: [
    { region: 'a', url: 'http://127.0.0.1:7070', state: 'up', pid: 4711, restarts: 0, restartAt: null },
    {
      region: 'b',
      url: 'http://127.0.0.1:7071',
      state: 'killed',
      pid: null,
      restarts: 1,
      restartAt: 1_769_860_800_000,
    },
  ],
};
const QUERY = { region: textParameter('Which region.', 'b', 31) } satisfies Parameters;
const ANSWER: Operation['answer'] = {
  about: 'The regions of the demo as they are now.',
  content: [{ type: 'application/json', schema: demoReport, example: EXAMPLE }],
};

export const getDemo: Route = {
  method: 'GET',
  url: '/v1/demo',
  access: 'operator',
  operation: {
    id: 'getDemo',
    tag: 'Operation',
    summary: 'The regions of the demo',
    description:
      'Empty where the region is not part of "adtally demo": it cannot be killed and restarted from here.',
    answer: ANSWER,
    errors: ['stopping'],
  },
  handler:
    ({ demo }) =>
    async (request, reply) => {
      readParameters(request.query, {});
      return sendRegions(reply, (await demo?.regions()) ?? []);
    },
};

export const postDemoKill: Route = demoAction(
  'kill',
  'Kill a region of the demo',
  'SIGKILL, as a power cut would end it. It stays down until it is restarted from here, or for two minutes. A region may end itself. ' +
    'One that is down already stays down for as long.',
);

export const postDemoRestart: Route = demoAction(
  'restart',
  'Start a region of the demo again',
  'At once, where it is down; one that runs is left alone.',
);

function demoAction(verb: 'kill' | 'restart', summary: string, description: string): Route {
  return {
    method: 'POST',
    url: `/v1/demo/${verb}`,
    access: 'operator',
    operation: {
      id: `postDemo${verb === 'kill' ? 'Kill' : 'Restart'}`,
      tag: 'Operation',
      summary,
      description: `${description} Only where the region is part of "adtally demo". There is no body.`,
      query: QUERY,
      answer: ANSWER,
      errors: ['not_found', 'stopping', 'disk_failed'],
    },
    handler: (context) => (request, reply) => act(context, verb, request, reply),
  };
}

async function act(
  context: ServerContext,
  verb: 'kill' | 'restart',
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { region } = readParameters(request.query, QUERY);
  const { demo } = context;
  if (demo === undefined) {
    throw new AdtallyError(
      'not_found',
      `This region is not part of "adtally demo", and nobody can ${verb} it from here.`,
    );
  }
  const name = await knownRegion(demo, region);
  const asked = { action: `demo.${verb}`, subject: `region ${name}` };
  return sendRegions(reply, await asOperator(context, request, asked, () => demo[verb](name)));
}

async function knownRegion(demo: DemoControl, region: string | undefined): Promise<string> {
  const names = (await demo.regions()).map((known) => known.region);
  if (region !== undefined && names.includes(region)) return region;
  const given = region === undefined ? 'is missing' : `is ${JSON.stringify(region)}`;
  throw new AdtallyError('bad_request', `region ${given}; allowed: ${names.join(', ')}.`);
}

function sendRegions(reply: FastifyReply, regions: readonly DemoRegion[]): FastifyReply {
  return sendJson(reply, JSON.stringify({ regions }));
}
