import { AdtallyError } from '../../base/errors.ts';

const TIMEOUT_MS = 60_000;

/** Calls a REST API of Flink that speaks JSON. */
export class RestClient {
  readonly #url: string;
  readonly #what: string;

  /** `what` is behind the URL, for messages: "Flink's SQL gateway". */
  constructor(url: string, what: string) {
    this.#url = url.replace(/\/$/, '');
    this.#what = what;
  }

  /** The answer's JSON, also of one that reports an error. Rejects with AdtallyError cluster_unreachable. */
  async call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<RestAnswer> {
    const request = {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    };
    let text: string;
    let status: number;
    try {
      const response = await fetch(this.#url + path, request);
      text = await response.text();
      status = response.status;
    } catch (cause) {
      const reason = causeOf(cause);
      throw new AdtallyError(
        'cluster_unreachable',
        `${this.#what} at ${this.#url} does not answer: ${reason}.`,
        {
          cause,
        },
      );
    }
    return { status, json: parsed(text) };
  }
}

export interface RestAnswer {
  readonly status: number;
  /** An empty object where the answer was none of JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** What Flink says went wrong: the deepest cause in its stack traces, without its class's package. */
export function deepestCause(errors: unknown): string {
  const text = Array.isArray(errors) ? errors.map(String).join('\n') : String(errors);
  const lines = text.split('\n').map((line) => line.trim());
  const causes = lines.filter((line) => line.startsWith('Caused by: '));
  const last =
    causes.at(-1)?.slice('Caused by: '.length) ??
    lines.find((line) => /(Exception|Error)\b(?! on server side)/.test(line));
  return (last ?? lines[0] ?? 'no reason given')
    .replace(/^(?:[\w$]+\.)+(?=[A-Z])/, '')
    .replace(/[.\s]+$/, '');
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
