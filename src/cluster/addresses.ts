/** Where the servers of one region are. */
export interface RegionAddresses {
  /** `host:port` of its Kafka. */
  readonly kafka: string;
  /** URLs of its Pinot. */
  readonly pinotController: string;
  readonly pinotBroker: string;
}

/** Where the servers of the cluster are. */
export interface ClusterAddresses {
  readonly regions: Readonly<Record<string, RegionAddresses>>;
  /** URL of the JobManager's REST API. */
  readonly flink: string;
  /** URL of the SQL gateway. */
  readonly sqlGateway: string;
  /** `host:port`. */
  readonly hive?: string;
  /** URL. */
  readonly postgres?: string;
  /** `host:port`. */
  readonly zookeeper: string;
  /** Directory of the warehouse, as a file URI. */
  readonly warehouse: string;
}
