import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a caller may name its request: fit for a header, a log line and a shell. */
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/**
 * Names requests: as the caller did in X-Request-Id where that is well formed, else with a short id, different in every process,
 * so that an id found in a log is one request.
 */
export function requestIds(): (request?: IncomingMessage) => string {
  const process = randomBytes(4).toString('hex');
  let count = 0;
  return (request) => {
    const given = request?.headers['x-request-id'];
    if (typeof given === 'string' && WELL_FORMED.test(given)) return given;
    return `${process}-${(++count).toString(36)}`;
  };
}
