import { AdtallyError } from '../../base/errors.ts';
import { health } from '../openapi/schemas.ts';
import { type ServingContext, type Route, sendJson } from '../route.ts';

const OK = '{"status":"ok"}';
const ANSWER = {
  about: 'It is.',
  content: [{ type: 'application/json', schema: health, example: { status: 'ok' } }],
};

export const getHealthz: Route<ServingContext> = {
  method: 'GET',
  url: '/healthz',
  access: 'anyone',
  operation: {
    id: 'getHealthz',
    tag: 'Operation',
    summary: 'Whether the process is alive',
    description: 'Says nothing about the region: see /readyz.',
    answer: ANSWER,
    errors: [],
  },
  handler: () => (_request, reply) => sendJson(reply, OK),
};

export const getReadyz: Route<ServingContext> = {
  method: 'GET',
  url: '/readyz',
  access: 'anyone',
  operation: {
    id: 'getReadyz',
    tag: 'Operation',
    summary: 'Whether the region takes in events',
    description: 'For load balancers: 503 while the region stops and after its disk failed.',
    answer: ANSWER,
    errors: ['stopping', 'disk_failed'],
  },
  handler: (context) => (_request, reply) => {
    const { failure } = context;
    if (failure instanceof AdtallyError) throw failure;
    if (failure !== undefined) throw new AdtallyError('internal', 'The region has failed; see its log.');
    return sendJson(reply, OK);
  },
};
