import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openTestServer } from '../server/server-fixture.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
const [, EXAMPLE] = /```js\n([\s\S]*?)```/.exec(PAGE)!;

test('the example for Node does what docs/client.md says, when the first region is gone, too', async () => {
  const regions = [await openTestServer(), await openTestServer()];
  try {
    const code = EXAMPLE.replace('http://127.0.0.1:7070', regions[0].url).replace(
      'http://127.0.0.1:7071',
      regions[1].url,
    );
    const run = (): Promise<{ stdout: string; stderr: string }> =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { cwd: ROOT });
    expect(await run()).toEqual({ stdout: 'accepted\n', stderr: '' });
    expect(regions.map(({ region }) => region.status().received)).toEqual([1, 0]);
    await regions[0].stopServer();
    expect(await run()).toEqual({ stdout: 'accepted\n', stderr: '' });
    expect(regions[1].region.status().verdicts.counted).toBe(1);
    expect(regions[1].region.latestOrders(10)).toMatchObject([{ orderId: 'o-1', adId: 'ad-42' }]);
  } finally {
    for (const region of regions) await region.close();
  }
});
