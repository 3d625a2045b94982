import { describe, expect, test } from 'vitest';
import {
  sqlCells,
  sqlColumn,
  type HiveColumn,
  type HiveValues,
} from '../../../src/adapters/hive/hive-cells.ts';

/** TTypeId by name, as in Hive's TCLIService.thrift. */
const TYPE = {
  boolean: 0,
  tinyint: 1,
  int: 3,
  bigint: 4,
  double: 6,
  string: 7,
  timestamp: 8,
  binary: 9,
  array: 10,
  decimal: 15,
  null: 16,
  date: 17,
} as const;

function column(type: keyof typeof TYPE, qualifiers?: object): HiveColumn {
  const typeQualifiers = qualifiers === undefined ? null : { qualifiers };
  return {
    columnName: 'it',
    typeDesc: { types: [{ primitiveEntry: { type: TYPE[type], typeQualifiers } }] },
  };
}

function decimal(precision: number, scale: number): HiveColumn {
  return column('decimal', { precision: { i32Value: precision }, scale: { i32Value: scale } });
}

/** Values as the client of Thrift gives them: in one of many members, the others null. */
function sent(member: string, values: readonly unknown[], nulls: readonly number[] = [0]): HiveValues {
  const none = { boolVal: null, byteVal: null, i32Val: null, i64Val: null, doubleVal: null, stringVal: null };
  return { ...none, [member]: { values, nulls: Buffer.from(nulls) } };
}

/** A whole number of 64 bits, somewhere in a buffer. */
function int64(value: bigint): object {
  const buffer = Buffer.alloc(10);
  buffer.writeBigInt64BE(value, 2);
  return { buffer, offset: 2 };
}

describe('cells of Hive', () => {
  test('hold every digit of whole numbers and of sums', () => {
    const big = 9_007_199_254_740_993n;
    expect(sqlCells(column('bigint'), sent('i64Val', [-5n, big, -(2n ** 63n)].map(int64)))).toEqual([
      -5,
      big,
      -(2n ** 63n),
    ]);
    expect(sqlCells(decimal(38, 0), sent('stringVal', ['12', '12345678901234567890123']))).toEqual([
      12,
      12_345_678_901_234_567_890_123n,
    ]);
    expect(sqlCells(decimal(10, 2), sent('stringVal', ['1.50']))).toEqual(['1.50']);
    expect(sqlCells(column('tinyint'), sent('byteVal', [-3]))).toEqual([-3]);
  });

  test('are null where the bit says so, also past the bytes that were sent', () => {
    const values = Array.from({ length: 10 }, (_, n) => `v${n}`);
    const cells = sqlCells(column('string'), sent('stringVal', values, [0b1000_0010]));
    expect(cells).toEqual(['v0', null, 'v2', 'v3', 'v4', 'v5', 'v6', null, 'v8', 'v9']);
    expect(sqlCells(column('null'), sent('stringVal', [''], [1]))).toEqual([null]);
  });

  test('have times as RFC 3339 where they are exact in milliseconds', () => {
    const texts = ['2025-10-09 08:53:20.123', '1970-01-01 00:00:00', '2025-10-09 08:53:20.123456'];
    expect(sqlCells(column('timestamp'), sent('stringVal', texts))).toEqual([
      '2025-10-09T08:53:20.123Z',
      '1970-01-01T00:00:00.000Z',
      '2025-10-09 08:53:20.123456',
    ]);
    expect(sqlCells(column('date'), sent('stringVal', ['2026-01-31']))).toEqual(['2026-01-31']);
  });

  test('have the rest as JSON can hold it', () => {
    expect(sqlCells(column('boolean'), sent('boolVal', [true, false]))).toEqual([true, false]);
    expect(sqlCells(column('double'), sent('doubleVal', [1.5, Number.NaN]))).toEqual([1.5, 'NaN']);
    expect(sqlCells(column('array'), sent('stringVal', ['[1,2]']))).toEqual(['[1,2]']);
    expect(sqlCells(column('binary'), sent('binaryVal', [Buffer.from('abc')]))).toEqual(['616263']);
  });

  test('stand in columns with the types that an answer of the embedded engine has', () => {
    const types = [column('bigint'), column('string'), column('int'), decimal(38, 0)].map(sqlColumn);
    expect(types.map(({ type }) => type)).toEqual(['BIGINT', 'VARCHAR', 'INTEGER', 'DECIMAL(38,0)']);
  });
});
