import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { z } from 'zod';
import { countParameter, readParameters, textParameter } from '../parameters.ts';
import { PEER_PAGE_TYPE, type PeerPosition, type Region } from '../../embedded/ports.ts';
import type { Route, ServerContext } from '../route.ts';
import { answerEnd, waitForChange } from '../stream/change-wait.ts';

const compress = promisify(zstdCompress);
/** Fast: both regions have more to do than to compress. */
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const WAIT_MS_MAX = 60_000;

const QUERY = {
  data: textParameter(
    'Data id of this region, as the last page gave it; without it, from the beginning.',
    '0'.repeat(32),
    32,
  ),
  block: countParameter('The block that the last page ended with.', [0, Number.MAX_SAFE_INTEGER], 0),
  waitMs: countParameter('How long to wait for something new, ms.', [0, WAIT_MS_MAX], 0),
};

/** What the other region fetches: the events that were counted here, and the orders that were accepted. */
export const getPeerPage: Route = {
  method: 'GET',
  url: '/v1/peer/page',
  access: 'peer',
  operation: {
    id: 'getPeerPage',
    tag: 'Operation',
    summary: 'What was counted here, for the other region',
    description:
      'For the other region of the pipeline. The page holds what came of the blocks of the log after the one given: a line of ' +
      'JSON, then three JSON arrays, of events to withdraw, of events and of orders as they were received; compressed with zstd.',
    query: QUERY,
    answer: {
      about: 'The page; it may hold nothing but how far it reaches.',
      content: [{ type: PEER_PAGE_TYPE, schema: z.string(), example: '' }],
    },
    errors: ['bad_cursor', 'stopping', 'disk_failed'],
  },
  handler: (context) => async (request, reply) => {
    const { data = '', block = 0, waitMs = 0 } = readParameters(request.query, QUERY);
    const ended = answerEnd(reply, context.stopping);
    const page = await nextPage(context, { data, block }, request.method === 'HEAD' ? 0 : waitMs, ended);
    return reply.header('content-type', PEER_PAGE_TYPE).send(await compress(page, OPTIONS));
  },
};

async function nextPage(
  { region, clock }: Pick<ServerContext, 'clock'> & { readonly region: Region },
  after: PeerPosition,
  waitMs: number,
  ended: AbortSignal,
): Promise<Uint8Array> {
  const deadlineMs = clock.monotonicMs() + waitMs;
  for (;;) {
    const { page, isEmpty } = await region.peerPage(after);
    const leftMs = deadlineMs - clock.monotonicMs();
    if (!isEmpty || leftMs <= 0) return page;
    if ((await waitForChange({ region, clock }, leftMs, ended)) === 'ended') return page;
  }
}
