import { AdtallyError } from '../../base/errors.ts';
import { parseExactJson } from '../../client/exact-answer.ts';

export interface PinotAddress {
  /** Base of the broker or controller: http or https, without a path. */
  readonly url: string;
  /** What is sent as `Authorization`, where Pinot wants one. */
  readonly authorization?: string | undefined;
  /** Longest wait for an answer, its body included, ms. */
  readonly timeoutMs: number;
}

export interface PinotResponse {
  readonly status: number;
  /** What the JSON of the body holds, numbers exact; undefined when it is no JSON. */
  readonly body: unknown;
  readonly text: string;
}

/** Asks Pinot over HTTP. Rejects with AdtallyError reporting_unavailable when nobody answers. */
export async function askPinot(
  { url, authorization, timeoutMs }: PinotAddress,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<PinotResponse> {
  const target = new URL(path, url);
  try {
    const response = await fetch(target, {
      method,
      redirect: 'error',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return { status: response.status, body: jsonOf(text), text };
  } catch (cause) {
    throw new AdtallyError('reporting_unavailable', `Pinot at ${target.origin} does not answer.`, { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

/** The first line of what Pinot says, which goes on with the stack of a server. */
export function firstLine(text: string): string {
  const [line = '', next = ''] = text.split('\n').map((part) => part.trim());
  return (line.endsWith(':') ? `${line} ${next}` : line).slice(0, LINE_LENGTH_MAX);
}

const LINE_LENGTH_MAX = 300;
