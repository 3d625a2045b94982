import type { SqlCell, SqlColumn } from '../../reporting/sql-answer.ts';

/** A column as HiveServer2 describes it. */
export interface HiveColumn {
  readonly columnName: string;
  readonly typeDesc: { readonly types: readonly { readonly primitiveEntry?: HiveType | null }[] };
}

interface HiveType {
  /** A TTypeId. */
  readonly type: number;
  readonly typeQualifiers?: { readonly qualifiers: object } | null;
}

/** The values of a column in one batch: under the name of how they are sent, and all other names null. */
export type HiveValues = Readonly<
  Record<string, { readonly values: readonly unknown[]; readonly nulls: Buffer } | null>
>;

/** TTypeId of Hive's TCLIService.thrift, in its order. */
const TYPES = [
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'VARCHAR',
  'TIMESTAMP',
  'BINARY',
  'ARRAY',
  'MAP',
  'STRUCT',
  'UNION',
  'USER_DEFINED',
  'DECIMAL',
  'NULL',
  'DATE',
  'VARCHAR',
  'VARCHAR',
  'INTERVAL_YEAR_MONTH',
  'INTERVAL_DAY_TIME',
  'TIMESTAMPLOCALTZ',
] as const;

/** The column as an answer names it, with the type in the words of the embedded engine. */
export function sqlColumn({ columnName, typeDesc }: HiveColumn): SqlColumn {
  const type = typeOf(typeDesc);
  const name = TYPES[type.type] ?? 'UNKNOWN';
  const digits = `(${qualifier(type, 'precision')},${qualifier(type, 'scale')})`;
  return { name: columnName, type: name === 'DECIMAL' ? `${name}${digits}` : name };
}

/** The cells of a column of one batch. */
export function sqlCells({ typeDesc }: HiveColumn, sent: HiveValues): SqlCell[] {
  const type = typeOf(typeDesc);
  const column = Object.values(sent).find((one) => one !== null);
  if (column === undefined) return [];
  const { values, nulls } = column;
  return values.map((value, at) => (isNull(nulls, at) ? null : cellOf(value, type)));
}

/** A bit for each row; bytes without one are left out at the end. */
function isNull(nulls: Buffer, at: number): boolean {
  return (((nulls[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
}

function cellOf(value: unknown, type: HiveType): SqlCell {
  if (typeof value === 'string') return textCell(value, type);
  if (typeof value === 'boolean') return value;
  // JSON has no word for NaN and the infinite.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return wholeCell(bigintOf(value as Int64));
}

/** A whole number of 64 bits as the client of Thrift gives it. */
interface Int64 {
  readonly buffer: Buffer;
  readonly offset: number;
}

function bigintOf({ buffer, offset }: Int64): bigint {
  return buffer.readBigInt64BE(offset);
}

function wholeCell(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** Sums are decimals without a fraction to Hive, and whole numbers to whoever asks. */
function textCell(text: string, type: HiveType): SqlCell {
  const name = TYPES[type.type];
  if (name === 'DECIMAL' && qualifier(type, 'scale') === 0) return wholeCell(BigInt(text));
  if (name === 'TIMESTAMP') return timeText(text);
  return text;
}

/** RFC 3339 for what is exact in milliseconds: "2026-01-31 12:00:00.5" → "2026-01-31T12:00:00.500Z". */
function timeText(text: string): string {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?$/.test(text)) return text;
  return new Date(`${text.replace(' ', 'T')}Z`).toISOString();
}

function typeOf({ types }: HiveColumn['typeDesc']): HiveType {
  return types[0]?.primitiveEntry ?? { type: TYPES.indexOf('NULL') };
}

function qualifier({ typeQualifiers }: HiveType, name: 'precision' | 'scale'): number {
  const qualifiers = (typeQualifiers?.qualifiers ?? {}) as Record<string, { readonly i32Value?: number }>;
  return qualifiers[name]?.i32Value ?? 0;
}
