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
  'topic' = 'a.orders',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'properties.group.id' = 'adtally-a-attribution',
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
  'topic' = 'a.clean',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'properties.group.id' = 'adtally-a-attribution',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `enrichments` (
  `orderId` STRING,
  `orderVersion` BIGINT,
  `status` STRING,
  `enrichment` STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'a.enrichments',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'properties.group.id' = 'adtally-a-attribution',
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
  'topic' = 'a.verdicts',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.fields-include' = 'EXCEPT_KEY',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-a-attribution-verdicts',
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
  `touchRegion` STRING,
  `enrichment` STRING,
  `enrichmentStatus` STRING,
  PRIMARY KEY (`recordId`) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'a.attributed-orders',
  'properties.bootstrap.servers' = 'kafka-a:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-a-attribution-attributedOrders',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

CREATE TEMPORARY VIEW `receivedOrders` AS
SELECT `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, EXTRACT(EPOCH FROM `arrivedAt`) * 1000 + EXTRACT(MILLISECOND FROM `arrivedAt`) AS `arrival`, 1 AS `own`,
  0 AS `place`, PROCTIME() AS `at`,
  CASE WHEN `code` IS NOT NULL THEN `code`
    WHEN `orderId` IS NULL OR `orderVersion` IS NULL OR `orderStatus` IS NULL OR `orderTime` IS NULL OR `userId` IS NULL OR `merchantId` IS NULL OR `amountMicros` IS NULL OR `currency` IS NULL THEN 'missing_field'
    WHEN `orderStatus` NOT IN ('placed', 'cancelled', 'refunded') THEN 'bad_value'
    WHEN `orderVersion` < 1 OR `orderVersion` > 9007199254740991 THEN 'out_of_range'
  END AS `fault`
FROM `orders`;

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
  SELECT *, CASE WHEN RAND() < 2 THEN SHA256('attributed-order' || '|' || 'a' || '|' || REPLACE(REPLACE(`orderId`, '\', '\\'), '|', '\|') || '|' || 'last_touch' || '|' || '0') END AS `hash` FROM `judgedOrders` WHERE `verdict` = 'accepted'
);

CREATE TEMPORARY VIEW `touches` AS
SELECT `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`,
  CASE COALESCE(`region`, 'a') WHEN 'a' THEN '0' END AS `place`
FROM `clean` WHERE `sign` = 1 AND `userId` IS NOT NULL;

CREATE TEMPORARY VIEW `pairs` AS
SELECT /*+ STATE_TTL('o' = '435600000 ms', 't' = '954000000 ms') */ `o`.`recordId`, `o`.`orderId`, `o`.`orderVersion`, `o`.`isFirstBasis`, `o`.`basis`, CASE WHEN `t`.`eventTime` > `o`.`orderTime` THEN '5'
    WHEN `o`.`orderTime` - `t`.`eventTime` > 604800000 THEN '4'
    WHEN `t`.`merchantId` IS NULL OR `t`.`merchantId` <> `o`.`merchantId` THEN '3'
    ELSE '1'
  END AS `grade`,
  `t`.`eventTime`, `t`.`eventId`, `t`.`place`, `t`.`adId`, `t`.`campaignId`, `t`.`advertiserId`
FROM `accepted` AS `o` JOIN (SELECT * FROM `touches` WHERE `eventType` = 'click') AS `t`
ON `o`.`userId` = `t`.`userId` AND `t`.`eventTime` >= `o`.`orderTime` - 604800000 AND `t`.`eventTime` <= `o`.`orderTime` + 86400000
UNION ALL
SELECT /*+ STATE_TTL('o' = '435600000 ms', 't' = '435600000 ms') */ `o`.`recordId`, `o`.`orderId`, `o`.`orderVersion`, `o`.`isFirstBasis`, `o`.`basis`, CASE WHEN `t`.`eventTime` > `o`.`orderTime` THEN '5'
    WHEN `o`.`orderTime` - `t`.`eventTime` > 86400000 THEN '4'
    WHEN `t`.`merchantId` IS NULL OR `t`.`merchantId` <> `o`.`merchantId` THEN '3'
    ELSE '2'
  END AS `grade`,
  `t`.`eventTime`, `t`.`eventId`, `t`.`place`, `t`.`adId`, `t`.`campaignId`, `t`.`advertiserId`
FROM `accepted` AS `o` JOIN (SELECT * FROM `touches` WHERE `eventType` = 'impression') AS `t`
ON `o`.`userId` = `t`.`userId` AND `t`.`eventTime` >= `o`.`orderTime` - 604800000 AND `t`.`eventTime` <= `o`.`orderTime` + 86400000;

CREATE TEMPORARY VIEW `answers` AS
SELECT SUBSTR(`hash`, 1, 8) || '-' || SUBSTR(`hash`, 9, 4) || '-8' || SUBSTR(`hash`, 14, 3) || '-' || TRANSLATE(SUBSTR(`hash`, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || SUBSTR(`hash`, 18, 3) || '-' || SUBSTR(`hash`, 21, 12) AS `recordId`, `orderId`,
  LPAD(CAST(`orderVersion` AS STRING), 16, '0') || CASE `status` WHEN 'ok' THEN '2' ELSE '1' END AS `answer`,
  CASE WHEN `status` = 'ok' THEN LPAD(CAST(`orderVersion` AS STRING), 16, '0') || SHA256(`enrichment`) || `enrichment` END AS `details`
FROM (
  SELECT *, CASE WHEN RAND() < 2 THEN SHA256('attributed-order' || '|' || 'a' || '|' || REPLACE(REPLACE(`orderId`, '\', '\\'), '|', '\|') || '|' || 'last_touch' || '|' || '0') END AS `hash` FROM `enrichments`
  WHERE `orderId` IS NOT NULL AND `orderVersion` BETWEEN 1 AND 9007199254740991
    AND (`status` = 'unavailable' OR `status` = 'ok' AND `enrichment` IS NOT NULL)
);

CREATE TEMPORARY VIEW `facts` AS
SELECT `recordId`, `orderId`, `payload`, CAST(NULL AS STRING) AS `candidate`, CAST(NULL AS STRING) AS `otherCandidate`,
  CASE WHEN `own` = 1 THEN `orderVersion` END AS `takenHere`, CASE WHEN `own` = 0 THEN `orderVersion` END AS `takenThere`, CAST(NULL AS STRING) AS `answer`, CAST(NULL AS STRING) AS `details`
FROM `accepted`
UNION ALL
SELECT `recordId`, `orderId`, CAST(NULL AS STRING), CASE WHEN `isFirstBasis` = 1 THEN `grade` || LPAD(CAST(253402300799999 - `eventTime` AS STRING), 15, '0') || U&'\001F' || HEX(`eventId`) || U&'\001F' || `place` || U&'\001F' || `adId` || U&'\001F' || `campaignId` || U&'\001F' || `advertiserId` || U&'\001F' || `basis` END,
  CASE WHEN `isFirstBasis` = 0 THEN LPAD(CAST(9007199254740991 - `orderVersion` AS STRING), 16, '0') || `grade` || LPAD(CAST(253402300799999 - `eventTime` AS STRING), 15, '0') || U&'\001F' || HEX(`eventId`) || U&'\001F' || `place` || U&'\001F' || `adId` || U&'\001F' || `campaignId` || U&'\001F' || `advertiserId` || U&'\001F' || `basis` END, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS STRING) AS `answer`, CAST(NULL AS STRING) AS `details`
FROM `pairs`
UNION ALL
SELECT `recordId`, `orderId`, CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), `answer`, `details` FROM `answers`;

CREATE TEMPORARY VIEW `decided` AS
SELECT `recordId`, MAX(`orderId`) AS `orderId`, COUNT(*) AS `revision`, MAX(`payload`) AS `latest`, MIN(`candidate`) AS `candidate`,
  MIN(`otherCandidate`) AS `otherCandidate`, MIN(`takenHere`) AS `takenHere`, MIN(`takenThere`) AS `takenThere`, MAX(`answer`) AS `answer`, MAX(`details`) AS `details`
FROM `facts` GROUP BY `recordId`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `verdicts`
SELECT `book`, 'a', 'order', MAX(`minute`), MAX(`verdict`), MAX(`code`), COUNT(*)
FROM (
  SELECT '{"region":"a","kind":"order","minute":' || CAST(`minute` AS STRING) || ',"verdict":"' || `verdict` || '","code":"' || `code` || '"}' AS `book`, `minute`, `verdict`, `code`
  FROM (
    SELECT `arrival` - MOD(`arrival`, 60000) AS `minute`, `verdict`, `code` FROM `bookedOrders`
  )
)
GROUP BY `book`;
INSERT INTO `attributedOrders`
SELECT `recordId`, `revision`, 'a', `orderId`, TRY_CAST(SPLIT_INDEX(`latest`, U&'\001F', 0) AS BIGINT), SPLIT_INDEX(`latest`, U&'\001F', 2),
  TRY_CAST(SPLIT_INDEX(`latest`, U&'\001F', 3) AS BIGINT), SPLIT_INDEX(`latest`, U&'\001F', 4), SPLIT_INDEX(`latest`, U&'\001F', 5), TRY_CAST(SPLIT_INDEX(`latest`, U&'\001F', 6) AS BIGINT), SPLIT_INDEX(`latest`, U&'\001F', 7),
  'last_touch', 0,
  CASE WHEN NOT `isOwn` THEN 'yielded' WHEN `isAttributed` THEN 'attributed' ELSE 'unattributed' END,
  CASE WHEN `isOwn` AND NOT `isAttributed` THEN
    CASE SUBSTR(`best`, 1, 1) WHEN '3' THEN 'other_merchant' WHEN '4' THEN 'outside_window'
      WHEN '5' THEN 'after_order' ELSE 'no_touch' END
  END,
  CASE WHEN `isAttributed` AND SPLIT_INDEX(`latest`, U&'\001F', 2) <> 'cancelled' THEN TRY_CAST(SPLIT_INDEX(`latest`, U&'\001F', 6) AS BIGINT) ELSE CAST(0 AS BIGINT) END,
  CASE WHEN `isAttributed` THEN SPLIT_INDEX(`best`, U&'\001F', 3) END, CASE WHEN `isAttributed` THEN SPLIT_INDEX(`best`, U&'\001F', 4) END, CASE WHEN `isAttributed` THEN SPLIT_INDEX(`best`, U&'\001F', 5) END, CASE WHEN `isAttributed` THEN DECODE(UNHEX(SPLIT_INDEX(`best`, U&'\001F', 1)), 'UTF-8') END,
  CASE WHEN `isAttributed` THEN CASE SUBSTR(`best`, 1, 1) WHEN '1' THEN 'click' ELSE 'impression' END END,
  CASE WHEN `isAttributed` THEN 253402300799999 - TRY_CAST(SUBSTR(`best`, 2, 15) AS BIGINT) END,
  CASE WHEN `isAttributed` THEN CASE SPLIT_INDEX(`best`, U&'\001F', 2) WHEN '0' THEN 'a' END END,
  CASE WHEN `isOwn` THEN SUBSTR(`details`, 81) END,
  CASE WHEN NOT `isOwn` THEN CAST(NULL AS STRING)
    WHEN SUBSTR(`answer`, 1, 16) = SUBSTR(`latest`, 1, 16) THEN
      CASE SUBSTR(`answer`, 17) WHEN '2' THEN 'ok' ELSE 'unavailable' END
    ELSE 'pending'
  END
FROM (
  SELECT *, `isOwn` AND `best` IS NOT NULL AND SUBSTR(`best`, 1, 1) <= '2' AS `isAttributed`
  FROM (
    SELECT *, `takenThere` IS NULL OR `takenHere` <= `takenThere` AS `isOwn`, CASE WHEN SPLIT_INDEX(`candidate`, U&'\001F', 6) = SPLIT_INDEX(`latest`, U&'\001F', 8) THEN `candidate`
    WHEN SPLIT_INDEX(`otherCandidate`, U&'\001F', 6) = SPLIT_INDEX(`latest`, U&'\001F', 8) THEN SUBSTR(`otherCandidate`, 17)
  END AS `best` FROM `decided` WHERE `takenHere` IS NOT NULL
  )
);
END;

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
  'topic' = 'a.ad-minutes',
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
  `touchRegion` STRING,
  `enrichment` STRING,
  `enrichmentStatus` STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'a.attributed-orders',
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
  `touchRegion` STRING,
  `enrichment` STRING,
  `enrichmentStatus` STRING
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
SELECT `recordId`, `revision`, `region`, `orderId`, `orderVersion`, `orderStatus`, `orderTime`, `userId`, `merchantId`, `amountMicros`, `currency`, `model`, `rank`, `outcome`, `reason`, `creditMicros`, `adId`, `campaignId`, `advertiserId`, `touchEventId`, `touchType`, `touchTime`, `touchRegion`, `enrichment`, `enrichmentStatus` FROM `attributedOrders` WHERE `recordId` IS NOT NULL AND `revision` IS NOT NULL;
END;
