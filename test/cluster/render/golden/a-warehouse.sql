SET 'execution.checkpointing.interval' = '60000 ms';

SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';

SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';

SET 'parallelism.default' = '1';

SET 'pipeline.object-reuse' = 'true';

SET 'table.exec.state.ttl' = '262800000 ms';

SET 'table.exec.mini-batch.enabled' = 'true';

SET 'table.exec.mini-batch.allow-latency' = '60000 ms';

SET 'table.exec.mini-batch.size' = '20000';

SET 'table.local-time-zone' = 'UTC';

SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

CREATE TEMPORARY TABLE `adMinutes` (
  `recordId` STRING,
  `revision` BIGINT,
  `region` STRING,
  `adId` STRING,
  `campaignId` STRING,
  `advertiserId` STRING,
  `minute` BIGINT,
  `currency` STRING,
  `impressions` BIGINT,
  `clicks` BIGINT,
  `costMicros` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'a.ad-minutes;b.ad-minutes',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'properties.group.id' = 'adtally-a-warehouse',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `ad_minutes` (
  `record_id` STRING,
  `revision` BIGINT,
  `region` STRING,
  `ad_id` STRING,
  `campaign_id` STRING,
  `advertiser_id` STRING,
  `minute_ms` BIGINT,
  `currency` STRING,
  `impressions` BIGINT,
  `clicks` BIGINT,
  `cost_micros` BIGINT,
  `dt` STRING
) PARTITIONED BY (`dt`) WITH (
  'connector' = 'filesystem',
  'path' = 'file:///warehouse/ad_minutes',
  'format' = 'parquet',
  'sink.partition-commit.trigger' = 'process-time',
  'sink.partition-commit.delay' = '0 s',
  'sink.partition-commit.policy.kind' = 'success-file'
);

CREATE TEMPORARY TABLE `attributedOrders` (
  `recordId` STRING,
  `revision` BIGINT,
  `region` STRING,
  `orderId` STRING,
  `orderVersion` BIGINT,
  `orderStatus` STRING,
  `orderTime` BIGINT,
  `userId` STRING,
  `merchantId` STRING,
  `amountMicros` BIGINT,
  `currency` STRING,
  `model` STRING,
  `rank` INT,
  `outcome` STRING,
  `reason` STRING,
  `creditMicros` BIGINT,
  `adId` STRING,
  `campaignId` STRING,
  `advertiserId` STRING,
  `touchEventId` STRING,
  `touchType` STRING,
  `touchTime` BIGINT,
  `touchRegion` STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'a.attributed-orders;b.attributed-orders',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'properties.group.id' = 'adtally-a-warehouse',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `attributed_orders` (
  `record_id` STRING,
  `revision` BIGINT,
  `region` STRING,
  `order_id` STRING,
  `order_version` BIGINT,
  `order_status` STRING,
  `order_time_ms` BIGINT,
  `user_id` STRING,
  `merchant_id` STRING,
  `amount_micros` BIGINT,
  `currency` STRING,
  `model` STRING,
  `rank` BIGINT,
  `outcome` STRING,
  `reason` STRING,
  `credit_micros` BIGINT,
  `ad_id` STRING,
  `campaign_id` STRING,
  `advertiser_id` STRING,
  `touch_event_id` STRING,
  `touch_type` STRING,
  `touch_time_ms` BIGINT,
  `touch_region` STRING,
  `enrichment` STRING,
  `enrichment_status` STRING,
  `dt` STRING
) PARTITIONED BY (`dt`) WITH (
  'connector' = 'filesystem',
  'path' = 'file:///warehouse/attributed_orders',
  'format' = 'parquet',
  'sink.partition-commit.trigger' = 'process-time',
  'sink.partition-commit.delay' = '0 s',
  'sink.partition-commit.policy.kind' = 'success-file'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `ad_minutes`
SELECT `recordId`, CAST(`revision` AS BIGINT), `region`, `adId`, `campaignId`, `advertiserId`, CAST(`minute` AS BIGINT), `currency`, CAST(`impressions` AS BIGINT), CAST(`clicks` AS BIGINT), CAST(`costMicros` AS BIGINT), DATE_FORMAT(TO_TIMESTAMP_LTZ(`minute`, 3), 'yyyy-MM-dd') FROM `adMinutes` WHERE `recordId` IS NOT NULL AND `revision` IS NOT NULL;
INSERT INTO `attributed_orders`
SELECT `recordId`, CAST(`revision` AS BIGINT), `region`, `orderId`, CAST(`orderVersion` AS BIGINT), `orderStatus`, CAST(`orderTime` AS BIGINT), `userId`, `merchantId`, CAST(`amountMicros` AS BIGINT), `currency`, `model`, CAST(`rank` AS BIGINT), `outcome`, `reason`, CAST(`creditMicros` AS BIGINT), `adId`, `campaignId`, `advertiserId`, `touchEventId`, `touchType`, CAST(`touchTime` AS BIGINT), `touchRegion`, CAST(NULL AS STRING), CAST(NULL AS STRING), DATE_FORMAT(TO_TIMESTAMP_LTZ(`orderTime`, 3), 'yyyy-MM-dd') FROM `attributedOrders` WHERE `recordId` IS NOT NULL AND `revision` IS NOT NULL;
END;
