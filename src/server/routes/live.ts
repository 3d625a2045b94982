import type { LiveFrame } from '../../model/live.ts';
import { liveFrame } from '../openapi/schemas.ts';
import { readParameters } from '../parameters.ts';
import { EVENT_STREAM_TYPE, type PageContext, type Route } from '../route.ts';
import { answerEnd } from '../stream/change-wait.ts';
import { EventStream } from '../stream/event-stream.ts';

const FRAME: LiveFrame = {
  at: 1_769_860_800_000,
  region: 'a',
  received: 5,
  verdicts: { counted: 3, duplicate: 1, conflict: 0, late: 0, future: 0, invalid: 1 },
  eventsPerSecond: 2.5,
  freshness: { p50Ms: 2.1, p99Ms: 4.8 },
  records: 2,
  pendingBytes: 0,
  quarantined: 1,
  orders: { received: 3, held: 2, pending: 0 },
  peer: {
    region: 'b',
    url: 'http://10.0.0.2:7070',
    isConnected: true,
    silentSince: null,
    throughLagMs: 120,
    settledLagMs: 90_000,
    yielded: 0,
    blocksMissed: 0,
    lastError: null,
  },
  topAds: [],
};

export const getLive: Route<PageContext> = {
  method: 'GET',
  url: '/v1/live',
  access: 'operator',
  operation: {
    id: 'getLive',
    tag: 'Operation',
    summary: 'Watch the region live',
    description:
      'Server-sent events ("event: live"), about two a second. A client that reads slowly misses frames.',
    answer: {
      about: 'A stream of frames.',
      content: [
        {
          type: EVENT_STREAM_TYPE,
          schema: liveFrame,
          example: `event: live\ndata: ${JSON.stringify(FRAME)}\n\n`,
        },
      ],
    },
    errors: [],
  },
  handler:
    ({ live, stopping }) =>
    (request, reply) => {
      readParameters(request.query, {});
      const ended = answerEnd(reply, stopping);
      const events = new EventStream(reply, ended);
      if (request.method === 'HEAD') return events.end();
      const stop = live.watch((data) => {
        if (events.ready) void events.send({ event: 'live', data });
      });
      if (ended.aborted) stop();
      else ended.addEventListener('abort', stop);
    },
};
