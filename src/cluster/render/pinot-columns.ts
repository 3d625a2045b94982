import type { RecordKind } from '../../union-load/ports.ts';

/** A column of a table in Pinot, and the field of a record that it holds. */
export interface PinotColumn {
  readonly name: string;
  readonly field: string;
  readonly type: 'STRING' | 'LONG' | 'JSON';
  /** The time of a record is neither: Pinot lists it apart. */
  readonly role: 'dimension' | 'metric' | 'time';
  /** Without a dictionary: of values that hardly repeat. */
  readonly isRaw?: true;
  /** Characters; Pinot cuts off what is longer. */
  readonly maxLength?: number;
  /** Stands for null. No id is empty. */
  readonly whenNull?: string | number;
}

const column = (
  name: string,
  type: PinotColumn['type'],
  more: Partial<Pick<PinotColumn, 'role' | 'isRaw' | 'maxLength' | 'whenNull'>> = {},
): PinotColumn => ({
  name,
  field: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  type,
  role: 'dimension',
  ...more,
});
const METRIC = { role: 'metric', isRaw: true } as const;
const OPTIONAL = { whenNull: '' } as const;
const DETAILS_LENGTH_MAX = 1024 * 1024;

export const PINOT_COLUMNS: Readonly<Record<RecordKind, readonly PinotColumn[]>> = {
  'ad-minutes': [
    column('record_id', 'STRING', { isRaw: true }),
    column('revision', 'LONG', { isRaw: true }),
    column('region', 'STRING'),
    column('ad_id', 'STRING'),
    column('campaign_id', 'STRING'),
    column('advertiser_id', 'STRING'),
    column('minute', 'LONG', { role: 'time' }),
    column('currency', 'STRING'),
    column('impressions', 'LONG', METRIC),
    column('clicks', 'LONG', METRIC),
    column('cost_micros', 'LONG', METRIC),
  ],
  'attributed-orders': [
    column('record_id', 'STRING', { isRaw: true }),
    column('revision', 'LONG', { isRaw: true }),
    column('region', 'STRING'),
    column('order_id', 'STRING'),
    column('order_version', 'LONG'),
    column('order_status', 'STRING'),
    column('order_time', 'LONG', { role: 'time' }),
    column('user_id', 'STRING'),
    column('merchant_id', 'STRING'),
    column('amount_micros', 'LONG', METRIC),
    column('currency', 'STRING'),
    column('model', 'STRING'),
    column('rank', 'LONG'),
    column('outcome', 'STRING'),
    column('reason', 'STRING', OPTIONAL),
    column('credit_micros', 'LONG', METRIC),
    column('ad_id', 'STRING', OPTIONAL),
    column('campaign_id', 'STRING', OPTIONAL),
    column('advertiser_id', 'STRING', OPTIONAL),
    column('touch_event_id', 'STRING', OPTIONAL),
    column('touch_type', 'STRING', OPTIONAL),
    column('touch_time', 'LONG', { whenNull: 0 }),
    column('touch_region', 'STRING', OPTIONAL),
    column('enrichment', 'JSON', { isRaw: true, maxLength: DETAILS_LENGTH_MAX, whenNull: 'null' }),
    column('enrichment_status', 'STRING', OPTIONAL),
  ],
};
