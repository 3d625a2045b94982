import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrailPage } from '../../../src/server/trail/audit-trail.ts';
import { Workplace } from '../adtally-process.ts';
import { makeCertificate } from '../../server/tls/certificate.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

interface CreatedKey {
  readonly id: string;
  readonly key: string;
  readonly advertiserId?: string;
}

const create = (...more: string[]): Promise<CreatedKey> =>
  place.json(['keys', 'create', '--name', 'n', ...more]);

describe('keys', () => {
  test('of advertisers name theirs, and are listed with it', async () => {
    const { id, advertiserId } = await create('--role', 'advertiser', '--advertiser', 'Żółć & co');
    expect(advertiserId).toBe('Żółć & co');
    await create('--role', 'operator');
    const { keys } = await place.json<{ keys: object[] }>(['keys', 'list']);
    expect(keys).toMatchObject([{ id, role: 'advertiser', advertiserId: 'Żółć & co' }, { role: 'operator' }]);
    expect(JSON.stringify(keys)).not.toMatch(/secret/);
    expect((await place.run(['keys', 'list'])).stdout).toMatch(/advertiser +Żółć & co/);
  });

  test.for([
    ['--role', 'advertiser'],
    ['--role', 'advertiser', '--advertiser', ''],
    ['--role', 'advertiser', '--advertiser', 'x'.repeat(129)],
    ['--role', 'advertiser', '--advertiser', 'a\u0001b'],
    ['--role', 'operator', '--advertiser', 'acme'],
    ['--advertiser', 'acme'],
  ])('are not made with %o', async (args) => {
    const { exit, stderr } = await place.run(['keys', 'create', '--name', 'n', ...args]);
    expect([exit, stderr]).toEqual([2, expect.stringContaining('--advertiser')]);
    expect(await place.json(['keys', 'list'])).toEqual({ keys: [] });
  });

  test('made and revoked are in the trail, without their secrets', async () => {
    const { id, key } = await create('--role', 'advertiser', '--advertiser', 'acme');
    await place.json(['keys', 'revoke', id]);
    const { entries } = await place.json<TrailPage>(['audit', '--trail']);
    expect(entries).toMatchObject([
      { role: 'cli', action: 'key.revoke', subject: id, outcome: 'done' },
      { role: 'cli', action: 'key.create', subject: `${id} (n, advertiser acme)`, outcome: 'done' },
    ]);
    expect(readFileSync(join(place.folder, 'data/audit-trail.00000001.jsonl'), 'utf8')).not.toContain(
      key.split('_')[2],
    );
    const { stdout } = await place.run(['audit', '--trail', '--limit', '1']);
    expect(stdout).toMatch(/cli +key.revoke .*done\n\nThere are older ones/s);
  });

  test('of a file before there were advertisers stay valid', async () => {
    const { id, key } = await create('--role', 'operator');
    const file = join(place.folder, 'data/keys.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"format": 2', '"format": 1'));
    const { first } = await place.start<{ url: string }>(['start', '--port', '0']);
    const answer = await fetch(`${first.url}/v1/access`, { headers: { authorization: `Bearer ${key}` } });
    expect(await answer.json()).toMatchObject({ role: 'operator', keyId: id, advertiserId: null });
  });

  test('of advertisers without one are refused rather than read everything', async () => {
    await create('--role', 'advertiser', '--advertiser', 'acme');
    const file = join(place.folder, 'data/keys.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"advertiserId"', '"advertiserID"'));
    expect((await place.run(['keys', 'list'])).exit).toBe(4);
  });
});

describe('a region with TLS', () => {
  test('is found, asked and renewed by commands that trust its certificate', async () => {
    const { certFile, keyFile } = makeCertificate(place.folder, 'one');
    const other = makeCertificate(place.folder, 'two');
    const tls = ['--tls-cert-file', certFile, '--tls-key-file', keyFile];
    const region = await place.start<{ url: string }>(['start', '--port', '0', ...tls]);
    const { url } = region.first;
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { urls } = await place.json<{ urls: Record<string, string> }>(['ls']);
    expect(Object.values(urls).every((each) => each.startsWith(`${url}/`))).toBe(true);

    const generate = ['generate', '--count', '50'];
    expect((await place.run([...generate, '--ca', certFile])).exit).toBe(0);
    // Its own stores read it, too, though they could not check its certificate.
    const count = 'SELECT count(*) > 0 AS loaded FROM reporting.ad_minutes';
    await expect
      .poll(() => place.json(['sql', '--ca', certFile, count]), { timeout: 30_000 })
      .toMatchObject({ rows: [[true]] });
    expect((await place.run(['campaigns'], { NODE_EXTRA_CA_CERTS: certFile })).exit).toBe(0);
    const doubting = await place.run(['campaigns']);
    expect([doubting.exit, doubting.stderr]).toEqual([7, expect.stringContaining('self-signed certificate')]);
    for (const wrong of [keyFile, join(place.folder, 'none')]) {
      const { exit, stderr } = await place.run(['campaigns', '--ca', wrong]);
      expect([exit, stderr]).toEqual([2, expect.stringContaining('--ca is ')]);
    }

    copyFileSync(other.certFile, certFile);
    copyFileSync(other.keyFile, keyFile);
    region.signal('SIGHUP');
    await expect
      .poll(async () => (await place.run(['campaigns', '--ca', other.certFile])).exit, { timeout: 20_000 })
      .toBe(0);
    region.signal('SIGTERM');
    expect((await region.ended).exit).toBe(0);
  });

  test('does not start with files that do not fit', async () => {
    const { certFile } = makeCertificate(place.folder, 'one');
    const { keyFile } = makeCertificate(place.folder, 'two');
    const started = await place.run([
      'start',
      '--port',
      '0',
      '--tls-cert-file',
      certFile,
      '--tls-key-file',
      keyFile,
    ]);
    expect([started.exit, started.stderr]).toEqual([2, expect.stringContaining('do not belong together')]);
    const half = await place.run(['start', '--port', '0', '--tls-cert-file', certFile]);
    expect([half.exit, half.stderr]).toEqual([2, expect.stringContaining('set together, or neither')]);
  });
});

test('a region does not start with a secret that everybody may read, and lets the peer in with a fit one', async () => {
  const file = join(place.folder, 'secret');
  writeFileSync(file, `${'s'.repeat(40)}\n`);
  chmodSync(file, 0o644);
  const refused = await place.run(['start', '--port', '0', '--replication-secret-file', file]);
  expect([refused.exit, refused.stderr]).toEqual([2, expect.stringContaining('chmod 600')]);
  chmodSync(file, 0o600);
  await create('--role', 'publisher');
  const { first } = await place.start<{ url: string }>([
    'start',
    '--port',
    '0',
    '--replication-secret-file',
    file,
  ]);
  const headers = { authorization: `Bearer ${'s'.repeat(40)}` };
  expect((await fetch(`${first.url}/v1/changes/ad-minutes`, { headers })).status).toBe(200);
  expect((await fetch(`${first.url}/v1/audit`, { headers })).status).toBe(403);
});
