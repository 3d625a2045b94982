import { AdtallyError } from '../../base/errors.ts';
import type { UnixMs } from '../../base/clock.ts';
import { ALWAYS_REQUIRED, EVENT_FIELDS, type EventField } from '../../model/ad-event.ts';
import { recordId } from '../../model/record-id.ts';
import { MAPPED_FIELDS, type MappedField, type Mapping } from './mapping.ts';
import { compileTemplate, type Row, type Template } from './template.ts';
import { readAmountMicros, readMicros, readTime } from './wire-values.ts';

/** An event made from a row; the region judges it. */
export type MappedEvent = { eventTime: UnixMs } & { [Field in EventField]?: string | number };

/** Makes the events of row number `rowNumber` (from 1). Throws AdtallyError import_failed for a time or amount that is none. */
export type EventMapper = (row: Row, rowNumber: number) => MappedEvent[];

/** Columns every file has besides its own. */
const FILE_COLUMN = 'file';
const ROW_COLUMN = 'row';

interface EventPlan {
  readonly applies: (row: Row) => boolean;
  readonly templates: readonly (readonly [MappedField, Template])[];
}

/**
 * Compiles `mapping` for a file with `columns`. `source` names the file in event ids: where the mapping gives no eventId it
 * follows from source and row alone, so that the same file sent again is counted once.
 */
export function compileMapper(
  mapping: Mapping,
  columns: readonly string[],
  fileName: string,
  source: string,
): EventMapper {
  const extra = fileColumns(mapping, fileName);
  const allColumns = [...columns, ...Object.keys(extra), FILE_COLUMN, ROW_COLUMN];
  const plans = mapping.events.map((_, index) => planEvent(mapping, index, columns, allColumns));
  const extraValues = [...Object.values(extra), fileName];
  return (row, rowNumber) => {
    const values = [...row, ...extraValues, String(rowNumber)];
    return plans.flatMap((plan, index) => {
      if (!plan.applies(values)) return [];
      try {
        return [
          makeEvent(plan, values, mapping, () =>
            recordId(['import', source, String(rowNumber), String(index)]),
          ),
        ];
      } catch (cause) {
        if (!(cause instanceof BadValue)) throw cause;
        throw new AdtallyError('import_failed', `Row ${rowNumber} of ${fileName}: ${cause.message}.`);
      }
    });
  };
}

/** The columns that the file's name gives. */
function fileColumns(mapping: Mapping, fileName: string): Record<string, string> {
  if (mapping.fileName === undefined) return {};
  const match = new RegExp(mapping.fileName).exec(fileName);
  if (match !== null) return { ...match.groups };
  throw new AdtallyError(
    'import_failed',
    `The file name ${fileName} does not match the mapping's fileName ${mapping.fileName}.`,
  );
}

function planEvent(
  mapping: Mapping,
  index: number,
  ownColumns: readonly string[],
  columns: readonly string[],
): EventPlan {
  const { when = {}, fields } = mapping.events[index];
  const given = { ...mapping.fields, ...fields };
  const conditions = Object.entries(when).map(
    ([column, value]) => [compileTemplate(`{${column}}`, columns, `events.${index}.when`), value] as const,
  );
  const templates = MAPPED_FIELDS.flatMap((field): [MappedField, Template][] => {
    // A field that the mapping does not name comes from the column of its name, where there is one.
    const text = given[field] ?? (ownColumns.includes(field) ? `{${field}}` : undefined);
    return text === undefined ? [] : [[field, compileTemplate(text, columns, `The mapping of ${field}`)]];
  });
  const missing = ALWAYS_REQUIRED.filter(
    (needed) => needed !== 'eventId' && !templates.some(([field]) => field === needed),
  );
  if (missing.length > 0) {
    throw new AdtallyError(
      'import_failed',
      `Nothing gives ${missing.join(', ')}: say --column ${missing[0]}=COLUMN or --value ${missing[0]}=TEXT, or map it. The columns are ${ownColumns.join(', ')}.`,
    );
  }
  return { applies: (row) => conditions.every(([template, value]) => template(row) === value), templates };
}

function makeEvent(plan: EventPlan, row: Row, mapping: Mapping, makeId: () => string): MappedEvent {
  const event: MappedEvent = { eventTime: Number.NaN };
  for (const [field, template] of plan.templates) {
    const text = template(row);
    if (text === '' && field !== 'eventTime') continue;
    if (field === 'eventTime') event.eventTime = timeOf(text, mapping);
    else if (field === 'cost') event.costMicros = amountOf('cost', text, readAmountMicros(text));
    else if (field === 'costMicros') event.costMicros = amountOf('costMicros', text, readMicros(text));
    else event[field] = text;
  }
  event.eventId ??= makeId();
  return inFieldOrder(event);
}

function inFieldOrder(event: MappedEvent): MappedEvent {
  return Object.fromEntries(
    EVENT_FIELDS.flatMap((field) => (event[field] === undefined ? [] : [[field, event[field]]])),
  ) as MappedEvent;
}

class BadValue extends Error {}

function timeOf(text: string, { time }: Mapping): UnixMs {
  const value = readTime(text, time.format, time.offset);
  if (value !== undefined) return value;
  const hint = time.format === 'rfc3339' ? ' with an offset (or set time.offset in the mapping)' : '';
  throw new BadValue(`eventTime is "${text}", which is not ${time.format}${hint}`);
}

function amountOf(field: string, text: string, value: number | undefined): number {
  if (value !== undefined) return value;
  const allowed =
    field === 'cost' ? 'an amount such as 0.25, at most 6 decimals' : 'a whole number of micros';
  throw new BadValue(`${field} is "${text}", which is not ${allowed}`);
}
