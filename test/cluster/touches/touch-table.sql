CREATE SCHEMA IF NOT EXISTS adtally;

CREATE TABLE adtally.touches (
  event_id text NOT NULL,
  region text NOT NULL,
  event_time bigint NOT NULL,
  event_type text NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  ad_id text NOT NULL,
  campaign_id text NOT NULL,
  advertiser_id text NOT NULL,
  merchant_id text,
  is_counted boolean NOT NULL,
  PRIMARY KEY (event_id, region, event_time)
) PARTITION BY RANGE (event_time);

CREATE INDEX touches_by_user ON adtally.touches (user_id, event_time);

CREATE TABLE adtally.touches_rest PARTITION OF adtally.touches DEFAULT;

LOCK TABLE adtally.touches IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE adtally.touches_20260131 (LIKE adtally.touches INCLUDING ALL);

WITH moved AS (DELETE FROM adtally.touches_rest WHERE event_time >= 1769817600000 AND event_time < 1769904000000 RETURNING *)
INSERT INTO adtally.touches_20260131 SELECT * FROM moved;

ALTER TABLE adtally.touches ATTACH PARTITION adtally.touches_20260131 FOR VALUES FROM (1769817600000) TO (1769904000000);

DROP TABLE adtally.touches_20260131;

DELETE FROM adtally.touches_rest WHERE event_time < 1769904000000;
