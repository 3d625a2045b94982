import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  PINOT_DIALECTS,
  pinotTables,
  pinotTablesText,
  retentionDays,
  type PinotTable,
} from '../../../src/cluster/render/pinot-tables.ts';
import { RECORD_TABLES } from '../../../src/adapters/reporting-store/record-tables.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import { RECORD_KINDS } from '../../../src/union-load/ports.ts';

const NOTHING = { environment: {}, flags: {} };
const SPEC = resolveSpec({ regions: ['a', 'b'] }, NOTHING);
const OPTIONS = { region: 'b', kafka: 'kafka-b:9092', dialect: '0.11', replication: 2 } as const;

test.for(PINOT_DIALECTS)('the tables of a region for Pinot %s', (dialect) => {
  const file = new URL(`golden/pinot-${dialect}.json`, import.meta.url);
  expect(pinotTablesText(pinotTables(SPEC, { ...OPTIONS, dialect }))).toBe(readFileSync(file, 'utf8'));
});

test.for(PINOT_DIALECTS)('in %s no key is ever forgotten, and only committed records are read', (dialect) => {
  for (const table of pinotTables(SPEC, { ...OPTIONS, dialect })) {
    const text = JSON.stringify(table);
    expect(text).not.toMatch(/ttl/i);
    expect(text).toContain('"stream.kafka.isolation.level":"read_committed"');
    expect(text).toContain('"instanceSelectorType":"strictReplicaGroup"');
  }
});

test('the columns are those of the reporting store', () => {
  const tables = pinotTables(SPEC, OPTIONS);
  for (const [at, kind] of RECORD_KINDS.entries()) {
    const wanted = RECORD_TABLES[kind];
    expect(tables[at].name).toBe(wanted.name);
    expect(columnsOf(tables[at])).toEqual(wanted.columns.map(({ name }) => name).toSorted());
    expect(optionalOf(tables[at])).toEqual(
      wanted.columns.filter(({ isNullable }) => isNullable).map(({ name }) => name),
    );
  }
});

test('records are kept a day longer than the longest of their retentions', () => {
  expect(daysOf({ records: '3d', orders: '30d' })).toBe(31);
  expect(daysOf({ records: '40d', orders: '30d' })).toBe(41);
  expect(daysOf({ records: '25h', orders: '25h' })).toBe(3);
});

describe('what is not an address or a region never gets into the configuration', () => {
  test.for(['', 'kafka', 'kafka:x', 'k"},"x":{', 'a:1;b:2', '${PASSWORD}:9092', 'a:1\n', 'a:1,'])(
    'Kafka at %j',
    (kafka) => expect(() => pinotTables(SPEC, { ...OPTIONS, kafka })).toThrow(/Kafka of b is at/),
  );
  test.for(['c', 'a"', '', 'A'])('region %j', (region) =>
    expect(() => pinotTables(SPEC, { ...OPTIONS, region })).toThrow(/is not one of regions/),
  );
});

function daysOf(retention: { records: string; orders: string }): number {
  return retentionDays(resolveSpec({ retention }, NOTHING));
}

interface Fields {
  readonly dimensionFieldSpecs: readonly Field[];
  readonly metricFieldSpecs: readonly Field[];
  readonly dateTimeFieldSpecs: readonly Field[];
}
interface Field {
  readonly name: string;
  readonly defaultNullValue?: unknown;
}

function fieldsOf({ schema }: PinotTable): readonly Field[] {
  const { dimensionFieldSpecs, metricFieldSpecs, dateTimeFieldSpecs } = schema as unknown as Fields;
  return [...dimensionFieldSpecs, ...metricFieldSpecs, ...dateTimeFieldSpecs];
}

function columnsOf(table: PinotTable): string[] {
  return fieldsOf(table)
    .map(({ name }) => name)
    .toSorted();
}

function optionalOf(table: PinotTable): string[] {
  return fieldsOf(table)
    .filter(({ defaultNullValue }) => defaultNullValue !== undefined)
    .map(({ name }) => name);
}
