import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { AdtallyError } from '../../base/errors.ts';
import { gather, wholeNumber } from '../command.ts';
import {
  parseAssignment,
  parseMapping,
  PLAIN_MAPPING,
  TIME_FORMATS,
  withFields,
  type Mapping,
  type TimeFormat,
} from './mapping.ts';

/** What the command line says of files with events. */
export interface SourceFlags {
  readonly map?: string;
  readonly column?: ReturnType<typeof parseAssignment>[];
  readonly value?: ReturnType<typeof parseAssignment>[];
  readonly format?: 'csv' | 'ndjson';
  readonly delimiter?: string;
  readonly timeFormat?: TimeFormat;
  readonly timeOffset?: string;
  readonly source?: string;
  readonly state?: string;
  readonly again?: true;
  readonly skipBadRows?: true;
  readonly batch: number;
}

/** Adds what says how files become events, and how they are sent. */
export function addSourceOptions(command: Command, batchEvents: number): void {
  command
    .option('--map <file>', 'mapping file: how rows become events')
    .option('--column <field=column>', 'take a field from a column; may be repeated', gather(parseAssignment))
    .option(
      '--value <field=text>',
      'give a field one text for all rows; may be repeated',
      gather(parseAssignment),
    )
    .addOption(
      new Option('--format <name>', 'what the files hold, where the name does not say').choices([
        'csv',
        'ndjson',
      ]),
    )
    .option('--delimiter <character>', 'what separates the columns of CSV (default: comma)')
    .addOption(new Option('--time-format <name>', 'how times are written').choices(TIME_FORMATS))
    .option('--time-offset <offset>', 'offset of times that name none, such as +01:00 or Z')
    .option(
      '--source <name>',
      'goes into the event ids made here: the same file under another source counts again',
    )
    .option('--state <file>', 'where progress is kept')
    .option('--again', 'send everything again, as it was sent the first time')
    .option(
      '--skip-bad-rows',
      'leave out rows whose time or amount cannot be read, instead of stopping there',
    )
    .option('--batch <events>', 'events in one request', wholeNumber(1, 10_000), batchEvents);
}

/** How rows become events. Throws AdtallyError import_failed or usage. */
export function readMapping(flags: SourceFlags): Mapping {
  const base = flags.map === undefined ? PLAIN_MAPPING : parseMapping(readText(flags.map), flags.map);
  const columns = (flags.column ?? []).map(([field, column]) => [field, `{${column}}`] as const);
  const values = (flags.value ?? []).map(([field, text]) => [field, text.replace(/[{}]/g, '$&$&')] as const);
  const mapping = withFields(base, Object.fromEntries([...columns, ...values]));
  const { format = mapping.format, delimiter = mapping.delimiter, timeFormat, timeOffset } = flags;
  return {
    ...mapping,
    format,
    delimiter,
    time: { format: timeFormat ?? mapping.time.format, offset: timeOffset ?? mapping.time.offset },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AdtallyError(
      'import_failed',
      `The mapping ${path} cannot be read: ${(cause as Error).message}.`,
      {
        cause,
      },
    );
  }
}
