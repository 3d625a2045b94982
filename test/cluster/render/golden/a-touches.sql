SET 'execution.checkpointing.interval' = '1000 ms';

SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';

SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';

SET 'parallelism.default' = '1';

SET 'pipeline.object-reuse' = 'true';

SET 'table.exec.state.ttl' = '262800000 ms';

SET 'table.exec.mini-batch.enabled' = 'true';

SET 'table.exec.mini-batch.allow-latency' = '1000 ms';

SET 'table.exec.mini-batch.size' = '20000';

SET 'table.local-time-zone' = 'UTC';

SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

SET 'table.exec.sink.require-on-conflict' = 'false';

SET 'table.exec.sink.upsert-materialize' = 'NONE';

CREATE TEMPORARY TABLE `clean` (
  `eventId` STRING,
  `eventType` STRING,
  `eventTime` BIGINT,
  `adId` STRING,
  `campaignId` STRING,
  `advertiserId` STRING,
  `userId` STRING,
  `merchantId` STRING,
  `placement` STRING,
  `costMicros` BIGINT,
  `currency` STRING,
  `region` STRING,
  `sign` INT
) WITH (
  'connector' = 'kafka',
  'topic' = 'a.clean;b.clean',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'properties.group.id' = 'adtally-a-touches',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `touches` (
  `event_id` STRING,
  `region` STRING,
  `event_time` BIGINT,
  `event_type` STRING,
  `user_id` STRING,
  `ad_id` STRING,
  `campaign_id` STRING,
  `advertiser_id` STRING,
  `merchant_id` STRING,
  `is_counted` BOOLEAN,
  PRIMARY KEY (`event_id`, `region`, `event_time`) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://127.0.0.1:5432/postgres?reWriteBatchedInserts=true',
  'table-name' = 'adtally.touches',
  'username' = 'adtally',
  'password' = '',
  'sink.buffer-flush.max-rows' = '500',
  'sink.buffer-flush.interval' = '1000 ms',
  'sink.max-retries' = '10'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `touches`
SELECT `eventId`, `region`, `eventTime`, `eventType`, `userId`, `adId`, `campaignId`, `advertiserId`, `merchantId`, `sign` = 1 FROM `clean` WHERE `eventId` IS NOT NULL AND `region` IS NOT NULL AND `eventTime` IS NOT NULL AND `eventType` IS NOT NULL AND `userId` IS NOT NULL AND `adId` IS NOT NULL AND `campaignId` IS NOT NULL AND `advertiserId` IS NOT NULL;
END;
