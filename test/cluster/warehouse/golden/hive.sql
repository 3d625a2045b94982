CREATE DATABASE IF NOT EXISTS warehouse;

DROP TABLE IF EXISTS warehouse.ad_minutes_files;

CREATE EXTERNAL TABLE warehouse.ad_minutes_files (
  record_id STRING,
  revision BIGINT,
  region STRING,
  ad_id STRING,
  campaign_id STRING,
  advertiser_id STRING,
  minute_ms BIGINT,
  currency STRING,
  impressions BIGINT,
  clicks BIGINT,
  cost_micros BIGINT
)
PARTITIONED BY (dt DATE)
STORED AS PARQUET
LOCATION 'file:///data/warehouse/ad_minutes'
TBLPROPERTIES ('adtally.digest' = '69da5a10a5eb657a');

DROP TABLE IF EXISTS warehouse.attributed_orders_files;

CREATE EXTERNAL TABLE warehouse.attributed_orders_files (
  record_id STRING,
  revision BIGINT,
  region STRING,
  order_id STRING,
  order_version BIGINT,
  order_status STRING,
  order_time_ms BIGINT,
  user_id STRING,
  merchant_id STRING,
  amount_micros BIGINT,
  currency STRING,
  model STRING,
  rank BIGINT,
  outcome STRING,
  reason STRING,
  credit_micros BIGINT,
  ad_id STRING,
  campaign_id STRING,
  advertiser_id STRING,
  touch_event_id STRING,
  touch_type STRING,
  touch_time_ms BIGINT,
  touch_region STRING,
  enrichment STRING,
  enrichment_status STRING
)
PARTITIONED BY (dt DATE)
STORED AS PARQUET
LOCATION 'file:///data/warehouse/attributed_orders'
TBLPROPERTIES ('adtally.digest' = 'b388c78d53d4887c');

CREATE OR REPLACE VIEW warehouse.ad_minutes
TBLPROPERTIES ('adtally.digest' = 'ef4dd91a8246ef96')
AS
SELECT record_id, revision, region, ad_id, campaign_id, advertiser_id, minute_ms, currency, impressions, clicks, cost_micros, from_utc_timestamp(minute_ms, 'UTC') AS start_time, dt
FROM (
  SELECT record_id, revision, region, ad_id, campaign_id, advertiser_id, minute_ms, currency, impressions, clicks, cost_micros, dt,
    ROW_NUMBER() OVER (PARTITION BY dt, record_id ORDER BY revision DESC) AS place
  FROM warehouse.ad_minutes_files
) versions
WHERE place = 1;

CREATE OR REPLACE VIEW warehouse.attributed_orders
TBLPROPERTIES ('adtally.digest' = 'eba1b26ed2a24b04')
AS
SELECT record_id, revision, region, order_id, order_version, order_status, order_time_ms, user_id, merchant_id, amount_micros, currency, model, rank, outcome, reason, credit_micros, ad_id, campaign_id, advertiser_id, touch_event_id, touch_type, touch_time_ms, touch_region, enrichment, enrichment_status, from_utc_timestamp(order_time_ms, 'UTC') AS order_time, from_utc_timestamp(touch_time_ms, 'UTC') AS touch_time, dt
FROM (
  SELECT record_id, revision, region, order_id, order_version, order_status, order_time_ms, user_id, merchant_id, amount_micros, currency, model, rank, outcome, reason, credit_micros, ad_id, campaign_id, advertiser_id, touch_event_id, touch_type, touch_time_ms, touch_region, enrichment, enrichment_status, dt,
    ROW_NUMBER() OVER (PARTITION BY record_id ORDER BY revision DESC) AS place
  FROM warehouse.attributed_orders_files
) versions
WHERE place = 1;

CREATE OR REPLACE VIEW warehouse.ad_hours
TBLPROPERTIES ('adtally.digest' = 'df3348db8325ef7d')
AS
SELECT from_utc_timestamp((minute_ms - minute_ms % 3600000), 'UTC') AS start_time, ad_id, campaign_id, advertiser_id, currency,
  SUM(CAST(impressions AS DECIMAL(38, 0))) AS impressions, SUM(CAST(clicks AS DECIMAL(38, 0))) AS clicks, SUM(CAST(cost_micros AS DECIMAL(38, 0))) AS cost_micros,
  dt
FROM warehouse.ad_minutes
GROUP BY dt, minute_ms - minute_ms % 3600000, ad_id, campaign_id, advertiser_id, currency;

CREATE OR REPLACE VIEW warehouse.ad_6h
TBLPROPERTIES ('adtally.digest' = '397c2295a69e278d')
AS
SELECT from_utc_timestamp((minute_ms - minute_ms % 21600000), 'UTC') AS start_time, ad_id, campaign_id, advertiser_id, currency,
  SUM(CAST(impressions AS DECIMAL(38, 0))) AS impressions, SUM(CAST(clicks AS DECIMAL(38, 0))) AS clicks, SUM(CAST(cost_micros AS DECIMAL(38, 0))) AS cost_micros,
  dt
FROM warehouse.ad_minutes
GROUP BY dt, minute_ms - minute_ms % 21600000, ad_id, campaign_id, advertiser_id, currency;

CREATE OR REPLACE VIEW warehouse.ad_days
TBLPROPERTIES ('adtally.digest' = 'de322779aba99645')
AS
SELECT from_utc_timestamp((minute_ms - minute_ms % 86400000), 'UTC') AS start_time, ad_id, campaign_id, advertiser_id, currency,
  SUM(CAST(impressions AS DECIMAL(38, 0))) AS impressions, SUM(CAST(clicks AS DECIMAL(38, 0))) AS clicks, SUM(CAST(cost_micros AS DECIMAL(38, 0))) AS cost_micros,
  dt
FROM warehouse.ad_minutes
GROUP BY dt, minute_ms - minute_ms % 86400000, ad_id, campaign_id, advertiser_id, currency;

MSCK REPAIR TABLE warehouse.ad_minutes_files SYNC PARTITIONS;

MSCK REPAIR TABLE warehouse.attributed_orders_files SYNC PARTITIONS;
