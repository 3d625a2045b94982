import { parse } from 'csv-parse';
import { AdtallyError } from '../../base/errors.ts';
import { openImportFile, type ImportFile } from './import-file.ts';
import type { Row } from './template.ts';

/** The rows of a file with the columns they have. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Row>;
}

/** Longest line of NDJSON that is read; the region takes no such event anyway. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** Opens a CSV file, whose first line names the columns, or NDJSON, whose first object does. */
export async function openTable(
  file: ImportFile,
  delimiter: string | undefined,
  onBytes: (count: number) => void,
): Promise<Table> {
  const records = file.format === 'csv' ? csvRecords(file, delimiter, onBytes) : jsonRecords(file, onBytes);
  const first = await records.next();
  if (first.done === true) return { columns: [], rows: noRows() };
  return { columns: first.value, rows: records };
}

/** The non-blank lines of a file as they are. */
export async function* readLines(
  file: ImportFile,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  const stream = openImportFile(file, onBytes);
  try {
    for await (const chunk of stream) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      let start = 0;
      for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED, start)) {
        if (!isBlank(rest, start, end)) yield rest.subarray(start, end);
        start = end + 1;
      }
      rest = rest.subarray(start);
      if (rest.length > LINE_BYTES_MAX) throw new Error(`a line is longer than ${LINE_BYTES_MAX} bytes`);
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (!isBlank(rest, 0, rest.length)) yield rest;
}

/** The header first, then the rows. */
async function* csvRecords(
  file: ImportFile,
  delimiter: string | undefined,
  onBytes: (count: number) => void,
): AsyncGenerator<Row> {
  const parser = parse({ bom: true, delimiter: delimiter ?? ',', skip_empty_lines: true });
  const stream = openImportFile(file, onBytes);
  stream.on('error', (error) => parser.destroy(error));
  try {
    for await (const record of stream.pipe(parser)) yield record as string[];
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    stream.destroy();
  }
}

/** The columns of the first object first, then every object as a row of them; what it lacks is empty. */
async function* jsonRecords(file: ImportFile, onBytes: (count: number) => void): AsyncGenerator<Row> {
  let columns: readonly string[] | undefined;
  let number = 0;
  for await (const line of readLines(file, onBytes)) {
    number++;
    const object = readObject(line, file, number);
    if (columns === undefined) {
      columns = Object.keys(object);
      yield columns;
    }
    yield columns.map((column) => textOf(Object.hasOwn(object, column) ? object[column] : undefined));
  }
}

async function* noRows(): AsyncGenerator<Row> {
  // An empty file has none.
}

function readObject(line: Uint8Array, file: ImportFile, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(line).toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below: a line that is no JSON and one that is no object are the same to the one who sent the file.
  }
  throw new AdtallyError('import_failed', `Line ${number} of ${file.name} is not a JSON object.`);
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function unreadable(file: ImportFile, cause: unknown): AdtallyError {
  if (cause instanceof AdtallyError) return cause;
  return new AdtallyError('import_failed', `${file.path} cannot be read: ${(cause as Error).message}.`, {
    cause,
  });
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0x20 && bytes[at] !== 0x09 && bytes[at] !== 0x0d) return false;
  }
  return true;
}
