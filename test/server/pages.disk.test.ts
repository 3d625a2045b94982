import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DASHBOARD, readAssets, scriptHashes } from '../../src/server/assets.ts';
import { RawClient } from './raw-client.ts';
import { type TestServer, openTestServer } from './server-fixture.ts';

describe('the page and its files', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server.close());

  test('the policy of the page allows its inline scripts by their hashes, and nothing else inline', async () => {
    const answer = await server.get('/');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).not.toContain('unsafe');
    const html = await answer.text();
    const importMap = /<script type="importmap">([^]*?)<\/script>/.exec(html)![1];
    expect(policy).toContain(`'sha256-${createHash('sha256').update(importMap).digest('base64')}'`);
  });

  test('every file that the page and its scripts name is served, as what it is', async () => {
    const seen = new Set<string>();
    const visit = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const answer = await server.get(path);
      const text = await answer.text();
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
      const named = path === '/' ? /["'](\/assets\/[^"']+)["']/g : /(?:from|import)\s*["'](\.[^"']+)["']/g;
      for (const [, specifier] of text.matchAll(named)) {
        await visit(new URL(specifier, server.url + path).pathname);
      }
    };
    await visit('/');
    expect([...seen].filter((path) => path.endsWith('.ts')).length).toBeGreaterThan(5);
    expect([...seen]).toContain('/assets/vendor/preact.js');
    const script = await server.get('/assets/dashboard/main.ts');
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await script.text()).not.toContain('import type');
  });

  test('a file that has not changed is not sent again', async () => {
    const first = await server.get('/assets/vendor/uplot.css');
    const etag = first.headers.get('etag')!;
    const again = await server.get('/assets/vendor/uplot.css', {
      headers: { 'if-none-match': `"x", W/${etag}` },
    });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    const changed = await server.get('/assets/vendor/uplot.css', { headers: { 'if-none-match': '"x"' } });
    expect(changed.status).toBe(200);
  });

  test.for([
    '/assets/vendor/../../package.json',
    '/assets/../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/vendor/..%2f..%2fpackage.json',
    '/assets/dashboard/../server/keys.ts',
    String.raw`/assets/vendor\..\..\package.json`,
    '/assets//etc/passwd',
    '/assets/vendor/fastify.js',
    '/assets/__proto__',
    '/assets/',
  ])('there is nothing at %s', async (path) => {
    const client = await RawClient.open(server.port);
    client.write([`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close']);
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 404 .*"code":"not_found"/s);
  });

  test('a directory without a page has none', async () => {
    const empty = await openTestServer({ dashboard: new URL('.', import.meta.url).pathname });
    expect((await empty.get('/')).status).toBe(404);
    await empty.close();
  });

  test('only inline scripts are hashed', () => {
    expect(
      scriptHashes('<script src="/x.js"></script><script>a</script><script type="x">b</script>'),
    ).toEqual([
      "'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='",
      "'sha256-PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0='",
    ]);
    expect(readAssets(DASHBOARD).files.size).toBeGreaterThan(10);
  });
});
