import { fieldTable, typeOf } from './json-schema.ts';
import { block, code, page, table } from './markdown.ts';
import { type Content, type Operation, type Parameter, openApi } from './open-api.ts';

export function httpPage(): string {
  const { info, tags, paths, components } = openApi();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  const sections = tags.flatMap(({ name: tag, description }) => [
    `## ${tag}`,
    description,
    ...operations
      .filter(({ operation }) => operation.tags.includes(tag))
      .flatMap(({ name, operation }) => operationBlocks(name, operation)),
  ]);
  const shapes = Object.entries(components.schemas).flatMap(([name, schema]) => [
    `### ${name}`,
    ...(schema.description === undefined ? [] : [schema.description]),
    schema.properties === undefined ? `${typeOf(schema)}.` : fieldTable(schema),
  ]);
  return page(
    'HTTP',
    info.description,
    'A running region serves the same at `/openapi.json`, and at `/docs` to try out.',
    ...sections,
    '## Shapes',
    ...shapes,
  );
}

function operationBlocks(name: string, operation: Operation): string[] {
  const { summary, description, parameters, requestBody, responses } = operation;
  const { '200': answer, ...errors } = responses;
  return [
    `### ${name}`,
    `**${summary}.** ${description}`,
    ...(parameters === undefined ? [] : [parameterTable(parameters)]),
    ...(requestBody === undefined ? [] : [requestBody.description, ...contentBlocks(requestBody.content)]),
    `Answer: ${answer.description}`,
    ...contentBlocks(answer.content),
    `Errors: ${Object.entries(errors)
      .map(([status, { description: meaning }]) => `${status} ${codesIn(meaning)}`)
      .join('; ')}.`,
  ];
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, in: place, required, description, schema, example }) => [
    code(name),
    `${place}${required ? '' : ', optional'}`,
    typeOf(schema),
    description,
    example === undefined ? '' : code(example),
  ]);
  return table(['parameter', 'where', 'type', 'what it does', 'example'], rows);
}

function contentBlocks(content: Content): string[] {
  return Object.entries(content).flatMap(([type, { schema, example }]) => [
    `${code(type)}: ${typeOf(schema)}`,
    ...(example === undefined ? [] : [exampleBlock(type, example)]),
  ]);
}

function exampleBlock(type: string, example: unknown): string {
  return typeof example === 'string'
    ? block(type.includes('json') ? 'json' : 'text', example)
    : block('json', JSON.stringify(example, null, 2));
}

/** `Too large (too_large). Slow (request_timeout).` → the codes, linked. */
function codesIn(description: string): string {
  return [...description.matchAll(/\((\w+)\)/g)].map(([, name]) => `[${code(name)}](errors.md)`).join(', ');
}
