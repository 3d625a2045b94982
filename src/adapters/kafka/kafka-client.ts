import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs, { type Kafka, type LogEntry, type RetryOptions } from 'kafkajs';
import { hideAbortedMessages } from './aborted-messages.ts';

/** What kafkajs has to say about trouble with Kafka; a pino logger is one. */
export interface KafkaLog {
  warn(fields: object, message: string): void;
}

export interface KafkaAddress {
  /** `HOST:PORT` of some of its brokers. */
  readonly brokers: readonly string[];
  /** Names this process to Kafka. */
  readonly clientId: string;
  readonly log?: KafkaLog | undefined;
}

/** One answer of a broker may take so long, ms. */
export const REQUEST_TIMEOUT_MS = 5000;

/**
 * Long enough for a partition to get another leader, short enough to say that there is none: a try of one step holds tries of
 * another, so the longest wait is a few seconds. Every field is given, as kafkajs has other defaults where it is tested.
 */
export const RETRY: RetryOptions = {
  initialRetryTime: 20,
  maxRetryTime: 250,
  factor: 0.2,
  multiplier: 2,
  retries: 5,
};

/** Compression by zstd is not part of kafkajs; gzip is. */
const ZSTD = {
  compress: ({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> => promisify(zstdCompress)(buffer),
  decompress: (bytes: Buffer): Promise<Buffer> => promisify(zstdDecompress)(bytes),
};
/** kafkajs sets a timer in the past with every connection, which Node would warn of each time a command starts. */
const emitWarning = process.emitWarning.bind(process) as (...given: unknown[]) => void;
process.emitWarning = (...given: unknown[]): void => {
  if (given[1] !== 'TimeoutNegativeWarning') emitWarning(...given);
};

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ZSTD;
hideAbortedMessages();

export function kafkaClient({ brokers, clientId, log }: KafkaAddress): Kafka {
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: log === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.WARN,
    logCreator: () => (entry) => tell(entry, log),
  });
}

/** Part of every transaction that follows another one at once; kafkajs calls it an error and tries again. */
const USUAL =
  /another concurrent operation on the same transaction|Limiting retries for the idempotent producer/;

function tell({ namespace, log: { message, ...fields } }: LogEntry, log: KafkaLog | undefined): void {
  const text = `${message} ${String(fields['error'] ?? '')}`;
  if (USUAL.test(text)) return;
  const { error, broker, retryCount } = fields as Record<string, unknown>;
  log?.warn({ error, broker, retryCount }, `Kafka ${namespace}: ${message}`);
}
