import { setTimeout as sleep } from 'node:timers/promises';
import { AdtallyError } from '../../base/errors.ts';
import type { SqlGateway, SqlOutcome } from '../../cluster/jobs/ports.ts';
import { RestClient, deepestCause } from './rest-client.ts';

const POLL_MS = 50;
const STATEMENT_PATIENCE_MS = 300_000;

/** Flink's SQL gateway over its REST API. */
export class FlinkSqlGateway implements SqlGateway {
  readonly #rest: RestClient;

  constructor(url: string) {
    this.#rest = new RestClient(url, "Flink's SQL gateway");
  }

  async run(settings: Readonly<Record<string, string>>, statements: readonly string[]): Promise<SqlOutcome> {
    const { json } = await this.#rest.call('POST', '/v3/sessions', { properties: settings });
    if (typeof json['sessionHandle'] !== 'string') {
      throw new AdtallyError(
        'job_failed',
        `The SQL gateway opened no session: ${deepestCause(json['errors'])}.`,
      );
    }
    const session = `/v3/sessions/${json['sessionHandle']}`;
    try {
      let outcome: SqlOutcome = { jobId: null, rows: [] };
      for (const statement of statements) outcome = await this.#statement(session, statement);
      return outcome;
    } finally {
      // A job outlives its session.
      await this.#rest.call('DELETE', session).catch(() => undefined);
    }
  }

  async #statement(session: string, statement: string): Promise<SqlOutcome> {
    const { json } = await this.#rest.call('POST', `${session}/statements`, { statement });
    if (typeof json['operationHandle'] !== 'string') throw refused(statement, json['errors']);
    const operation = `${session}/operations/${json['operationHandle']}`;
    const deadline = performance.now() + STATEMENT_PATIENCE_MS;
    let jobId: string | null = null;
    const rows: (string | null)[][] = [];
    // Whether a statement has failed stands in its result alone: neither the status code nor the status say why.
    for (let path: string | undefined = `${operation}/result/0?rowFormat=JSON`; path !== undefined;) {
      const answer: Result = (await this.#rest.call('GET', path)).json;
      if (answer.errors !== undefined) throw refused(statement, answer.errors);
      jobId = answer.jobID ?? jobId;
      for (const { fields } of answer.results?.data ?? []) rows.push(fields.map(textOf));
      if (answer.resultType === 'NOT_READY') {
        if (performance.now() > deadline) throw refused(statement, 'it does not come to an end');
        await sleep(POLL_MS);
      } else path = answer.resultType === 'EOS' ? undefined : answer.nextResultUri;
    }
    return { jobId, rows };
  }
}

/** A page of the result of a statement. */
interface Result {
  readonly errors?: unknown;
  readonly jobID?: string;
  readonly resultType?: 'NOT_READY' | 'PAYLOAD' | 'EOS';
  readonly nextResultUri?: string;
  readonly results?: { readonly data?: readonly { readonly fields: readonly unknown[] }[] };
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function refused(statement: string, errors: unknown): AdtallyError {
  const begin = statement.replaceAll(/\s+/g, ' ').slice(0, 80);
  return new AdtallyError('job_failed', `Flink refuses "${begin}…": ${deepestCause(errors)}.`);
}
