import { z, type ZodType } from 'zod';
import { AdtallyError, ERRORS, type ErrorCode } from '../../base/errors.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { resolveSpec } from '../../pipeline/pipeline-spec.ts';
import type { Parameters } from '../parameters.ts';
import { problemOf } from '../problem.ts';
import type { Content, ServingContext, Operation, Route } from '../route.ts';
import { ROUTES } from '../routes.ts';
import { SCHEMAS, problem } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

type DescribedRoute = Pick<Route<ServingContext>, 'method' | 'url' | 'access' | 'operation'>;

/** What is served as /openapi.json: OpenAPI 3.1, rendered from the routes and the schemas. */
export function openApiDocument(
  spec: PipelineSpec = resolveSpec({}, { environment: {}, flags: {} }),
  routes: readonly DescribedRoute[] = ROUTES,
): Json {
  const described = routes.filter((route) => route.operation !== null);
  const paths: Record<string, Json> = {};
  for (const route of described) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operationOf(route, route.operation!, spec),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'adtally',
      version: '1',
      description:
        'Counts every ad impression and click exactly once. Times on the wire are RFC 3339 with an offset or whole Unix ' +
        'milliseconds; money is integer micros. Every answer carries X-Request-Id; every error is ' +
        'application/problem+json (RFC 9457) with a code. GET routes take HEAD as well.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    security: [{ key: [] }, {}],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A key made with "adtally keys create": role publisher sends events and orders, role advertiser reads the figures ' +
            'of its own advertiser, role operator does everything. The other region sends the secret that both share. Without ' +
            'any key a region on loopback is open. Browsers may send the key as the password of HTTP Basic.',
        },
      },
    },
  };
}

const TAGS: readonly { name: Operation['tag']; description: string }[] = [
  { name: 'Ingest', description: 'Events in.' },
  { name: 'Figures', description: 'Exact ad minutes out.' },
  { name: 'Budgets', description: 'Campaigns, what they may spend a day, and the ledger of what they have.' },
  { name: 'Books', description: 'What was not counted, and the proof that nothing vanished.' },
  { name: 'Operation', description: 'Health, metrics and the live page.' },
];

function operationOf(route: DescribedRoute, operation: Operation, spec: PipelineSpec): Json {
  const { id, tag, summary, description, body, answer } = operation;
  const parameters = [
    ...parametersOf('path', operation.path),
    ...parametersOf('query', operation.query),
    ...parametersOf('header', operation.headers),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(route.access === 'anyone' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            description: body.about(spec.limits),
            content: contentOf(body.content),
          },
        }),
    responses: {
      '200': { description: answer.about, headers: REQUEST_ID, content: contentOf(answer.content) },
      ...errorResponses(errorsOf(route, operation)),
    },
  };
}

const REQUEST_ID = {
  'X-Request-Id': { description: 'Names the request, also in the region’s log.', schema: { type: 'string' } },
};

function parametersOf(place: 'path' | 'query' | 'header', parameters: Parameters = {}): Json[] {
  return Object.entries(parameters).map(([name, { about, schema, example }]) => ({
    name,
    in: place,
    required: place === 'path',
    description: about,
    schema,
    example,
  }));
}

function contentOf(content: readonly Content[]): Json {
  return Object.fromEntries(
    content.map(({ type, schema, example }) => [type, { schema: reference(schema), example }]),
  );
}

/** A registered schema by its name, any other one in place. */
function reference(schema: ZodType): Json {
  const id = SCHEMAS.get(schema)?.id;
  return id === undefined ? withoutDialect(z.toJSONSchema(schema)) : { $ref: schemaUri(id) };
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(SCHEMAS, { uri: schemaUri });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutDialect(schema)]));
}

function schemaUri(id: string): string {
  return `#/components/schemas/${id}`;
}

/** The document's dialect is that of every schema in it. */
function withoutDialect(schema: object): Json {
  const { $schema: _dialect, $id: _id, ...rest } = schema as Record<string, unknown>;
  return rest;
}

function errorsOf(route: DescribedRoute, operation: Operation): ErrorCode[] {
  const codes: ErrorCode[] = [...operation.errors, 'internal'];
  const takesInput =
    operation.query !== undefined || operation.path !== undefined || operation.body !== undefined;
  if (takesInput) codes.push('bad_request');
  if (operation.path !== undefined) codes.push('not_found');
  if (route.access !== 'anyone') codes.push('unauthorized', 'forbidden', 'misdirected', 'rate_limited');
  return codes.toSorted((a, b) => ERRORS[a].status - ERRORS[b].status);
}

/** One response per status; its examples are the codes that come with it. */
function errorResponses(codes: readonly ErrorCode[]): Json {
  const byStatus = Map.groupBy(codes, (code) => String(ERRORS[code].status));
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((code) => `${ERRORS[code].title} (${code}).`).join(' '),
        headers: status === '429' ? { ...REQUEST_ID, ...RETRY_AFTER } : REQUEST_ID,
        content: {
          'application/problem+json': {
            schema: reference(problem),
            examples: Object.fromEntries(same.map((code) => [code, { value: exampleProblem(code) }])),
          },
        },
      },
    ]),
  );
}

const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds after which to send the request again.',
    schema: { type: 'integer' },
  },
};

function exampleProblem(code: ErrorCode): Json {
  return { ...problemOf(new AdtallyError(code, ERRORS[code].title), 'k3x9-1f') };
}
