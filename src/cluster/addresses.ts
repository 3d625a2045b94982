import type { PinotDialect } from './render/pinot-tables.ts';

/** Where the servers of one region are. */
export interface RegionAddresses {
  /** `host:port` of its Kafka; several with commas. */
  readonly kafka: string;
  /** URLs of its Pinot, both or neither. */
  readonly pinotController?: string;
  readonly pinotBroker?: string;
}

/** Where the servers of a cluster are, and what cannot be asked of them: all that commands need which do not start servers. */
export interface ClusterAddresses {
  /** In the order of the spec, one or two. */
  readonly regions: Readonly<Record<string, RegionAddresses>>;
  /** URL of the JobManager's REST API. */
  readonly flink: string;
  /** URL of the SQL gateway. */
  readonly sqlGateway: string;
  /** `host:port`. */
  readonly hive?: string;
  /** URL. */
  readonly postgres?: string;
  /** Directory of the warehouse, as a file URI. */
  readonly warehouse: string;
  /** How often Flink's jobs commit. */
  readonly checkpointIntervalMs: number;
  /** How the Pinots want their tables. */
  readonly pinotDialect: PinotDialect;
  /** Copies of every segment in Pinot. */
  readonly pinotReplication: number;
}

/** `host:port`, of a name or an address. */
export const HOST_PORT = /^([\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

/** The brokers of a Kafka, each `host:port`. */
export function brokersOf(kafka: string): string[] {
  return kafka.split(',');
}
