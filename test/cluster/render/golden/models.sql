SET 'execution.checkpointing.interval' = '1000 ms';

SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';

SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';

SET 'parallelism.default' = '1';

SET 'pipeline.object-reuse' = 'true';

SET 'table.exec.state.ttl' = '2854800000 ms';

SET 'table.exec.mini-batch.enabled' = 'false';

SET 'table.exec.mini-batch.allow-latency' = '1000 ms';

SET 'table.exec.mini-batch.size' = '20000';

SET 'table.local-time-zone' = 'UTC';

SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

CREATE TEMPORARY TABLE `orders` (
  `orderId` STRING,
  `orderVersion` BIGINT,
  `orderStatus` STRING,
  `orderTime` BIGINT,
  `userId` STRING,
  `merchantId` STRING,
  `amountMicros` BIGINT,
  `currency` STRING,
  `code` STRING,
  `message` STRING,
  `arrivedAt` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'b.orders',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'properties.group.id' = 'adtally-b-attribution',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `peerOrders` (
  `orderId` STRING,
  `orderVersion` BIGINT,
  `orderStatus` STRING,
  `orderTime` BIGINT,
  `userId` STRING,
  `merchantId` STRING,
  `amountMicros` BIGINT,
  `currency` STRING,
  `code` STRING,
  `message` STRING,
  `arrivedAt` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'a.orders',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'properties.group.id' = 'adtally-b-attribution',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

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
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'properties.group.id' = 'adtally-b-attribution',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `verdicts` (
  `book` STRING,
  `region` STRING,
  `kind` STRING,
  `minute` BIGINT,
  `verdict` STRING,
  `code` STRING,
  `count` BIGINT,
  PRIMARY KEY (`book`) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'b.verdicts',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.fields-include' = 'EXCEPT_KEY',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-b-attribution-verdicts',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

CREATE TEMPORARY TABLE `decisions` (
  `recordId` STRING,
  `revision` BIGINT,
  `orderId` STRING,
  `orderVersion` BIGINT,
  `orderStatus` STRING,
  `orderTime` BIGINT,
  `userId` STRING,
  `merchantId` STRING,
  `amountMicros` BIGINT,
  `currency` STRING,
  `isOwn` BOOLEAN,
  `reason` STRING,
  `clicks` INT,
  `found` INT,
  `touches` ARRAY<STRING>,
  `enrichment` STRING,
  `enrichmentStatus` STRING,
  PRIMARY KEY (`recordId`) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'b.decisions',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'sink.buffer-flush.max-rows' = '1000',
  'sink.buffer-flush.interval' = '1000 ms',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-b-attribution-decisions',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

CREATE TEMPORARY TABLE `decided` (
  `recordId` STRING,
  `revision` BIGINT,
  `orderId` STRING,
  `orderVersion` BIGINT,
  `orderStatus` STRING,
  `orderTime` BIGINT,
  `userId` STRING,
  `merchantId` STRING,
  `amountMicros` BIGINT,
  `currency` STRING,
  `isOwn` BOOLEAN,
  `reason` STRING,
  `clicks` INT,
  `found` INT,
  `touches` ARRAY<STRING>,
  `enrichment` STRING,
  `enrichmentStatus` STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'b.decisions',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'properties.group.id' = 'adtally-b-attribution',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
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
  'topic' = 'b.attributed-orders',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'key.format' = 'raw',
  'key.fields' = 'recordId',
  'value.format' = 'json',
  'value.json.encode.ignore-null-fields' = 'true',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-b-attribution-attributedOrders',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

CREATE TEMPORARY VIEW `receivedOrders` AS
SELECT `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, EXTRACT(EPOCH FROM `arrivedAt`) * 1000 + EXTRACT(MILLISECOND FROM `arrivedAt`) AS `arrival`, 1 AS `own`,
  1 AS `place`, PROCTIME() AS `at`,
  CASE WHEN `code` IS NOT NULL THEN `code`
    WHEN `orderId` IS NULL OR `orderVersion` IS NULL OR `orderStatus` IS NULL OR `orderTime` IS NULL OR `userId` IS NULL OR `merchantId` IS NULL OR `amountMicros` IS NULL OR `currency` IS NULL THEN 'missing_field'
    WHEN `orderStatus` NOT IN ('placed', 'cancelled', 'refunded') THEN 'bad_value'
    WHEN `orderVersion` < 1 OR `orderVersion` > 9007199254740991 THEN 'out_of_range'
  END AS `fault`
FROM `orders`
UNION ALL
SELECT `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, EXTRACT(EPOCH FROM `arrivedAt`) * 1000 + EXTRACT(MILLISECOND FROM `arrivedAt`) AS `arrival`, 0 AS `own`,
  0 AS `place`, PROCTIME() AS `at`,
  CASE WHEN `code` IS NOT NULL THEN `code`
    WHEN `orderId` IS NULL OR `orderVersion` IS NULL OR `orderStatus` IS NULL OR `orderTime` IS NULL OR `userId` IS NULL OR `merchantId` IS NULL OR `amountMicros` IS NULL OR `currency` IS NULL THEN 'missing_field'
    WHEN `orderStatus` NOT IN ('placed', 'cancelled', 'refunded') THEN 'bad_value'
    WHEN `orderVersion` < 1 OR `orderVersion` > 9007199254740991 THEN 'out_of_range'
  END AS `fault`
FROM `peerOrders`;

CREATE TEMPORARY VIEW `agedOrders` AS
SELECT *,
  CASE WHEN `fault` IS NOT NULL THEN 'invalid'
    WHEN `orderTime` > `arrival` + 600000 THEN 'future'
    WHEN `orderTime` < `arrival` - 86400000 THEN 'late'
    ELSE 'on_time'
  END AS `age`
FROM `receivedOrders`;

CREATE TEMPORARY VIEW `knownOrders` AS
SELECT *, COUNT(CASE WHEN `age` = 'on_time' THEN 1 END) OVER (PARTITION BY `orderId` ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `onTimeRows`,
  FIRST_VALUE(CASE WHEN `age` = 'on_time' THEN `basis` END) OVER (PARTITION BY `orderId` ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `firstBasis`
FROM (
  SELECT *, CAST(`orderTime` AS STRING) || U&'\001E' || `merchantId` || U&'\001E' || `userId` AS `basis`, `orderStatus` || U&'\001F' || CAST(`orderTime` AS STRING) || U&'\001F' || `userId` || U&'\001F' || `merchantId` || U&'\001F' || CAST(`amountMicros` AS STRING) || U&'\001F' || `currency` AS `content` FROM `agedOrders` WHERE `age` <> 'invalid'
);

CREATE TEMPORARY VIEW `eligibleOrders` AS
SELECT *,
  CASE WHEN `age` = 'future' OR `onTimeRows` = 0 THEN CAST(NULL AS BIGINT) ELSE `orderVersion` END AS `eligibleVersion`,
  CASE WHEN `age` = 'future' OR `onTimeRows` = 0 THEN CAST(NULL AS STRING) ELSE `content` END AS `eligibleContent`
FROM `knownOrders`;

CREATE TEMPORARY VIEW `orderMaxima` AS
SELECT *, MAX(`eligibleVersion`) OVER (PARTITION BY `orderId`, `place` ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `maxVersion` FROM `eligibleOrders`;

CREATE TEMPORARY VIEW `versionFirsts` AS
SELECT *, COUNT(`eligibleContent`) OVER (PARTITION BY `orderId`, `place`, `orderVersion` ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `versionRows`,
  FIRST_VALUE(`eligibleContent`) OVER (PARTITION BY `orderId`, `place`, `orderVersion` ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `versionContent`
FROM `orderMaxima`;

CREATE TEMPORARY VIEW `judgedOrders` AS
SELECT *,
  CASE WHEN `maxVersion` IS NOT NULL AND `orderVersion` < `maxVersion` THEN 'stale'
    WHEN `maxVersion` IS NOT NULL AND `orderVersion` = `maxVersion` THEN
      CASE WHEN `eligibleVersion` IS NOT NULL AND `versionRows` = 1 THEN 'accepted'
        WHEN `content` = `versionContent` THEN 'duplicate'
        ELSE 'conflict'
      END
    WHEN `age` = 'future' THEN 'future'
    ELSE 'late'
  END AS `verdict`
FROM `versionFirsts`;

CREATE TEMPORARY VIEW `bookedOrders` AS
SELECT `arrival`, 'invalid' AS `verdict`, `fault` AS `code` FROM `agedOrders` WHERE `age` = 'invalid' AND `own` = 1
UNION ALL
SELECT `arrival`, `verdict`, `verdict` FROM `judgedOrders` WHERE `own` = 1;

CREATE TEMPORARY VIEW `accepted` AS
SELECT SUBSTR(`hash`, 1, 8) || '-' || SUBSTR(`hash`, 9, 4) || '-8' || SUBSTR(`hash`, 14, 3) || '-' || TRANSLATE(SUBSTR(`hash`, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || SUBSTR(`hash`, 18, 3) || '-' || SUBSTR(`hash`, 21, 12) AS `recordId`, `orderId`, `orderVersion`, `userId`, `merchantId`, `orderTime`, `own`, `basis`,
  CASE WHEN `basis` = `firstBasis` THEN 1 ELSE 0 END AS `isFirstBasis`, LPAD(CAST(`orderVersion` AS STRING), 16, '0') || U&'\001F' || CAST(9 - `place` AS STRING) || U&'\001F' || `content` || U&'\001F' || `basis` AS `payload`
FROM (
  SELECT *, CASE WHEN RAND() < 2 THEN SHA256('attributed-order' || '|' || 'b' || '|' || REPLACE(REPLACE(`orderId`, '\', '\\'), '|', '\|') || '|' || 'last_touch' || '|' || '0') END AS `hash` FROM `judgedOrders` WHERE `verdict` = 'accepted'
);

CREATE TEMPORARY VIEW `touches` AS
SELECT `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`,
  CASE COALESCE(`region`, 'b') WHEN 'a' THEN '0' WHEN 'b' THEN '1' END AS `place`
FROM `clean` WHERE `sign` = 1 AND `userId` IS NOT NULL;

CREATE TEMPORARY VIEW `bases` AS
SELECT `recordId`, `orderId`, `orderVersion`, `userId`, `merchantId`, `orderTime`, `isFirstBasis`,
  CASE WHEN RAND() < 2 THEN SUBSTR(SHA256(`basis`), 1, 32) END AS `basis`
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY `recordId`, `basis` ORDER BY `at`) AS `n`
  FROM (SELECT *, PROCTIME() AS `at` FROM `accepted`)
) WHERE `n` = 1;

CREATE TEMPORARY VIEW `pairs` AS
SELECT /*+ STATE_TTL('o' = '435600000 ms', 't' = '954000000 ms') */ `o`.`recordId`, `o`.`orderId`, `o`.`orderVersion`, `o`.`isFirstBasis`, `o`.`basis`, CASE WHEN `t`.`eventTime` > `o`.`orderTime` THEN '5'
    WHEN `o`.`orderTime` - `t`.`eventTime` > 604800000 THEN '4'
    WHEN `t`.`merchantId` IS NULL OR `t`.`merchantId` <> `o`.`merchantId` THEN '3'
    ELSE '1'
  END AS `grade`,
  `t`.`eventTime`, `t`.`eventId`, `t`.`place`, `t`.`adId`, `t`.`campaignId`, `t`.`advertiserId`
FROM `bases` AS `o` JOIN (SELECT * FROM `touches` WHERE `eventType` = 'click') AS `t`
ON `o`.`userId` = `t`.`userId` AND `t`.`eventTime` >= `o`.`orderTime` - 604800000 AND `t`.`eventTime` <= `o`.`orderTime` + 86400000
UNION ALL
SELECT /*+ STATE_TTL('o' = '435600000 ms', 't' = '435600000 ms') */ `o`.`recordId`, `o`.`orderId`, `o`.`orderVersion`, `o`.`isFirstBasis`, `o`.`basis`, CASE WHEN `t`.`eventTime` > `o`.`orderTime` THEN '5'
    WHEN `o`.`orderTime` - `t`.`eventTime` > 86400000 THEN '4'
    WHEN `t`.`merchantId` IS NULL OR `t`.`merchantId` <> `o`.`merchantId` THEN '3'
    ELSE '2'
  END AS `grade`,
  `t`.`eventTime`, `t`.`eventId`, `t`.`place`, `t`.`adId`, `t`.`campaignId`, `t`.`advertiserId`
FROM `bases` AS `o` JOIN (SELECT * FROM `touches` WHERE `eventType` = 'impression') AS `t`
ON `o`.`userId` = `t`.`userId` AND `t`.`eventTime` >= `o`.`orderTime` - 604800000 AND `t`.`eventTime` <= `o`.`orderTime` + 86400000;

CREATE TEMPORARY VIEW `numbered` AS
SELECT `recordId`, `basis`, `isMiss`, `element`,
  COUNT(*) OVER (PARTITION BY `recordId` ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `number`
FROM (
  SELECT `recordId`, `basis`, `grade` > '2' AS `isMiss`, PROCTIME() AS `at`,
    CASE WHEN `grade` > '2' THEN `basis` || `grade` ELSE `basis` || `grade` || LPAD(CAST(253402300799999 - `eventTime` AS STRING), 15, '0') || U&'\001F' || HEX(`eventId`) || U&'\001F' || `place` || U&'\001F' || `adId` || U&'\001F' || `campaignId` || U&'\001F' || `advertiserId` END AS `element`
  FROM `pairs`
);

CREATE TEMPORARY VIEW `best` AS
SELECT `recordId`, `element`, `number`
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY `recordId`, `basis`, `isMiss` ORDER BY `element`) AS `place` FROM `numbered`
) WHERE `place` <= 6;

CREATE TEMPORARY VIEW `facts` AS
SELECT `recordId`, `orderId`, `payload`, CAST(NULL AS STRING) AS `element`, CAST(NULL AS BIGINT) AS `number`,
  CASE WHEN `own` = 1 THEN `orderVersion` END AS `takenHere`, CASE WHEN `own` = 0 THEN `orderVersion` END AS `takenThere`
FROM `accepted`
UNION ALL
SELECT `recordId`, CAST(NULL AS STRING), CAST(NULL AS STRING), `basis` || '1', CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM `bases`
UNION ALL
SELECT `recordId`, CAST(NULL AS STRING), CAST(NULL AS STRING), `basis` || '2', CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM `bases`
UNION ALL
SELECT `recordId`, CAST(NULL AS STRING), CAST(NULL AS STRING), `basis` || '6', CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM `bases`
UNION ALL
SELECT `recordId`, CAST(NULL AS STRING), CAST(NULL AS STRING), `element`, `number`, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM `best`;

CREATE TEMPORARY VIEW `gathered` AS
SELECT `recordId`, MAX(`orderId`) AS `orderId`, COUNT(*) + COALESCE(MAX(`number`), 0) AS `revision`, MAX(`payload`) AS `latest`,
  ARRAY_AGG(`element`) FILTER (WHERE `element` IS NOT NULL) AS `elements`,
  MIN(`takenHere`) AS `takenHere`, MIN(`takenThere`) AS `takenThere`
FROM `facts` GROUP BY `recordId`;

CREATE TEMPORARY VIEW `sorted` AS
SELECT `recordId`, `orderId`, `revision`, `latest`, CASE WHEN RAND() < 2 THEN ARRAY_SORT(`elements`) END AS `elements`,
  CASE WHEN RAND() < 2 THEN SUBSTR(SHA256(SPLIT_INDEX(`latest`, U&'\001F', 8)), 1, 32) END AS `basis`, `takenThere` IS NULL OR `takenHere` < `takenThere` AS `isOwn`
FROM `gathered` WHERE `takenHere` IS NOT NULL;

CREATE TEMPORARY VIEW `marked` AS
SELECT *, CASE WHEN RAND() < 2 THEN ARRAY_POSITION(`elements`, `basis` || '1') END AS `clicksAt`, CASE WHEN RAND() < 2 THEN ARRAY_POSITION(`elements`, `basis` || '2') END AS `viewsAt`,
  CASE WHEN RAND() < 2 THEN COALESCE(NULLIF(ARRAY_POSITION(`elements`, `basis` || '3'), 0), NULLIF(ARRAY_POSITION(`elements`, `basis` || '4'), 0), NULLIF(ARRAY_POSITION(`elements`, `basis` || '5'), 0), ARRAY_POSITION(`elements`, `basis` || '6')) END AS `viewsEnd`
FROM `sorted`;

CREATE TEMPORARY VIEW `cut` AS
SELECT *, CASE WHEN RAND() < 2 THEN CASE WHEN `clicksAt` > 0 AND `viewsAt` > 0 AND `viewsEnd` > 0 THEN ARRAY_SLICE(`elements`, `clicksAt` + 1, `viewsAt` - 1) ELSE ARRAY_SLICE(`elements`, 2, 1) END END AS `clickList`, CASE WHEN RAND() < 2 THEN CASE WHEN `clicksAt` > 0 AND `viewsAt` > 0 AND `viewsEnd` > 0 THEN ARRAY_SLICE(`elements`, `viewsAt` + 1, `viewsEnd` - 1) ELSE ARRAY_SLICE(`elements`, 2, 1) END END AS `viewList`,
  SUBSTR(`elements`[`viewsEnd`], 33, 1) AS `miss`,
  `clicksAt` > 0 AND `viewsAt` > 0 AND `viewsEnd` > 0 AND SUBSTR(`elements`[1], 1, 32) <> SUBSTR(`elements`[CARDINALITY(`elements`)], 1, 32) AS `hasOthers`
FROM `marked`;

CREATE TEMPORARY VIEW `unique` AS
SELECT *, LEAST(CARDINALITY(`clickList`), 3) AS `clicks`, LEAST(CARDINALITY(`clickList`) + CARDINALITY(`viewList`), 3) AS `found`,
  CASE WHEN RAND() < 2 THEN ARRAY_SLICE(ARRAY_CONCAT(`clickList`, `viewList`), 1, 3) END AS `touches`
FROM (
  SELECT `recordId`, `revision`, `orderId`, `latest`, `elements`, `isOwn`, `miss`, `hasOthers`,
    CASE WHEN RAND() < 2 THEN CASE WHEN CARDINALITY(`clickList`) < 2 THEN `clickList` ELSE ARRAY_REVERSE(SPLIT(REGEXP_REPLACE(ARRAY_JOIN(ARRAY_REVERSE(`clickList`), U&'\001D'), '(?<![^\x1D])((?:[^\x1F\x1D]*\x1F){2})1\x1F[^\x1D]*\x1D(?=\1(?:0)\x1F)', ''), U&'\001D')) END END AS `clickList`, CASE WHEN RAND() < 2 THEN CASE WHEN CARDINALITY(`viewList`) < 2 THEN `viewList` ELSE ARRAY_REVERSE(SPLIT(REGEXP_REPLACE(ARRAY_JOIN(ARRAY_REVERSE(`viewList`), U&'\001D'), '(?<![^\x1D])((?:[^\x1F\x1D]*\x1F){2})1\x1F[^\x1D]*\x1D(?=\1(?:0)\x1F)', ''), U&'\001D')) END END AS `viewList`
  FROM `cut`
);

CREATE TEMPORARY VIEW `decisionRows` AS
SELECT `recordId`, `revision`, `orderId`, TRY_CAST(SPLIT_INDEX(`latest`, U&'\001F', 0) AS BIGINT), SPLIT_INDEX(`latest`, U&'\001F', 2),
  TRY_CAST(SPLIT_INDEX(`latest`, U&'\001F', 3) AS BIGINT), SPLIT_INDEX(`latest`, U&'\001F', 4), SPLIT_INDEX(`latest`, U&'\001F', 5),
  TRY_CAST(SPLIT_INDEX(`latest`, U&'\001F', 6) AS BIGINT), SPLIT_INDEX(`latest`, U&'\001F', 7), `isOwn`,
  CASE `miss` WHEN '3' THEN 'other_merchant' WHEN '4' THEN 'outside_window'
    WHEN '5' THEN 'after_order' ELSE 'no_touch' END,
  `clicks`, `found`,
  CASE WHEN `hasOthers` THEN
    ARRAY_SLICE(ARRAY_CONCAT(`touches`, `elements`), 1, LEAST(3, CARDINALITY(`elements`) - 6))
    ELSE `touches` END,
  CAST(NULL AS STRING), CAST(NULL AS STRING)
FROM `unique`;

CREATE TEMPORARY VIEW `weighed` AS
SELECT *, CASE WHEN `clicks` > 0 THEN `clicks` ELSE `found` END AS `winners`,
  CASE WHEN `isOwn` AND `orderStatus` <> 'cancelled' THEN `amountMicros` ELSE CAST(0 AS BIGINT) END AS `worth`
FROM `decided` WHERE `recordId` IS NOT NULL;

CREATE TEMPORARY VIEW `weights` AS
SELECT *, CASE WHEN RAND() < 2 THEN ARRAY[CASE WHEN 1 <= `winners` THEN CASE WHEN (`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[1], 34, 15) AS BIGINT)) / 86400000 > 40 THEN CAST(1 AS DECIMAL(38, 0)) ELSE CAST(CAST(CAST(POWER(2, 40 - (`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[1], 34, 15) AS BIGINT)) / 86400000) AS BIGINT) AS DECIMAL(13, 0)) * CAST(172800000 - MOD((`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[1], 34, 15) AS BIGINT)), 86400000) AS DECIMAL(11, 0)) AS DECIMAL(38, 0)) END ELSE CAST(0 AS DECIMAL(38, 0)) END,
    CASE WHEN 2 <= `winners` THEN CASE WHEN (`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[2], 34, 15) AS BIGINT)) / 86400000 > 40 THEN CAST(1 AS DECIMAL(38, 0)) ELSE CAST(CAST(CAST(POWER(2, 40 - (`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[2], 34, 15) AS BIGINT)) / 86400000) AS BIGINT) AS DECIMAL(13, 0)) * CAST(172800000 - MOD((`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[2], 34, 15) AS BIGINT)), 86400000) AS DECIMAL(11, 0)) AS DECIMAL(38, 0)) END ELSE CAST(0 AS DECIMAL(38, 0)) END,
    CASE WHEN 3 <= `winners` THEN CASE WHEN (`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[3], 34, 15) AS BIGINT)) / 86400000 > 40 THEN CAST(1 AS DECIMAL(38, 0)) ELSE CAST(CAST(CAST(POWER(2, 40 - (`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[3], 34, 15) AS BIGINT)) / 86400000) AS BIGINT) AS DECIMAL(13, 0)) * CAST(172800000 - MOD((`orderTime` - 253402300799999 + TRY_CAST(SUBSTR(`touches`[3], 34, 15) AS BIGINT)), 86400000) AS DECIMAL(11, 0)) AS DECIMAL(38, 0)) END ELSE CAST(0 AS DECIMAL(38, 0)) END] END AS `weights` FROM `weighed`;

CREATE TEMPORARY VIEW `totals` AS
SELECT *, CASE WHEN RAND() < 2 THEN NULLIF(CAST(`weights`[1] + `weights`[2] + `weights`[3] AS DECIMAL(38, 0)), 0) END AS `total` FROM `weights`;

CREATE TEMPORARY VIEW `remainders` AS
SELECT *, CASE WHEN RAND() < 2 THEN ARRAY[CAST(MOD(`worth` * `weights`[1], `total`) AS DECIMAL(38, 0)),
    CAST(MOD(`worth` * `weights`[2], `total`) AS DECIMAL(38, 0)),
    CAST(MOD(`worth` * `weights`[3], `total`) AS DECIMAL(38, 0))] END AS `remainders` FROM `totals`;

CREATE TEMPORARY VIEW `leftovers` AS
SELECT *, CASE WHEN RAND() < 2 THEN CAST((`remainders`[1] + `remainders`[2] + `remainders`[3]) / `total` AS INT) END AS `left` FROM `remainders`;

CREATE TEMPORARY VIEW `decayed` AS
SELECT *, CASE WHEN RAND() < 2 THEN ARRAY_SORT(ARRAY[LPAD(CAST(`total` - `remainders`[1] AS STRING), 38, '0') || LPAD(CAST(1 AS STRING), 4, '0'),
    LPAD(CAST(`total` - `remainders`[2] AS STRING), 38, '0') || LPAD(CAST(2 AS STRING), 4, '0'),
    LPAD(CAST(`total` - `remainders`[3] AS STRING), 38, '0') || LPAD(CAST(3 AS STRING), 4, '0')]) END AS `turns` FROM `leftovers`;

CREATE TEMPORARY VIEW `shares` AS
SELECT `recordId`, `revision`, `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, `isOwn`, `reason`, `clicks`, `found`, `enrichment`, `enrichmentStatus`, 'last_touch' AS `model`, 0 AS `rank`, CASE WHEN `winners` > 0 THEN `touches`[1] END AS `touch`,
  CASE WHEN `winners` > 0 THEN `worth` ELSE CAST(0 AS BIGINT) END AS `credit`
FROM `weighed`
UNION ALL
SELECT `recordId`, `revision`, `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, `isOwn`, `reason`, `clicks`, `found`, `enrichment`, `enrichmentStatus`, 'first_touch' AS `model`, 0 AS `rank`, CASE WHEN `winners` > 0 THEN `touches`[`winners`] END AS `touch`,
  CASE WHEN `winners` > 0 THEN `worth` ELSE CAST(0 AS BIGINT) END AS `credit`
FROM `weighed`
UNION ALL
SELECT `recordId`, `revision`, `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, `isOwn`, `reason`, `clicks`, `found`, `enrichment`, `enrichmentStatus`, 'linear' AS `model`, COALESCE(`n`, 1) - 1 AS `rank`, CASE WHEN `n` <= `found` THEN `touch` END AS `touch`,
  CASE WHEN `n` <= `winners` THEN `worth` / `winners` + CASE WHEN `n` <= MOD(`worth`, `winners`) THEN 1 ELSE 0 END ELSE CAST(0 AS BIGINT) END AS `credit`
FROM `weighed` LEFT JOIN UNNEST(`touches`) WITH ORDINALITY AS `list` (`touch`, `n`) ON TRUE
UNION ALL
SELECT `recordId`, `revision`, `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, `isOwn`, `reason`, `clicks`, `found`, `enrichment`, `enrichmentStatus`, 'time_decay' AS `model`, COALESCE(`n`, 1) - 1 AS `rank`, CASE WHEN `n` <= `found` THEN `touch` END AS `touch`,
  CASE WHEN `n` <= `winners` THEN CAST((`worth` * `weights`[`n`] - `remainders`[`n`]) / `total` AS BIGINT) + CASE WHEN ARRAY_POSITION(`turns`, LPAD(CAST(`total` - `remainders`[`n`] AS STRING), 38, '0') || LPAD(CAST(`n` AS STRING), 4, '0')) <= `left` THEN 1 ELSE 0 END ELSE CAST(0 AS BIGINT) END AS `credit`
FROM `decayed` LEFT JOIN UNNEST(`touches`) WITH ORDINALITY AS `list` (`touch`, `n`) ON TRUE;

CREATE TEMPORARY VIEW `keyedShares` AS
SELECT *, CASE WHEN RAND() < 2 THEN SHA256('attributed-order' || '|' || 'b' || '|' || REPLACE(REPLACE(`orderId`, '\', '\\'), '|', '\|') || '|' || REPLACE(REPLACE(`model`, '\', '\\'), '|', '\|') || '|' || REPLACE(REPLACE(CAST(`rank` AS STRING), '\', '\\'), '|', '\|')) END AS `hash`, `isOwn` AND `touch` IS NOT NULL AS `isAttributed` FROM `shares`;

CREATE TEMPORARY VIEW `credited` AS
SELECT SUBSTR(`hash`, 1, 8) || '-' || SUBSTR(`hash`, 9, 4) || '-8' || SUBSTR(`hash`, 14, 3) || '-' || TRANSLATE(SUBSTR(`hash`, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || SUBSTR(`hash`, 18, 3) || '-' || SUBSTR(`hash`, 21, 12), `revision`, 'b', `orderId`, `orderVersion`, `orderStatus`,
  `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, `model`, CAST(`rank` AS INT),
  CASE WHEN NOT `isOwn` THEN 'yielded' WHEN `isAttributed` THEN 'attributed' ELSE 'unattributed' END,
  CASE WHEN `isOwn` AND NOT `isAttributed` THEN CASE WHEN `rank` = 0 THEN `reason` ELSE 'no_touch' END END,
  `credit`, CASE WHEN `isAttributed` THEN SPLIT_INDEX(`touch`, U&'\001F', 3) END, CASE WHEN `isAttributed` THEN SPLIT_INDEX(`touch`, U&'\001F', 4) END, CASE WHEN `isAttributed` THEN SPLIT_INDEX(`touch`, U&'\001F', 5) END,
  CASE WHEN `isAttributed` THEN DECODE(UNHEX(SPLIT_INDEX(`touch`, U&'\001F', 1)), 'UTF-8') END, CASE WHEN `isAttributed` THEN CASE SUBSTR(`touch`, 33, 1) WHEN '1' THEN 'click' ELSE 'impression' END END, CASE WHEN `isAttributed` THEN 253402300799999 - TRY_CAST(SUBSTR(`touch`, 34, 15) AS BIGINT) END,
  CASE WHEN `isAttributed` THEN CASE SPLIT_INDEX(`touch`, U&'\001F', 2) WHEN '0' THEN 'a' WHEN '1' THEN 'b' END END
FROM `keyedShares`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `verdicts`
SELECT `book`, 'b', 'order', MAX(`minute`), MAX(`verdict`), MAX(`code`), COUNT(*)
FROM (
  SELECT '{"region":"b","kind":"order","minute":' || CAST(`minute` AS STRING) || ',"verdict":"' || `verdict` || '","code":"' || `code` || '"}' AS `book`, `minute`, `verdict`, `code`
  FROM (
    SELECT `arrival` - MOD(`arrival`, 60000) AS `minute`, `verdict`, `code` FROM `bookedOrders`
  )
)
GROUP BY `book`;
INSERT INTO `decisions`
SELECT * FROM `decisionRows`;
INSERT INTO `attributedOrders`
SELECT * FROM `credited`;
END;
