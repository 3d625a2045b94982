import { z } from 'zod';
import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import { EVENT_FIELDS, type EventField } from '../../model/ad-event.ts';
import { shapeProblems } from '../shape-problems.ts';

/** How a time is written in a file. */
export const TIME_FORMATS = ['rfc3339', 'unix-s', 'unix-ms', 'unix-us'] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

/** What a field is made from: the fields of an event, and `cost` in whole units of the currency instead of micros. */
export const MAPPED_FIELDS = [...EVENT_FIELDS, 'cost'] as const satisfies readonly (EventField | 'cost')[];
export type MappedField = (typeof MAPPED_FIELDS)[number];

const templates = z.partialRecord(z.enum(MAPPED_FIELDS), z.string());

const mappingShape = z.strictObject({
  /** Said when an import begins: what is real and what is made up. */
  about: z.string().optional(),
  format: z.enum(['csv', 'ndjson']).optional(),
  /** A regular expression for the file's name; its named groups become columns. */
  fileName: z.string().optional(),
  delimiter: z.string().length(1).optional(),
  time: z
    .strictObject({
      format: z.enum(TIME_FORMATS).default('rfc3339'),
      /** Offset of times that name none. */
      offset: z
        .string()
        .regex(/^(Z|[+-]\d\d:\d\d)$/, 'must be "Z" or an offset such as "+01:00"')
        .optional(),
    })
    .default({ format: 'rfc3339' }),
  /** Templates of the fields, the same for every event of a row. */
  fields: templates.default({}),
  /** The events of a row, in order: each with fields of its own, and only when the columns named in `when` have these values. */
  events: z
    .array(
      z.strictObject({ when: z.record(z.string(), z.string()).optional(), fields: templates.default({}) }),
    )
    .min(1)
    .default([{ fields: {} }]),
});

/** How rows become events; docs/import.md explains each part. */
export type Mapping = z.infer<typeof mappingShape>;

export const PLAIN_MAPPING: Mapping = mappingShape.parse({});

/** Reads a mapping file. Throws AdtallyError import_failed that names the path, the value and what is allowed. */
export function parseMapping(text: string, name: string): Mapping {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AdtallyError('import_failed', `${name} is not JSON: ${(cause as Error).message}.`, { cause });
  }
  const result = mappingShape.safeParse(json);
  if (result.success) return result.data;
  const problems = shapeProblems(result.error, (path) =>
    /(^|\.)fields$/.test(path) ? MAPPED_FIELDS : Object.keys(mappingShape.shape),
  );
  throw new AdtallyError('import_failed', `${name} is no mapping: ${problems}.`);
}

/** Lays single fields over a mapping, as `--column adId=item_id` and `--value advertiserId=acme` give them. */
export function withFields(
  mapping: Mapping,
  fields: Readonly<Partial<Record<MappedField, string>>>,
): Mapping {
  return { ...mapping, fields: { ...mapping.fields, ...fields } };
}

/** Reads "FIELD=TEXT" of the command line. Throws AdtallyError usage. */
export function parseAssignment(text: string): readonly [MappedField, string] {
  const [name, value] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  const field = MAPPED_FIELDS.find((known) => known === name);
  if (field !== undefined && value !== '') return [field, value];
  const hint = didYouMean(name, MAPPED_FIELDS);
  throw new AdtallyError(
    'usage',
    `"${text}" is not FIELD=TEXT with one of ${MAPPED_FIELDS.join(', ')}.${hint}`,
  );
}
