import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/base/errors.ts';
import { openApiDocument } from '../../src/server/openapi/document.ts';
import { problem } from '../../src/server/openapi/schemas.ts';
import { ROUTES } from '../../src/server/routes.ts';
import { type TestServer, openTestServer } from './server-fixture.ts';

interface Response {
  readonly description: string;
  readonly content: Record<
    string,
    { schema: object; example?: unknown; examples?: Record<string, { value: unknown }> }
  >;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters?: readonly { name: string; in: string; schema: object; example: unknown }[];
  readonly requestBody?: { content: Record<string, { example: unknown }> };
  readonly responses: Record<string, Response>;
}
interface Document {
  readonly openapi: string;
  readonly tags: readonly { name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object> };
}

const document = openApiDocument() as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** What the Allow header says at a path: its methods, and HEAD where there is a GET. */
const allowed = (path: string): string =>
  Object.keys(document.paths[path])
    .map((method) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase()))
    .join(', ');

describe('the document', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server.close());

  test('is what is served', async () => {
    const served = (await (await server.get('/openapi.json')).json()) as Document;
    expect(served).toEqual(JSON.parse(JSON.stringify(document)));
    expect(served.openapi).toMatch(/^3\.1\./);
  });

  test('names every route but files for browsers, and no other', () => {
    const files = new Set(['/', '/assets/*', '/client.js']);
    const registered = ROUTES.filter(({ url }) => !files.has(url));
    const names = registered.map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(names.toSorted());
    expect(names.length).toBeGreaterThan(10);
  });

  test.for(operations)('$method $path is there, with just the methods described', async ({ path }) => {
    const url = path.replaceAll(/\{\w+\}/g, '1');
    const answer = await server.get(url, { method: 'DELETE' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allowed(path));
  });

  test('has one id and a known tag for each operation', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { operation } of operations) expect(tags).toEqual(expect.arrayContaining([...operation.tags]));
  });

  test('refers to nothing that is not in it', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, uri]) => uri);
    expect(references.length).toBeGreaterThan(50);
    const known = Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`);
    expect([...new Set(references)].filter((uri) => !known.includes(uri))).toEqual([]);
    expect(known.filter((uri) => !references.includes(uri))).toEqual([]);
  });

  test('gives examples that are of the shapes described', () => {
    for (const { operation: described } of ROUTES) {
      const { body, answer } = described ?? {};
      for (const { type, schema, example } of [...(body?.content ?? []), ...(answer?.content ?? [])]) {
        const data = /^data: (.*)$/m.exec(String(example))?.[1];
        expect(
          schema.safeParse(type === 'text/event-stream' ? JSON.parse(data!) : example).error,
        ).toBeUndefined();
      }
    }
  });

  test('lists failures under their status, each with an example, from the table of errors', () => {
    for (const { path, operation } of operations) {
      for (const [status, response] of Object.entries(operation.responses)) {
        const examples = Object.entries(response.content['application/problem+json']?.examples ?? {});
        expect({ path, status, fails: examples.length > 0 }).toEqual({
          path,
          status,
          fails: status !== '200',
        });
        for (const [code, { value }] of examples) {
          expect(problem.parse(value).status).toBe(Number(status));
          expect(ERRORS[code as ErrorCode].status).toBe(Number(status));
        }
      }
    }
    expect(Object.keys(document.paths['/v1/events'].post.responses)).toEqual(
      expect.arrayContaining(['200', '400', '401', '408', '413', '415', '421', '429', '500', '503']),
    );
  });
});
