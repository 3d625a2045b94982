import { code, table } from './markdown.ts';

/** As much of JSON Schema as the API's schemas use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** A longer list has a page of its own. */
const CHOICES_SHOWN = 8;

/** The fields of an object, those of objects within it as `outer.inner`. */
export function fieldTable(schema: JsonSchema): string {
  return table(['field', 'type', 'what it is'], fieldRows(schema, ''));
}

function fieldRows(schema: JsonSchema, above: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const optional = schema.required?.includes(name) === true ? '' : ', optional';
    const row = [code(above + name), typeOf(field) + optional, field.description ?? ''];
    const inner = field.items ?? field;
    return [row, ...fieldRows(inner, `${above}${name}${field.items === undefined ? '' : '[]'}.`)];
  });
}

/** The type in words: `string, 1 to 128 long`, `integer ≥ 0`, `list of AdMinute`. */
export function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace(/^.*\//, '');
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return choiceOf(schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  const { additionalProperties: values } = schema;
  if (typeof values === 'object' && schema.properties === undefined) return `${typeOf(values)} by name`;
  return `${schema.format ?? schema.type ?? 'anything'}${limitsOf(schema)}`;
}

function choiceOf(values: readonly unknown[]): string {
  if (values.length > CHOICES_SHOWN) return `one of ${values.length} names`;
  return values.map((value) => code(String(value))).join(', ');
}

function limitsOf({ minLength, maxLength, minimum, maximum }: JsonSchema): string {
  if (maxLength !== undefined) return `, ${minLength ?? 0} to ${maxLength} long`;
  if (minimum === undefined || minimum === Number.MIN_SAFE_INTEGER) return '';
  const isOpen = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
  return isOpen ? ` ≥ ${minimum}` : ` ${minimum} to ${maximum}`;
}
