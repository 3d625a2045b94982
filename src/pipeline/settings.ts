import { ATTRIBUTION_MODELS, type AttributionModel } from '../model/attributed-order.ts';
import { ALWAYS_REQUIRED, EVENT_FIELDS, type EventField } from '../model/ad-event.ts';
import {
  DAY_MS,
  GIB,
  HOUR_MS,
  KIB,
  MIB,
  MINUTE_MS,
  SECOND_MS,
  formatBytes,
  formatDuration,
} from '../base/units.ts';

/**
 * Every setting, defined once. Types, defaults, units, environment names, command-line flags, error messages and
 * docs/reference/config.md all follow from this table.
 */
interface SettingOf<Kind extends string, Value> {
  readonly kind: Kind;
  readonly default: Value;
  /** One sentence, for the reference page and `--help`. */
  readonly about: string;
  /** Whether it decides verdicts or credit: such a value is written into the log when it changes. */
  readonly rule?: true;
}

/** Milliseconds; written "24h", "10m", "500ms" or as a number. */
export interface DurationSetting extends SettingOf<'duration', number> {
  readonly min: number;
  readonly max: number;
}
/** Bytes; written "8MiB" or as a number. */
export interface BytesSetting extends SettingOf<'bytes', number> {
  readonly min: number;
  readonly max: number;
}
/** A whole number. */
export interface CountSetting extends SettingOf<'count', number> {
  readonly min: number;
  readonly max: number;
}
export interface TextSetting<Value extends string = string> extends SettingOf<'text', Value> {
  readonly pattern: RegExp;
  /** What the pattern allows, in words. */
  readonly allowed: string;
}
export interface ListSetting<Item extends string = string> extends SettingOf<'list', readonly Item[]> {
  readonly pattern: RegExp;
  readonly allowed: string;
  /** Items that may not be left out. */
  readonly always?: readonly Item[];
  readonly minItems: number;
  readonly maxItems: number;
}
/** A switch. */
export type YesOrNo = 'yes' | 'no';
/** Whose touches may get credit for an order. */
export type MerchantMatch = 'same' | 'any';
export type Setting = DurationSetting | BytesSetting | CountSetting | TextSetting | ListSetting;

const duration = (
  fallback: number,
  [min, max]: readonly [number, number],
  about: string,
  more: { rule?: true } = {},
): DurationSetting => ({ kind: 'duration', default: fallback, min, max, about, ...more });
const bytes = (fallback: number, [min, max]: readonly [number, number], about: string): BytesSetting => ({
  kind: 'bytes',
  default: fallback,
  min,
  max,
  about,
});
const count = (
  fallback: number,
  [min, max]: readonly [number, number],
  about: string,
  more: { rule?: true } = {},
): CountSetting => ({ kind: 'count', default: fallback, min, max, about, ...more });

const requiredFields: ListSetting<EventField> = {
  kind: 'list',
  default: ALWAYS_REQUIRED,
  always: ALWAYS_REQUIRED,
  pattern: new RegExp(`^(${EVENT_FIELDS.join('|')})$`),
  allowed: `fields of an event: ${EVENT_FIELDS.join(', ')}`,
  minItems: ALWAYS_REQUIRED.length,
  maxItems: EVENT_FIELDS.length,
  about: 'Fields without which an event is invalid; optional fields may be added.',
  rule: true,
};
const regions: ListSetting = {
  kind: 'list',
  default: ['a'],
  pattern: /^[a-z][a-z0-9-]{0,30}$/,
  allowed: 'names of lower-case letters, digits and dashes',
  minItems: 1,
  maxItems: 2,
  about:
    'The regions of the pipeline, one or two; an event counted in both belongs to the one that stands first.',
};
const peer: ListSetting = {
  kind: 'list',
  default: [],
  pattern: /^[a-z][a-z0-9-]{0,30}=https?:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/,
  allowed: 'region and address, like b=http://10.0.0.2:7070',
  minItems: 0,
  maxItems: 1,
  about: 'The other region, and where it is served; without it this region hears nothing of the other one.',
};
const origins: ListSetting = {
  kind: 'list',
  default: [],
  pattern: /^https?:\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/,
  allowed: 'origins, like https://shop.example, in lower case and without a path',
  minItems: 0,
  maxItems: 100,
  about: 'Whose pages may send events and orders from the browser (CORS); none is let in unless it is named.',
};
const text = (
  fallback: string,
  pattern: RegExp,
  allowed: string,
  about: string,
  more: { rule?: true } = {},
): TextSetting => ({ kind: 'text', default: fallback, pattern, allowed, about, ...more });

const budgetEnabled: TextSetting<YesOrNo> = {
  kind: 'text',
  default: 'yes',
  pattern: /^(yes|no)$/,
  allowed: '"yes" or "no"',
  about:
    'Whether the region keeps campaigns and charges them; without, nothing is charged and no file is made.',
};
const merchantMatch: TextSetting<MerchantMatch> = {
  kind: 'text',
  default: 'same',
  pattern: /^(same|any)$/,
  allowed: '"same" or "any"',
  about: 'Whether only touches of the order’s own merchant count, or those of any (halo).',
  rule: true,
};
const models: ListSetting<AttributionModel> = {
  kind: 'list',
  default: ['last_touch'],
  pattern: new RegExp(`^(${ATTRIBUTION_MODELS.join('|')})$`),
  allowed: `models: ${ATTRIBUTION_MODELS.join(', ')}`,
  minItems: 1,
  maxItems: ATTRIBUTION_MODELS.length,
  about: 'How the credit for an order is shared among its touches; several models run side by side.',
  rule: true,
};

export const SETTINGS = {
  regions,
  peer,
  replication: {
    secretFile: text(
      '',
      /^[^\0]*$/,
      'nothing, or a path',
      'File with the secret that both regions share: with it they read from each other where there are keys.',
    ),
    holdMax: duration(
      7 * DAY_MS,
      [HOUR_MS, 365 * DAY_MS],
      'How long a region keeps what a silent peer has yet to take, and holds back what depends on hearing of it.',
      { rule: true },
    ),
  },
  requiredFields,
  defaultCurrency: text(
    'EUR',
    /^[A-Z]{3}$/,
    'an ISO 4217 code: three capital letters',
    'Currency of events and orders that name none.',
    { rule: true },
  ),
  window: duration(
    MINUTE_MS,
    [MINUTE_MS, MINUTE_MS],
    'Length of the aggregation window; the record is an ad minute, so one minute is what there is.',
    { rule: true },
  ),
  maxEventAge: duration(
    DAY_MS,
    [MINUTE_MS, 30 * DAY_MS],
    'Events older than this when they arrive are late.',
    { rule: true },
  ),
  maxClockSkew: duration(
    10 * MINUTE_MS,
    [0, DAY_MS],
    'Events and orders further in the future than this when they arrive are future.',
    { rule: true },
  ),
  dedupeWindow: duration(
    DAY_MS,
    [MINUTE_MS, 90 * DAY_MS],
    'How long an event id is remembered after its first arrival, at least; not shorter than maxEventAge.',
    { rule: true },
  ),
  attribution: {
    clickWindow: duration(
      7 * DAY_MS,
      [MINUTE_MS, 90 * DAY_MS],
      'How long after a click an order may be due to it.',
      { rule: true },
    ),
    viewWindow: duration(
      DAY_MS,
      [0, 90 * DAY_MS],
      'How long after an impression an order may be due to it; any click in its window beats it.',
      { rule: true },
    ),
    maxOrderAge: duration(
      DAY_MS,
      [MINUTE_MS, 30 * DAY_MS],
      'Orders placed longer ago than this when they first arrive are late.',
      { rule: true },
    ),
    merchantMatch,
    models,
    timeDecayHalfLife: duration(
      DAY_MS,
      [MINUTE_MS, 90 * DAY_MS],
      'Age at which a touch weighs half as much as a new one in the time_decay model.',
      { rule: true },
    ),
    touchesMax: count(100, [1, 1000], 'Most touches of an order that share its credit: the latest.', {
      rule: true,
    }),
  },
  retention: {
    log: duration(3 * DAY_MS, [HOUR_MS, 365 * DAY_MS], 'How long the raw log is kept, by whole segments.'),
    records: duration(
      3 * DAY_MS,
      [HOUR_MS, 365 * DAY_MS],
      'How long after its minute a record is served from memory; longer than maxEventAge.',
      { rule: true },
    ),
    orders: duration(
      30 * DAY_MS,
      [HOUR_MS, 365 * DAY_MS],
      'How long after its time an order is held; later versions of it are taken as long.',
      { rule: true },
    ),
  },
  commitInterval: duration(
    2,
    [0, SECOND_MS],
    'Shortest time between two commits: longer means fewer, larger disk syncs and later answers.',
  ),
  logSegment: bytes(64 * MIB, [64 * KIB, GIB], 'Size at which a new segment of the log is begun.'),
  snapshotAfter: bytes(256 * MIB, [64 * KIB, 64 * GIB], 'Bytes of log after which a snapshot is taken.'),
  limits: {
    eventsPerRequest: count(10_000, [1, 100_000], 'Most events in one request.'),
    bytesPerRequest: bytes(8 * MIB, [KIB, 64 * MIB], 'Largest request body, after decompression.'),
    problemsPerRequest: count(100, [0, 10_000], 'Most uncounted events described in one answer.'),
    pendingBytes: bytes(
      64 * MIB,
      [MIB, 4 * GIB],
      'Bytes of requests not yet answered above which new ones are refused with 429.',
    ),
    rememberedIds: count(200_000_000, [1000, 400_000_000], 'Most event ids remembered, 24 bytes each.'),
    records: count(20_000_000, [1000, 200_000_000], 'Most ad minutes in memory, about 100 bytes each.'),
    touchMemory: bytes(
      256 * MIB,
      [MIB, 8 * GIB],
      'Memory of touches that are not on the disk yet, above which new events are refused with 429.',
    ),
    orders: count(1_000_000, [1000, 50_000_000], 'Most orders in memory, one or two KiB each.'),
    quarantineEntries: count(100_000, [0, 10_000_000], 'Most events in quarantine; the oldest drop out.'),
    requestsPerSecond: {
      publisher: count(
        10_000,
        [0, 1_000_000],
        'Most requests a second of one publisher’s key; 0 sets no limit.',
      ),
      advertiser: count(
        100,
        [0, 1_000_000],
        'Most requests a second of one advertiser’s key; 0 sets no limit.',
      ),
      operator: count(1000, [0, 1_000_000], 'Most requests a second of one operator’s key; 0 sets no limit.'),
      address: count(
        20_000,
        [0, 1_000_000],
        'Most requests a second from one address, with whatever keys; 0 sets no limit.',
      ),
    },
  },
  server: {
    host: text('127.0.0.1', /^[A-Za-z0-9.:_-]+$/, 'a host name or IP address', 'Address to listen on.'),
    port: count(7070, [0, 65_535], 'Port to listen on; 0 takes a free one.'),
    requestTimeout: duration(
      30 * SECOND_MS,
      [100, HOUR_MS],
      'Time within which a request must arrive whole.',
    ),
    connections: count(2000, [1, 100_000], 'Most connections open at a time.'),
    tls: {
      certFile: text(
        '',
        /^[^\0]*$/,
        'nothing, or a path',
        'PEM file with the certificate and those that vouch for it; with it the region speaks https only.',
      ),
      keyFile: text('', /^[^\0]*$/, 'nothing, or a path', 'PEM file with the key of server.tls.certFile.'),
    },
    origins,
  },
  enrichment: {
    url: text(
      '',
      /^$|^https?:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(\/[^\s?#\\]*)?$/,
      'nothing, or an http or https URL without credentials, query and fragment',
      'Base of the order service, asked at URL/orders/ID for the details of every order; nothing leaves orders as they come.',
    ),
    tokenFile: text(
      '',
      /^[^\0]*$/,
      'nothing, or a path',
      'File with the token that the order service wants as “Authorization: Bearer”; nothing sends none.',
    ),
    timeout: duration(
      2 * SECOND_MS,
      [10, MINUTE_MS],
      'Longest wait for one answer of the order service, its body included.',
    ),
    attempts: count(
      5,
      [1, 20],
      'How often in a row an order is asked for; then it rests for half a minute and is asked for again.',
    ),
    backoff: duration(
      200,
      [1, MINUTE_MS],
      'Pause after the first failed attempt; it doubles with every further one, and a part of it is chance.',
    ),
    deadline: duration(
      10 * MINUTE_MS,
      [SECOND_MS, 30 * DAY_MS],
      'How long after its arrival an order may wait for its details; then they are unavailable.',
    ),
    concurrency: count(8, [1, 256], 'Most questions to the order service under way at a time.'),
    responseBytes: bytes(64 * KIB, [KIB, 16 * MIB], 'Largest answer of the order service that is read.'),
  },
  budget: {
    enabled: budgetEnabled,
    retention: duration(
      400 * DAY_MS,
      [DAY_MS, 3650 * DAY_MS],
      'How long entries of the ledger are kept, in whole days; then they are part of their account’s closing balance.',
    ),
  },
  reporting: {
    enabled: text(
      'yes',
      /^(yes|no)$/,
      '"yes" or "no"',
      'Whether this region keeps a reporting store of the records of all regions, for /v1/reports.',
    ),
    memory: bytes(
      512 * MIB,
      [64 * MIB, 256 * GIB],
      'Most memory of the reporting store’s database; what does not fit goes to temporary files.',
    ),
    threads: count(2, [1, 64], 'Threads of the reporting store’s database.'),
  },
  warehouse: {
    enabled: text(
      'yes',
      /^(yes|no)$/,
      '"yes" or "no"',
      'Whether this region keeps a warehouse: the records of all regions as Parquet files.',
    ),
    fileRows: count(200_000, [1, 5_000_000], 'Rows that are written into files at once, however new.'),
    fileAge: duration(
      MINUTE_MS,
      [100, DAY_MS],
      'How long rows wait for more at most before they are written.',
    ),
    fileSize: bytes(
      64 * MIB,
      [KIB, 4 * GIB],
      'About the largest file that small ones of a day are put together to.',
    ),
    grace: duration(
      10 * MINUTE_MS,
      [0, 30 * DAY_MS],
      'How long a file that a larger one has replaced stays for queries that have begun.',
    ),
  },
  data: text('./data', /^[^\0]+$/, 'a path', 'Directory of the region’s log, snapshots and keys.'),
} as const satisfies SettingTree;

export interface SettingTree {
  readonly [name: string]: Setting | SettingTree;
}

type ValueOf<S> =
  S extends ListSetting<infer Item>
    ? readonly Item[]
    : S extends TextSetting<infer Value>
      ? Value
      : S extends Setting
        ? number
        : { readonly [Name in keyof S]: ValueOf<S[Name]> };
type InputOf<S> =
  S extends ListSetting<infer Item>
    ? readonly Item[]
    : S extends DurationSetting | BytesSetting
      ? number | string
      : S extends CountSetting
        ? number
        : S extends TextSetting<infer Value>
          ? Value
          : { readonly [Name in keyof S]?: InputOf<S[Name]> };

/** All settings with their values: durations in ms, sizes in bytes. */
export type PipelineSpec = ValueOf<typeof SETTINGS>;
/** What adtally.config.ts exports: any part of the settings; durations as "24h", sizes as "8MiB". */
export type PipelineConfig = InputOf<typeof SETTINGS>;

/** Gives adtally.config.ts its types. */
export function defineConfig(config: PipelineConfig): PipelineConfig {
  return config;
}

export function isSetting(node: Setting | SettingTree): node is Setting {
  return 'kind' in node && typeof node.kind === 'string';
}

/** Every setting with its path, in the order of the table. */
export function listSettings(tree: SettingTree = SETTINGS, above = ''): { path: string; setting: Setting }[] {
  return Object.entries(tree).flatMap(([name, node]) => {
    const path = above === '' ? name : `${above}.${name}`;
    return isSetting(node) ? [{ path, setting: node }] : listSettings(node, path);
  });
}

/** `limits.pendingBytes` → `ADTALLY_LIMITS_PENDING_BYTES`. */
export function environmentName(path: string): string {
  return `ADTALLY_${words(path).join('_').toUpperCase()}`;
}

/** `limits.pendingBytes` → `--limits-pending-bytes`; the server's and `data` go without their room. */
export function flagName(path: string): string {
  return `--${words(path.replace(/^server\./, ''))
    .join('-')
    .toLowerCase()}`;
}

/** The value as one would write it in the configuration. */
export function formatSetting(setting: Setting, value: unknown): string {
  if (setting.kind === 'duration') return formatDuration(value as number);
  if (setting.kind === 'bytes') return formatBytes(value as number);
  return Array.isArray(value) ? value.join(',') : String(value);
}

function words(path: string): string[] {
  return path.split('.').flatMap((part) => part.split(/(?=[A-Z])/));
}
