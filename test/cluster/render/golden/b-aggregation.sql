SET 'execution.checkpointing.interval' = '1000 ms';

SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE';

SET 'execution.checkpointing.externalized-checkpoint-retention' = 'RETAIN_ON_CANCELLATION';

SET 'parallelism.default' = '1';

SET 'pipeline.object-reuse' = 'true';

SET 'table.exec.state.ttl' = '352800000 ms';

SET 'table.exec.mini-batch.enabled' = 'true';

SET 'table.exec.mini-batch.allow-latency' = '1000 ms';

SET 'table.exec.mini-batch.size' = '20000';

SET 'table.local-time-zone' = 'UTC';

SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

CREATE TEMPORARY TABLE `events` (
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
  `code` STRING,
  `message` STRING,
  `arrivedAt` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `headers` MAP<STRING NOT NULL, BYTES> METADATA VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'b.events',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'properties.group.id' = 'adtally-b-aggregation',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '30000 ms',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY TABLE `peerClean` (
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
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'properties.group.id' = 'adtally-b-aggregation',
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
  'topic' = 'b.clean',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'key.format' = 'raw',
  'key.fields' = 'userId',
  'value.format' = 'json',
  'value.json.encode.ignore-null-fields' = 'true',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-b-aggregation-clean',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

CREATE TEMPORARY TABLE `quarantine` (
  `eventId` STRING,
  `region` STRING,
  `arrival` BIGINT,
  `verdict` STRING,
  `code` STRING,
  `message` STRING,
  `raw` STRING,
  `rawBase64` BYTES
) WITH (
  'connector' = 'kafka',
  'topic' = 'b.quarantine',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'key.format' = 'raw',
  'key.fields' = 'eventId',
  'value.format' = 'json',
  'value.json.encode.ignore-null-fields' = 'true',
  'value.fields-include' = 'EXCEPT_KEY',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-b-aggregation-quarantine',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
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
  'sink.transactional-id-prefix' = 'adtally-b-aggregation-verdicts',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

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
  `costMicros` BIGINT,
  PRIMARY KEY (`recordId`) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'b.ad-minutes',
  'properties.bootstrap.servers' = 'kafka-b:9092',
  'key.format' = 'raw',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'adtally-b-aggregation-adMinutes',
  'sink.transaction-naming-strategy' = 'POOLING',
  'properties.transaction.timeout.ms' = '900000'
);

CREATE TEMPORARY VIEW `received` AS
SELECT `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`, `placement`, `costMicros`, `currency`, `message`, `headers`['raw'] AS `rawBytes`,
  EXTRACT(EPOCH FROM `arrivedAt`) * 1000 + EXTRACT(MILLISECOND FROM `arrivedAt`) AS `arrival`,
  CASE WHEN `code` IS NOT NULL THEN `code`
    WHEN `eventId` IS NULL OR `eventType` IS NULL OR `eventTime` IS NULL OR `adId` IS NULL OR `campaignId` IS NULL OR `advertiserId` IS NULL OR `userId` IS NULL OR `costMicros` IS NULL OR `currency` IS NULL THEN 'missing_field'
    WHEN `eventType` NOT IN ('impression', 'click') THEN 'bad_value'
  END AS `fault`
FROM `events`;

CREATE TEMPORARY VIEW `aged` AS
SELECT *,
  CASE WHEN `fault` IS NOT NULL THEN 'invalid'
    WHEN `eventTime` < `arrival` - 86400000 THEN 'late'
    WHEN `eventTime` > `arrival` + 600000 THEN 'future'
    ELSE 'on_time'
  END AS `age`
FROM `received`;

CREATE TEMPORARY VIEW `keyed` AS
SELECT *, COUNT(`own`) OVER byId AS `ownRows`, COUNT(`peer`) OVER byId AS `peerRows`,
  FIRST_VALUE(`content`) OVER byId AS `firstContent`
FROM (
  SELECT `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`, `placement`, `costMicros`, `currency`, `rawBytes`, `arrival`, 1 AS `own`, CAST(NULL AS INT) AS `peer`,
    `eventType` || U&'\001F' || CAST(`eventTime` AS STRING) || U&'\001F' || `adId` || U&'\001F' || `campaignId` || U&'\001F' || `advertiserId` || U&'\001F' || `userId` || U&'\001F' || COALESCE(`merchantId`, '') || U&'\001F' || COALESCE(`placement`, '') || U&'\001F' || CAST(`costMicros` AS STRING) || U&'\001F' || `currency` AS `content`, PROCTIME() AS `at`
  FROM `aged` WHERE `age` = 'on_time'
  UNION ALL
  SELECT `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`, `placement`, `costMicros`, `currency`, CAST(NULL AS BYTES), CAST(NULL AS BIGINT), CAST(NULL AS INT), 1,
    `eventType` || U&'\001F' || CAST(`eventTime` AS STRING) || U&'\001F' || `adId` || U&'\001F' || `campaignId` || U&'\001F' || `advertiserId` || U&'\001F' || `userId` || U&'\001F' || COALESCE(`merchantId`, '') || U&'\001F' || COALESCE(`placement`, '') || U&'\001F' || CAST(`costMicros` AS STRING) || U&'\001F' || `currency`, PROCTIME()
  FROM `peerClean` WHERE `eventId` IS NOT NULL AND `sign` = 1
) WINDOW byId AS (PARTITION BY `eventId` ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

CREATE TEMPORARY VIEW `judged` AS
SELECT *,
  CASE WHEN `own` IS NULL THEN 'peer'
    WHEN `ownRows` = 1 AND `peerRows` = 0 THEN 'counted'
    WHEN `content` = `firstContent` THEN 'duplicate'
    ELSE 'conflict'
  END AS `verdict`,
  CAST(CASE WHEN `own` = 1 AND `ownRows` = 1 THEN 1 ELSE 0 END AS BIGINT) AS `plus`,
  CAST(CASE WHEN `own` = 1 AND `ownRows` = 1 AND `peerRows` > 0 THEN 1
    WHEN `own` IS NULL AND `peerRows` = 1 AND `ownRows` > 0 THEN 1
    ELSE 0
  END AS BIGINT) AS `minus`
FROM `keyed`;

CREATE TEMPORARY VIEW `signed` AS
SELECT `eventId`, CASE WHEN `own` = 1 THEN `eventType` ELSE SPLIT_INDEX(`firstContent`, U&'\001F', 0) END AS `eventType`,
  CASE WHEN `own` = 1 THEN `eventTime` ELSE TRY_CAST(SPLIT_INDEX(`firstContent`, U&'\001F', 1) AS BIGINT) END AS `eventTime`,
  CASE WHEN `own` = 1 THEN `adId` ELSE SPLIT_INDEX(`firstContent`, U&'\001F', 2) END AS `adId`,
  CASE WHEN `own` = 1 THEN `campaignId` ELSE SPLIT_INDEX(`firstContent`, U&'\001F', 3) END AS `campaignId`,
  CASE WHEN `own` = 1 THEN `advertiserId` ELSE SPLIT_INDEX(`firstContent`, U&'\001F', 4) END AS `advertiserId`,
  CASE WHEN `own` = 1 THEN `userId` ELSE SPLIT_INDEX(`firstContent`, U&'\001F', 5) END AS `userId`,
  CASE WHEN `own` = 1 THEN `merchantId` ELSE NULLIF(SPLIT_INDEX(`firstContent`, U&'\001F', 6), '') END AS `merchantId`,
  CASE WHEN `own` = 1 THEN `placement` ELSE NULLIF(SPLIT_INDEX(`firstContent`, U&'\001F', 7), '') END AS `placement`,
  CASE WHEN `own` = 1 THEN `costMicros` ELSE TRY_CAST(SPLIT_INDEX(`firstContent`, U&'\001F', 8) AS BIGINT) END AS `costMicros`,
  CASE WHEN `own` = 1 THEN `currency` ELSE SPLIT_INDEX(`firstContent`, U&'\001F', 9) END AS `currency`, `plus`, `minus`
FROM `judged` WHERE `plus` + `minus` > 0;

CREATE TEMPORARY VIEW `verdictRows` AS
SELECT `age` AS `verdict`, COALESCE(`fault`, `age`) AS `code`, `message`, `arrival`, `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`, `placement`, `costMicros`, `currency`, `rawBytes`
FROM `aged` WHERE `age` <> 'on_time'
UNION ALL
SELECT `verdict`, `verdict`, CAST(NULL AS STRING), `arrival`, `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`, `placement`, `costMicros`, `currency`, `rawBytes`
FROM `judged` WHERE `own` = 1;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `clean`
SELECT `eventId`, `eventType`, `eventTime`, `adId`, `campaignId`, `advertiserId`, `userId`, `merchantId`, `placement`, `costMicros`, `currency`, 'b', CAST(`plus` - `minus` AS INT)
FROM `signed` WHERE `plus` <> `minus`;
INSERT INTO `quarantine`
SELECT `eventId`, 'b', `arrival`, `verdict`, `code`, `message`,
  CASE WHEN `rawBytes` IS NULL THEN CASE WHEN `verdict` <> 'invalid' THEN '{' || '"eventId":' || '"' || REPLACE(REPLACE(`eventId`, '\', '\\'), '"', '\"') || '"' || ',' || '"eventType":' || '"' || REPLACE(REPLACE(`eventType`, '\', '\\'), '"', '\"') || '"' || ',' || '"eventTime":' || CAST(`eventTime` AS STRING) || ',' || '"adId":' || '"' || REPLACE(REPLACE(`adId`, '\', '\\'), '"', '\"') || '"' || ',' || '"campaignId":' || '"' || REPLACE(REPLACE(`campaignId`, '\', '\\'), '"', '\"') || '"' || ',' || '"advertiserId":' || '"' || REPLACE(REPLACE(`advertiserId`, '\', '\\'), '"', '\"') || '"' || ',' || '"userId":' || '"' || REPLACE(REPLACE(`userId`, '\', '\\'), '"', '\"') || '"' || ',' || COALESCE('"merchantId":' || '"' || REPLACE(REPLACE(`merchantId`, '\', '\\'), '"', '\"') || '"' || ',', '') || COALESCE('"placement":' || '"' || REPLACE(REPLACE(`placement`, '\', '\\'), '"', '\"') || '"' || ',', '') || '"costMicros":' || CAST(`costMicros` AS STRING) || ',' || '"currency":' || '"' || REPLACE(REPLACE(`currency`, '\', '\\'), '"', '\"') || '"' || '}' END
    WHEN ENCODE(DECODE(`rawBytes`, 'UTF-8'), 'UTF-8') = `rawBytes` THEN DECODE(`rawBytes`, 'UTF-8')
  END,
  CASE WHEN ENCODE(DECODE(`rawBytes`, 'UTF-8'), 'UTF-8') <> `rawBytes` THEN `rawBytes` END
FROM `verdictRows` WHERE `verdict` NOT IN ('counted', 'duplicate');
INSERT INTO `verdicts`
SELECT `book`, 'b', 'event', MAX(`minute`), MAX(`verdict`), MAX(`code`), COUNT(*)
FROM (
  SELECT '{"region":"b","kind":"event","minute":' || CAST(`minute` AS STRING) || ',"verdict":"' || `verdict` || '","code":"' || `code` || '"}' AS `book`, `minute`, `verdict`, `code`
  FROM (
    SELECT `arrival` - MOD(`arrival`, 60000) AS `minute`, `verdict`, `code` FROM `verdictRows`
  )
)
GROUP BY `book`;
INSERT INTO `adMinutes`
SELECT `recordId`, `revision`, 'b', `adId`, SPLIT_INDEX(DECODE(UNHEX(`pair`), 'UTF-8'), U&'\001F', 0), SPLIT_INDEX(DECODE(UNHEX(`pair`), 'UTF-8'), U&'\001F', 1),
  `minute`, `currency`, `impressions`, `clicks`, `costMicros`
FROM (
  SELECT `recordId`, SUM(`plus` + `minus`) AS `revision`, MAX(`adId`) AS `adId`, MAX(`pair`) AS `pair`,
    MAX(`minute`) AS `minute`, MAX(`currency`) AS `currency`,
    SUM(CASE WHEN `eventType` = 'impression' THEN `plus` - `minus` ELSE CAST(0 AS BIGINT) END) AS `impressions`, SUM(CASE WHEN `eventType` = 'click' THEN `plus` - `minus` ELSE CAST(0 AS BIGINT) END) AS `clicks`,
    SUM(`costMicros` * (`plus` - `minus`)) AS `costMicros`
  FROM (
    SELECT *, SUBSTR(`hash`, 1, 8) || '-' || SUBSTR(`hash`, 9, 4) || '-8' || SUBSTR(`hash`, 14, 3) || '-' || TRANSLATE(SUBSTR(`hash`, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || SUBSTR(`hash`, 18, 3) || '-' || SUBSTR(`hash`, 21, 12) AS `recordId`
    FROM (
      SELECT *, CASE WHEN RAND() < 2 THEN SHA256('ad-minute' || '|' || 'b' || '|' || REPLACE(REPLACE(`adId`, '\', '\\'), '|', '\|') || '|' || REPLACE(REPLACE(CAST(`minute` AS STRING), '\', '\\'), '|', '\|') || '|' || REPLACE(REPLACE(`currency`, '\', '\\'), '|', '\|')) END AS `hash`
      FROM (
        SELECT `eventType`, `adId`, HEX(`campaignId` || U&'\001F' || `advertiserId`) AS `pair`, `currency`, `costMicros`,
          `eventTime` - MOD(`eventTime`, 60000) AS `minute`, `plus`, `minus`
        FROM `signed`
      )
    )
  )
  GROUP BY `recordId`
);
END;
