import { setTimeout as sleep } from 'node:timers/promises';
import { AdtallyError } from '../../base/errors.ts';
import type {
  CommitterCounts,
  FlinkJob,
  FlinkOverview,
  JobCheckpoints,
  JobManager,
  RestoredCheckpoint,
} from '../../cluster/jobs/ports.ts';
import { committerMetrics, countCommitters, type AggregatedMetric } from './committer-metrics.ts';
import { RestClient, deepestCause, type RestAnswer } from './rest-client.ts';

const POLL_MS = 100;
const NO_CHECKPOINTS: JobCheckpoints = { completed: 0, failed: 0, latestAt: null, restored: null };

/** Flink's JobManager over its REST API. */
export class FlinkJobManager implements JobManager {
  readonly #rest: RestClient;

  constructor(url: string) {
    this.#rest = new RestClient(url, "Flink's JobManager");
  }

  async jobs(): Promise<readonly FlinkJob[]> {
    const { jobs } = (await this.#get('/jobs/overview')) as { readonly jobs: readonly ListedJob[] };
    return jobs.map((job) => ({
      id: job.jid,
      name: job.name,
      state: job.state,
      startedAt: job['start-time'],
    }));
  }

  async checkpoints(jobId: string): Promise<JobCheckpoints> {
    const path = `/jobs/${encodeURIComponent(jobId)}/checkpoints`;
    const { status, json } = await this.#rest.call('GET', path);
    // Of a job that it is just setting up Flink fails to say that it has none.
    if (status === 500) return NO_CHECKPOINTS;
    if (status >= 300) throw failed(`Flink answers ${status} to ${path}`, json);
    const answer = json as Checkpoints;
    return {
      completed: answer.counts?.completed ?? 0,
      failed: answer.counts?.failed ?? 0,
      latestAt: answer.latest?.completed?.latest_ack_timestamp ?? null,
      restored: restoredFrom(answer.latest?.restored),
    };
  }

  async stopWithSavepoint(jobId: string, directory: string): Promise<string> {
    const job = `/jobs/${encodeURIComponent(jobId)}`;
    const body = { targetDirectory: directory, drain: false };
    const { status, json } = await this.#rest.call('POST', `${job}/stop`, body);
    const trigger = json['request-id'];
    if (status >= 300 || typeof trigger !== 'string') throw failed(`Job ${jobId} cannot be stopped`, json);
    for (;;) {
      const answer = (await this.#get(`${job}/savepoints/${trigger}`)) as Savepoint;
      if (answer.status?.id === 'COMPLETED') {
        const { location, 'failure-cause': cause } = answer.operation ?? {};
        if (location !== undefined) return location;
        const reason = deepestCause(cause?.['stack-trace'] ?? cause);
        throw new AdtallyError(
          'job_failed',
          `Job ${jobId} could not be stopped with a savepoint: ${reason}.`,
        );
      }
      await sleep(POLL_MS);
    }
  }

  async cancel(jobId: string): Promise<void> {
    const { status, json } = await this.#rest.call('PATCH', `/jobs/${encodeURIComponent(jobId)}?mode=cancel`);
    if (status >= 300) throw failed(`Job ${jobId} cannot be cancelled`, json);
  }

  async failure(jobId: string): Promise<string | null> {
    const path = `/jobs/${encodeURIComponent(jobId)}/exceptions?maxExceptions=1`;
    const answer = (await this.#get(path)) as Failures;
    const [entry] = answer.exceptionHistory?.entries ?? [];
    return entry === undefined ? null : deepestCause(entry.stacktrace ?? entry.exceptionName);
  }

  async overview(): Promise<FlinkOverview> {
    const answer = (await this.#get('/overview')) as Overview;
    return {
      version: answer['flink-version'],
      slots: answer['slots-total'],
      freeSlots: answer['slots-available'],
    };
  }

  async parallelism(jobId: string): Promise<number> {
    return Math.max(0, ...(await this.#vertices(jobId)).map(({ parallelism }) => parallelism));
  }

  async committers(jobId: string): Promise<readonly CommitterCounts[]> {
    const writing = (await this.#vertices(jobId)).filter(({ name }) => name.includes(': Committer'));
    const metrics = await Promise.all(
      writing.map(async ({ id, name, 'start-time': startedAt }) => {
        const path = `/jobs/${encodeURIComponent(jobId)}/vertices/${encodeURIComponent(id)}/subtasks/metrics`;
        const wanted = committerMetrics(name).map(encodeURIComponent).join(',');
        const found = (await this.#get(`${path}?get=${wanted}&agg=sum`)) as readonly AggregatedMetric[];
        return found.map((metric) => ({ ...metric, startedAt }));
      }),
    );
    return countCommitters(metrics.flat());
  }

  async setting(name: string): Promise<string | undefined> {
    const entries = (await this.#get('/jobmanager/config')) as readonly Setting[];
    return entries.find(({ key }) => key === name)?.value;
  }

  async #vertices(jobId: string): Promise<readonly Vertex[]> {
    const { vertices } = (await this.#get(`/jobs/${encodeURIComponent(jobId)}`)) as {
      readonly vertices: readonly Vertex[];
    };
    return vertices;
  }

  async #get(path: string): Promise<unknown> {
    const answer: RestAnswer = await this.#rest.call('GET', path);
    if (answer.status >= 300) throw failed(`Flink answers ${answer.status} to ${path}`, answer.json);
    return answer.json;
  }
}

interface ListedJob {
  readonly jid: string;
  readonly name: string;
  readonly state: string;
  readonly 'start-time': number;
}

interface Overview {
  readonly 'flink-version': string;
  readonly 'slots-total': number;
  readonly 'slots-available': number;
}

interface Vertex {
  readonly id: string;
  /** Its operators, chained: "Calc[8] -> clean[10]: Writer -> clean[10]: Committer". */
  readonly name: string;
  readonly parallelism: number;
  readonly 'start-time': number;
}

interface Checkpoints {
  readonly counts?: { readonly completed?: number; readonly failed?: number };
  readonly latest?: {
    readonly completed?: { readonly latest_ack_timestamp?: number } | null;
    readonly restored?: RestoredAnswer | null;
  };
}

interface RestoredAnswer {
  readonly restore_timestamp: number;
  readonly external_path?: string;
}

function restoredFrom(answer: RestoredAnswer | null | undefined): RestoredCheckpoint | null {
  if (answer?.external_path === undefined) return null;
  return { at: answer.restore_timestamp, from: answer.external_path };
}

interface Savepoint {
  readonly status?: { readonly id?: string };
  readonly operation?: {
    readonly location?: string;
    readonly 'failure-cause'?: { readonly 'stack-trace'?: string };
  };
}

interface Failures {
  readonly exceptionHistory?: {
    readonly entries?: readonly { readonly exceptionName?: string; readonly stacktrace?: string }[];
  };
}

interface Setting {
  readonly key: string;
  readonly value: string;
}

function failed(what: string, json: RestAnswer['json']): AdtallyError {
  return new AdtallyError('job_failed', `${what}: ${deepestCause(json['errors'])}.`);
}
