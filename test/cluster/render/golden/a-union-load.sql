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
  'properties.group.id' = 'adtally-a-union-load',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `loadAdMinutes` (
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
  'topic' = 'a.load.ad-minutes',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'key.format' = 'raw',
  'key.fields' = 'recordId',
  'value.format' = 'json',
  'value.json.encode.ignore-null-fields' = 'true',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-a-union-load-loadAdMinutes',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
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
  'properties.group.id' = 'adtally-a-union-load',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `loadAttributedOrders` (
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
  'topic' = 'a.load.attributed-orders',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'key.format' = 'raw',
  'key.fields' = 'recordId',
  'value.format' = 'json',
  'value.json.encode.ignore-null-fields' = 'true',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-a-union-load-loadAttributedOrders',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `loadAdMinutes`
SELECT `recordId`, `revision`, `region`, `adId`, `campaignId`, `advertiserId`, `minute`, `currency`, `impressions`, `clicks`, `costMicros` FROM `adMinutes` WHERE `recordId` IS NOT NULL AND `revision` IS NOT NULL;
INSERT INTO `loadAttributedOrders`
SELECT `recordId`, `revision`, `region`, `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, `model`, `rank`, `outcome`, `reason`, `creditMicros`, `adId`, `campaignId`, `advertiserId`, `touchEventId`, `touchType`, `touchTime`, `touchRegion` FROM `attributedOrders` WHERE `recordId` IS NOT NULL AND `revision` IS NOT NULL;
END;
