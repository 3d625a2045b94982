import { AdtallyError } from '../base/errors.ts';
import type { UnixMs } from '../base/clock.ts';
import { parseDuration } from '../base/units.ts';
import { LAST_UNIX_MS, parseEventTime } from '../model/event-time.ts';

/** A parameter of a route: how it is read, and how it is described. */
export interface Parameter<Value> {
  readonly about: string;
  /** What is allowed, in words, for error messages. */
  readonly allowed: string;
  /** JSON Schema, for /openapi.json. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example: string | number;
  /** The value, or undefined when the text is not allowed. */
  readonly read: (text: string) => Value | undefined;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** The values of the parameters that were given. */
export type Values<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer Value> ? Value | undefined : never;
};

/**
 * Reads the query of a request. Throws AdtallyError bad_request that names the parameter, its value and what is allowed;
 * an unknown or repeated parameter is an error too, for a misspelt filter would quietly give wrong figures.
 */
export function readParameters<P extends Parameters>(given: unknown, parameters: P): Values<P> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(given as Record<string, unknown>)) {
    if (!Object.hasOwn(parameters, name)) throw unknownParameter(name, Object.keys(parameters));
    if (typeof text !== 'string') throw new AdtallyError('bad_request', `${name} is given more than once.`);
    values[name] = readParameter(name, text, parameters[name]);
  }
  return values as Values<P>;
}

export function readParameter<Value>(name: string, text: string, parameter: Parameter<Value>): Value {
  const value = parameter.read(text);
  if (value === undefined) {
    throw new AdtallyError('bad_request', `${name} is ${quote(text)}; allowed: ${parameter.allowed}.`);
  }
  return value;
}

export function countParameter(
  about: string,
  [min, max]: readonly [number, number],
  fallback?: number,
): Parameter<number> {
  return {
    about,
    allowed: `a whole number from ${min} to ${max}`,
    schema: {
      type: 'integer',
      minimum: min,
      maximum: max,
      ...(fallback === undefined ? {} : { default: fallback }),
    },
    example: fallback ?? min,
    read: (text) => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

export function textParameter(about: string, example: string, lengthMax: number): Parameter<string> {
  return {
    about,
    allowed: `1 to ${lengthMax} characters`,
    schema: { type: 'string', minLength: 1, maxLength: lengthMax },
    example,
    read: (text) => (text.length >= 1 && text.length <= lengthMax ? text : undefined),
  };
}

export function choiceParameter<Choice extends string>(
  about: string,
  choices: readonly Choice[],
  fallback: Choice,
): Parameter<Choice> {
  return {
    about,
    allowed: choices.join(', '),
    schema: { type: 'string', enum: choices, default: fallback },
    example: fallback,
    read: (text) => choices.find((choice) => choice === text),
  };
}

export function durationParameter(about: string, example: string): Parameter<number> {
  return {
    about,
    allowed: `a duration such as ${example}, 90m or 1500ms, longer than 0`,
    schema: { type: 'string', pattern: '^[0-9]+(d|h|m|s|ms)?$' },
    example,
    read: (text) => parseDuration(text) || undefined,
  };
}

export function timeParameter(about: string): Parameter<UnixMs> {
  return {
    about,
    allowed:
      'RFC 3339 with an offset (2026-01-31T12:00:00Z; a "+" is written %2B) or whole Unix milliseconds, 1970 to 9999',
    schema: {
      oneOf: [
        { type: 'string', format: 'date-time' },
        { type: 'integer', minimum: 0, maximum: LAST_UNIX_MS },
      ],
    },
    example: '2026-01-31T12:00:00Z',
    read: (text) => parseEventTime(/^\d{1,15}$/.test(text) ? Number(text) : text),
  };
}

function unknownParameter(name: string, known: readonly string[]): AdtallyError {
  const allowed = known.length === 0 ? 'this address takes none' : `allowed: ${known.join(', ')}`;
  return new AdtallyError('bad_request', `${quote(name)} is not a parameter here; ${allowed}.`);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
