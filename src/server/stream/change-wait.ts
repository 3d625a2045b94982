import type { FastifyReply } from 'fastify';
import type { ServerContext } from '../route.ts';

/** Aborted when the answer is complete, the client has gone or the server stops: whatever waits for it may end. */
export function answerEnd(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  if (stopping.aborted || reply.raw.closed) end();
  stopping.addEventListener('abort', end);
  reply.raw.once('close', () => {
    stopping.removeEventListener('abort', end);
    end();
  });
  return ended.signal;
}

/** Resolves at the next change of the region, after `timeoutMs`, or when `ended`: whichever comes first. */
export function waitForChange(
  { region, clock }: Pick<ServerContext, 'region' | 'clock'>,
  timeoutMs: number,
  ended: AbortSignal,
): Promise<'change' | 'timeout' | 'ended'> {
  return new Promise((resolve) => {
    if (ended.aborted) return resolve('ended');
    const finish = (why: 'change' | 'timeout' | 'ended'): void => {
      stopListening();
      cancelTimer();
      ended.removeEventListener('abort', onEnd);
      resolve(why);
    };
    const onEnd = (): void => finish('ended');
    const stopListening = region.onChange(() => finish('change'));
    const cancelTimer = clock.after(timeoutMs, () => finish('timeout'));
    ended.addEventListener('abort', onEnd);
  });
}
