import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TLSSocket, connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import { TlsFiles } from '../../../src/server/tls/tls-files.ts';
import { TlsRenewal } from '../../../src/server/tls/tls-renewal.ts';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { type TestServer, event, openTestServer } from '../server-fixture.ts';
import { type CertificateFiles, makeCertificate } from './certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'adtally-tls-'));
let first: CertificateFiles;
let second: CertificateFiles;
beforeAll(() => {
  first = makeCertificate(folder, 'first');
  second = makeCertificate(folder, 'second');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Files of their own, with what others hold. */
function copyOf(name: string, { certFile, keyFile }: CertificateFiles): CertificateFiles {
  const copy = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
  copyFileSync(certFile, copy.certFile);
  copyFileSync(keyFile, copy.keyFile);
  return copy;
}

describe('the files of server.tls', () => {
  test('are read, or none are set', () => {
    expect(TlsFiles.open({ certFile: '', keyFile: '' })).toBeUndefined();
    const cert = readFileSync(first.certFile, 'utf8');
    expect(TlsFiles.open(first)!.current).toMatchObject({ cert, minVersion: 'TLSv1.2' });
  });

  test.for([
    [
      'a missing certificate',
      () => ({ ...first, certFile: join(folder, 'none') }),
      /certFile is .*none, which cannot be read/,
    ],
    [
      'a missing key',
      () => ({ ...first, keyFile: join(folder, 'none') }),
      /keyFile is .*none, which cannot be read/,
    ],
    [
      'a key for a certificate',
      () => ({ ...first, certFile: first.keyFile }),
      /certFile is .* holds no certificate in PEM/,
    ],
    [
      'a certificate for a key',
      () => ({ ...first, keyFile: first.certFile }),
      /keyFile is .* holds no private key in PEM/,
    ],
    ['a key of another', () => ({ ...first, keyFile: second.keyFile }), /do not belong together/],
  ] as const)('are refused with %s', ([, files, why]) => {
    const open = (): unknown => TlsFiles.open(files());
    expect(open).toThrow(expect.objectContaining({ code: 'config_invalid' }) as Error);
    expect(open).toThrow(why);
  });

  test.for([{ certFile: 'x' }, { keyFile: 'x' }])('are both set, or neither: not %o', (tls) => {
    const resolve = (): unknown => resolveSpec({ server: { tls } }, { environment: {}, flags: {} });
    expect(resolve).toThrow(/server.tls.certFile and server.tls.keyFile are set together, or neither/);
  });
});

describe('a renewal', () => {
  test('is noticed within a minute, and a broken one is told of and left out', () => {
    const files = copyOf('renewed', first);
    const timers: { delayMs: number; action: () => void }[] = [];
    const clock = {
      ...nodeClock,
      after: (delayMs: number, action: () => void): (() => void) => {
        const timer = { delayMs, action };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    };
    const tick = (): void => timers.splice(0).forEach(({ action }) => action());
    const used: string[] = [];
    const told: object[] = [];
    const log = { error: (fields: object): unknown => told.push(fields) };
    const renewal = new TlsRenewal(TlsFiles.open(files)!, ({ cert }) => void used.push(cert), clock, log);
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([60_000]);
    tick();
    expect([used, told]).toEqual([[], []]);
    copyFileSync(second.certFile, files.certFile);
    tick();
    expect(used).toEqual([]);
    expect(told).toMatchObject([{ err: { code: 'config_invalid' } }]);
    copyFileSync(second.keyFile, files.keyFile);
    tick();
    expect(used).toEqual([readFileSync(second.certFile, 'utf8')]);
    tick();
    expect(used).toHaveLength(1);
    renewal.close();
    expect(timers).toEqual([]);
  });
});

describe('a region with TLS', () => {
  let server: TestServer;
  let files: CertificateFiles;
  beforeAll(async () => {
    files = copyOf('served', first);
    server = await openTestServer({ config: { server: { tls: files } } });
  });
  afterAll(() => server.close());

  test('speaks https, and asks browsers to stay with it', async () => {
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const { answer, text } = await ask(server, first, '/readyz');
    expect([answer.statusCode, text]).toEqual([200, '{"status":"ok"}']);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    const receipt = await ask(server, first, '/v1/events', JSON.stringify(event()));
    expect(JSON.parse(receipt.text)).toMatchObject({ verdicts: { counted: 1 } });
    const missing = await ask(server, first, '/nowhere');
    expect(missing.answer.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  test('is not believed by who does not know its certificate', async () => {
    await expect(ask(server, second, '/readyz')).rejects.toThrow(/self-signed certificate/);
  });

  test('speaks no version before 1.2, and 1.2 and 1.3', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake(server.port, version, first);
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      await expect(handshake(server.port, version, first)).rejects.toThrow(/alert protocol version/);
    }
  });

  test('survives whoever speaks http, or nonsense, to it', async () => {
    for (const bytes of [
      'GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      '\u0016\u0003\u0001',
      'x'.repeat(100_000),
    ]) {
      const socket = connectTcp(server.port, '127.0.0.1');
      const said: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => said.push(chunk)).on('error', () => {});
      socket.end(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
      expect(Buffer.concat(said).toString()).not.toContain('HTTP/1.1 200');
    }
    expect((await ask(server, first, '/readyz')).answer.statusCode).toBe(200);
  });

  test('takes renewed files into use for who connects from then on, and no broken ones', async () => {
    const before = await handshake(server.port, 'TLSv1.3', first);
    writeFileSync(files.certFile, 'broken');
    server.renewTls();
    expect(server.logged.splice(0)).toMatchObject([{ err: { code: 'config_invalid' } }]);
    expect((await ask(server, first, '/readyz')).answer.statusCode).toBe(200);
    copyOf('served', second);
    server.renewTls();
    expect((await ask(server, second, '/readyz')).answer.statusCode).toBe(200);
    await expect(ask(server, first, '/readyz')).rejects.toThrow(/self-signed certificate/);
    expect(before.destroyed).toBe(false);
    before.destroy();
  });
});

test('a region without TLS sends no Strict-Transport-Security', async () => {
  const server = await openTestServer();
  expect((await server.get('/readyz')).headers.get('strict-transport-security')).toBeNull();
  await server.close();
});

interface Answered {
  readonly answer: IncomingMessage;
  readonly text: string;
}

/** Asks over a connection of its own, trusting just one certificate. */
function ask(
  { url }: TestServer,
  { certFile }: CertificateFiles,
  path: string,
  body?: string,
): Promise<Answered> {
  const agent = new Agent({ ca: readFileSync(certFile), maxCachedSessions: 0 });
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const asking = request(url + path, {
      agent,
      method,
      headers: { 'content-type': 'application/json', connection: 'close' },
    });
    asking.once('error', reject);
    asking.once('response', (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.once('end', () => resolve({ answer, text }));
    });
    asking.end(body);
  });
}

function handshake(
  port: number,
  version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
  { certFile }: CertificateFiles,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(certFile);
    // Without this level the client itself would not offer the old versions, and nothing would be tested.
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
    const socket = connect({ port, host: '127.0.0.1', ca, ...old }, () => resolve(socket));
    socket.once('error', reject);
  });
}
