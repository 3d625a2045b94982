import type { JsonObject, JsonValue, PinotTable } from '../render/pinot-tables.ts';

/** What the controller has of a table. */
export interface PresentTable {
  readonly schema: JsonObject | undefined;
  readonly config: JsonObject | undefined;
}

/** What is to be done; `refused` is what Pinot cannot change in a table that has rows. */
export interface PinotStep {
  readonly action:
    | 'create schema'
    | 'update schema'
    | 'create table'
    | 'update table'
    | 'reload segments'
    | 'refused';
  readonly table: string;
  /** What differs, `place: old → new`; empty for what is new. */
  readonly changes: readonly string[];
}

/** What must be kept from the first row on: rows are found, told apart and read by it. */
const FIXED: readonly RegExp[] = [
  /^primaryKeyColumns/,
  /^upsertConfig\.(mode|hashFunction|comparisonColumns?)/,
  /\.stream\.kafka\.topic\.name/,
  /timeColumnName/,
];
const FIELD_LISTS = ['dimensionFieldSpecs', 'metricFieldSpecs', 'dateTimeFieldSpecs'] as const;

/** The steps from what there is to what is wanted; none when it is there. */
export function planPinot(
  wanted: readonly PinotTable[],
  present: ReadonlyMap<string, PresentTable>,
): readonly PinotStep[] {
  return wanted.flatMap((table) => stepsFor(table, present.get(table.name)));
}

function stepsFor({ name, schema, config }: PinotTable, present: PresentTable | undefined): PinotStep[] {
  const step = (action: PinotStep['action'], changes: readonly string[] = []): PinotStep => ({
    action,
    table: name,
    changes,
  });
  const steps: PinotStep[] = [];
  if (present?.schema === undefined) steps.push(step('create schema'));
  else {
    const { added, changed } = schemaChanges(schema, present.schema);
    if (changed.length > 0) return [step('refused', changed)];
    if (added.length > 0) steps.push(step('update schema', added));
  }
  if (present?.config === undefined) return [...steps, step('create table')];
  const changes = [...differences(config, present.config, ''), ...forgetting(present.config)];
  const fixed = changes.filter((change) => FIXED.some((place) => place.test(change)));
  if (fixed.length > 0) return [step('refused', fixed)];
  if (changes.length > 0) steps.push(step('update table', changes));
  return steps.length > 0 ? [...steps, step('reload segments')] : steps;
}

/** A key that is forgotten comes back as a second row: a table that does so is put right, whoever set it up. */
function forgetting({ upsertConfig }: JsonObject): string[] {
  const upsert = isObject(upsertConfig) ? upsertConfig : {};
  return ['metadataTTL', 'deletedKeysTTL']
    .filter((name) => Number(upsert[name] ?? 0) !== 0)
    .map((name) => `upsertConfig.${name}: ${JSON.stringify(upsert[name])} → none`);
}

/** Columns may come, and nothing else: what a column holds stays what it is. */
function schemaChanges(wanted: JsonObject, present: JsonObject): { added: string[]; changed: string[] } {
  const [added, changed]: [string[], string[]] = [[], []];
  for (const list of FIELD_LISTS) {
    const known = fieldsOf(present, list);
    for (const [name, field] of fieldsOf(wanted, list)) {
      const old = known.get(name);
      if (old === undefined) added.push(`${name}: none → new`);
      else changed.push(...differences(withoutDefault(field), old, name));
    }
    const names = fieldsOf(wanted, list);
    for (const name of known.keys()) if (!names.has(name)) changed.push(`${name}: there → gone`);
  }
  const keys = 'primaryKeyColumns';
  changed.push(...differences({ [keys]: wanted[keys] ?? null }, present, ''));
  return { added, changed };
}

/** Pinot does not repeat a default that is its own. */
function withoutDefault(field: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(field).filter(([name]) => name !== 'defaultNullValue'));
}

function fieldsOf(schema: JsonObject, list: string): Map<string, JsonObject> {
  const fields = (schema[list] ?? []) as readonly JsonObject[];
  return new Map(fields.map((field) => [field['name'] as string, field]));
}

/** Where `present` has not what `wanted` says; what it has besides are defaults of Pinot. */
function differences(wanted: JsonValue, present: JsonValue | undefined, place: string): string[] {
  if (isObject(wanted)) {
    const there = isObject(present) ? present : {};
    return Object.entries(wanted).flatMap(([name, value]) =>
      differences(value, there[name], place === '' ? name : `${place}.${name}`),
    );
  }
  if (Array.isArray(wanted) && Array.isArray(present) && wanted.length === present.length) {
    return wanted.flatMap((value: JsonValue, at) =>
      differences(value, present[at] as JsonValue, `${place}[${at}]`),
    );
  }
  if (Array.isArray(wanted) && wanted.length === 0 && present === undefined) return [];
  return JSON.stringify(wanted) === JSON.stringify(present)
    ? []
    : [`${place}: ${JSON.stringify(present) ?? 'none'} → ${JSON.stringify(wanted)}`];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
