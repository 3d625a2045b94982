import { AdtallyError } from '../../base/errors.ts';

/** Codes and names that Kafka has for a holder of a transactional id that another one has replaced. */
const FENCED_CODES: ReadonlySet<unknown> = new Set([47, 90]);
const FENCED = /INVALID_PRODUCER_EPOCH|PRODUCER_FENCED|INVALID_PRODUCER_ID_MAPPING/;

interface KafkaFailure {
  readonly message?: string;
  readonly type?: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** The expected failure that an error of kafkajs stands for; `doing` completes "Kafka did not …". */
export function kafkaError(error: unknown, doing: string): AdtallyError {
  if (error instanceof AdtallyError) return error;
  const causes = causesOf(error);
  if (causes.some(isFenced)) {
    return new AdtallyError(
      'kafka_fenced',
      `Kafka did not ${doing}: another process has taken over its transactional id.`,
      { cause: error },
    );
  }
  const last = causes.at(-1) ?? {};
  const type = last.type === undefined ? '' : ` (${last.type})`;
  return new AdtallyError(
    'kafka_unreachable',
    `Kafka did not ${doing}: ${last.message ?? String(error)}${type}`,
    {
      cause: error,
      retryAfterSeconds: 1,
    },
  );
}

function isFenced({ type, code }: KafkaFailure): boolean {
  return FENCED_CODES.has(code) || FENCED.test(type ?? '');
}

/** The error and what caused it, the first cause last. */
function causesOf(error: unknown): KafkaFailure[] {
  const causes: KafkaFailure[] = [];
  for (let at = error; typeof at === 'object' && at !== null && causes.length < 10;) {
    causes.push(at);
    at = (at as KafkaFailure).cause;
  }
  return causes;
}
