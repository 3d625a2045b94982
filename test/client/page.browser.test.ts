import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AdtallyClient, AdtallyClientOptions } from '../../src/client/adtally-client.ts';
import { SECRET_BYTES, formatKey, hashSecret, keyStoreOf, parseKey } from '../../src/server/keys.ts';
import { hasBrowser, launchBrowser } from '../dashboard/browser.ts';
import { type TestServer, openTestServer } from '../server/server-fixture.ts';

declare global {
  interface Window {
    AdtallyClient: typeof AdtallyClient;
    client: AdtallyClient;
    outcomes: { status: string; verdict?: string; region?: string; answersLost?: number }[];
  }
}

/** Other work on the machine may hold a page up. */
const PATIENT = { timeout: 15_000 };
const NEVER_MS = 1e8;
const KEY = formatKey('pub1', randomBytes(SECRET_BYTES));
const KEYS = keyStoreOf([
  { id: 'pub1', name: 'shop', role: 'publisher', secretHash: hashSecret(parseKey(KEY)!.secret) },
]);

describe.runIf(hasBrowser())('the client in a page of a publisher', () => {
  let browser: Browser;
  let shop: Server;
  let shopUrl: string;
  let regions: TestServer[];
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    shop = createServer((request, response) => {
      const script = request.url === '/example' ? example() : '';
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>Shop</title>${script}`);
    });
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
    shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser.close();
    shop.closeAllConnections();
    await new Promise((resolve) => shop.close(resolve));
  });
  beforeEach(async () => {
    const config = { server: { origins: [shopUrl] } };
    regions = [await openTestServer({ keys: KEYS, config }), await openTestServer({ keys: KEYS, config })];
    page = await (await browser.newContext()).newPage();
    await page.goto(shopUrl);
  });
  afterEach(async () => {
    await page.context().close();
    for (const region of regions) await region.close();
  });

  /** The page of docs/client.md, with the addresses and the key of this test. */
  function example(): string {
    const text = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
    return /```html\n([\s\S]*?)```/
      .exec(text)![1]
      .replaceAll('http://127.0.0.1:7070', regions[0].url)
      .replaceAll('http://127.0.0.1:7071', regions[1].url)
      .replace('adt_…', KEY);
  }

  /** Opens a client in the page, as the page's own script would. */
  async function open(more: Partial<AdtallyClientOptions> = {}, from = regions[0].url): Promise<void> {
    await page.evaluate(
      `import('${from}/client.js').then(({ AdtallyClient }) => void (window.AdtallyClient = AdtallyClient))`,
    );
    const options = { regions: regions.map(({ url }) => url), key: KEY, ...more };
    await page.evaluate((given) => {
      window.outcomes = [];
      window.client = new window.AdtallyClient({
        ...given,
        onOutcome: (outcome) => void window.outcomes.push(outcome),
      });
    }, options);
  }

  /** Tracks events with ids of their own and does not wait for them. */
  function track(count: number, placementLength = 1): Promise<void> {
    return page.evaluate(
      ({ events, length }) => {
        for (let at = 0; at < events; at++) {
          void window.client.track({
            eventType: 'impression',
            adId: 'ad-1',
            campaignId: 'c-1',
            advertiserId: 'adv-1',
            userId: 'u-1',
            placement: 'p'.repeat(length),
          });
        }
      },
      { events: count, length: placementLength },
    );
  }

  const hide = (): Promise<void> =>
    page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
  const received = (at = 0): number => regions[at].region.status().received;

  test('sends events across origins with its key, and knows their verdicts', async () => {
    await open({ batchMs: 5 });
    await track(3);
    await expect.poll(() => page.evaluate(() => window.outcomes), PATIENT).toHaveLength(3);
    expect(await page.evaluate(() => window.outcomes)).toMatchObject(
      Array.from({ length: 3 }, () => ({ verdict: 'counted', region: regions[0].url })),
    );
  });

  test('the example of docs/client.md does what it says', async () => {
    await page.goto(`${shopUrl}/example`);
    await expect.poll(() => received(), PATIENT).toBe(1);
    expect(regions[0].region.status().verdicts.counted).toBe(1);
  });

  test('goes to the other region when the first one is gone', async () => {
    await open({ batchMs: 5 });
    await regions[0].stopServer();
    await track(3);
    await expect.poll(() => page.evaluate(() => window.outcomes), PATIENT).toHaveLength(3);
    expect(await page.evaluate(() => window.outcomes[0])).toMatchObject({
      verdict: 'counted',
      region: regions[1].url,
    });
  });

  test('sends what waits when the page is hidden, and goes on after', async () => {
    await open({ batchMs: NEVER_MS });
    await track(5);
    expect(received()).toBe(0);
    await hide();
    await expect.poll(() => page.evaluate(() => window.outcomes), PATIENT).toHaveLength(5);
    await track(2);
    await hide();
    await expect.poll(() => received(), PATIENT).toBe(7);
    expect(regions[0].region.status().verdicts.counted).toBe(7);
  });

  test.each([
    ['another page', async () => void (await page.goto(`${shopUrl}/next`))],
    ['nothing: it is closed', () => page.close({ runBeforeUnload: true })],
  ])('sends what waits when the page is left for %s', async (_what, leave) => {
    await open({ batchMs: NEVER_MS });
    await track(80, 100);
    await page.evaluate(() => {
      void window.client.order({ orderId: 'o-1', userId: 'u-1', merchantId: 'm-1', amountMicros: 5 });
    });
    expect(received()).toBe(0);
    await leave();
    await expect.poll(() => received(), PATIENT).toBe(80);
    expect(regions[0].region.status().verdicts.counted).toBe(80);
    await expect.poll(() => regions[0].region.latestOrders(10), PATIENT).toHaveLength(1);
  });

  test('a browser that knows no such requests hands its events to a beacon, where no key is needed', async () => {
    const open1 = await openTestServer();
    try {
      await page.goto(`${open1.url}/`);
      await page.evaluate(() => Reflect.deleteProperty(Request.prototype, 'keepalive'));
      await open({ batchMs: NEVER_MS, regions: [open1.url], key: undefined }, open1.url);
      // Its ordinary requests end with the page.
      await page.evaluate(() => void (window.fetch = () => new Promise(() => {})));
      await track(10);
      await page.goto(`${shopUrl}/next`);
      await expect.poll(() => open1.region.status().verdicts.counted, PATIENT).toBe(10);
    } finally {
      await page.goto(shopUrl);
      await open1.close();
    }
  });

  test('is not let in from an origin that is not named', async () => {
    await page.goto(shopUrl.replace('127.0.0.1', 'localhost'));
    await open({ batchMs: 5, giveUpAfterMs: 300, retry: { firstDelayMs: 10 } });
    await track(1);
    await expect.poll(() => page.evaluate(() => window.outcomes), PATIENT).toHaveLength(1);
    expect(await page.evaluate(() => window.outcomes[0])).toMatchObject({
      status: 'dropped',
      reason: 'gave_up',
    });
    expect(received() + received(1)).toBe(0);
  });
});
