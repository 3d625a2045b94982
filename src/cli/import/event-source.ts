import { AdtallyError } from '../../base/errors.ts';
import type { UnixMs } from '../../base/clock.ts';
import { parseEventTime } from '../../model/event-time.ts';
import { compileMapper, type EventMapper, type MappedEvent } from './event-mapper.ts';
import type { ImportFile } from './import-file.ts';
import { PLAIN_MAPPING, type Mapping } from './mapping.ts';
import { openTable, readLines } from './row-reader.ts';
import type { Row } from './template.ts';
import { shiftTime, type TimeShift } from './time-shift.ts';

/** An event of a file: `time` where it is known, and what is sent. */
export interface SourceEvent {
  readonly time: UnixMs | undefined;
  /** One line of NDJSON without its end, its time moved by `shift`. */
  encode(shift: TimeShift | undefined): Uint8Array;
}

/** The events that one row gives; none when a `when` left them out or the row was skipped. */
export interface SourceRow {
  /** From 1. */
  readonly number: number;
  readonly events: readonly SourceEvent[];
  /** Why the row gives no event, when it was skipped. */
  readonly skipped?: string;
}

export interface SourceOptions {
  readonly mapping: Mapping;
  /** Names the file in the event ids that are made here. */
  readonly source: string;
  readonly skipBadRows: boolean;
  readonly onBytes: (count: number) => void;
}

/** Reads the events of a file, row by row. Throws AdtallyError import_failed at a bad row, unless they are skipped. */
export async function* readEvents(file: ImportFile, options: SourceOptions): AsyncGenerator<SourceRow> {
  if (file.format === 'ndjson' && isPlain(options.mapping)) {
    let number = 0;
    for await (const line of readLines(file, options.onBytes)) {
      yield { number: ++number, events: [lineEvent(line)] };
    }
    return;
  }
  const table = await openTable(file, options.mapping.delimiter, options.onBytes);
  if (table.columns.length === 0) return;
  const mapper = compileMapper(options.mapping, table.columns, file.name, options.source);
  let number = 0;
  for await (const row of table.rows) yield mapRow(mapper, row, ++number, options.skipBadRows);
}

function mapRow(mapper: EventMapper, row: Row, number: number, skipBad: boolean): SourceRow {
  try {
    return { number, events: mapper(row, number).map(mappedEvent) };
  } catch (error) {
    if (!skipBad || !(error instanceof AdtallyError)) throw error;
    return { number, events: [], skipped: error.message };
  }
}

function isPlain(mapping: Mapping): boolean {
  const { about: _, format: __, ...rest } = mapping;
  const { about: ___, format: ____, ...plain } = PLAIN_MAPPING;
  return JSON.stringify(rest) === JSON.stringify(plain);
}

function mappedEvent(event: MappedEvent): SourceEvent {
  return {
    time: event.eventTime,
    encode: (shift) => encodeJson(shift === undefined ? event : moved(event, event.eventTime, shift)),
  };
}

/** A line that is sent byte for byte, unless its time moves; what is no event stays as it is, for the region to judge. */
function lineEvent(line: Uint8Array): SourceEvent {
  let fields: Record<string, unknown> | undefined;
  const time = (): UnixMs | undefined => {
    fields ??= readFields(line);
    return parseEventTime(fields['eventTime']);
  };
  return {
    get time() {
      return time();
    },
    encode(shift) {
      if (shift === undefined) return line;
      const old = time();
      return old === undefined ? line : encodeJson(moved(fields!, old, shift));
    },
  };
}

function readFields(line: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(line).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function moved(fields: object, time: UnixMs, shift: TimeShift): object {
  return { ...fields, eventTime: shiftTime(time, shift) };
}

function encodeJson(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
