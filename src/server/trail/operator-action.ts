import type { FastifyRequest } from 'fastify';
import { AdtallyError } from '../../base/errors.ts';
import type { BudgetContext } from '../route.ts';

/** What an operator asked for. */
interface AskedAction {
  /** Noun and verb: `campaign.put`. */
  readonly action: string;
  /** To what: an id, or a few words. */
  readonly subject: string;
}

/**
 * Does what an operator asked for in `request`, and keeps it in the trail: every route that changes what a region is or holds goes
 * through here. Throws what `work` throws, and AdtallyError disk_failed when the trail cannot be written: nothing is done then.
 */
export function asOperator<Result>(
  { trail }: Pick<BudgetContext, 'trail'>,
  { id: requestId, caller }: FastifyRequest,
  asked: AskedAction,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  if (trail === undefined) {
    throw new AdtallyError('not_found', `This server keeps no trail, and so takes no ${asked.action}.`);
  }
  const { role } = caller;
  if (role === 'unknown') throw new AdtallyError('forbidden', `${asked.action} is for operators.`);
  const keyId = 'keyId' in caller ? caller.keyId : null;
  return trail.run({ role, keyId, requestId, ...asked }, work);
}
