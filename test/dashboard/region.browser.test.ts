import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServer, event, events, openTestServer } from '../server/server-fixture.ts';
import {
  type WatchedPage,
  accessibilityFaults,
  hasBrowser,
  launchBrowser,
  openPage,
  paintedPixels,
} from './browser.ts';

/** Other work on the machine may hold a page up. */
const PATIENT = { timeout: 15_000 };

describe.runIf(hasBrowser())('live page of a real region', () => {
  let browser: Browser;
  let server: TestServer;
  let watched: WatchedPage;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    server = await openTestServer();
    watched = await openPage(browser, server.url);
  });
  afterEach(async () => {
    const { page, faults } = watched;
    await page.context().close();
    await server.close();
    if (faults.length > 0) throw new Error(`The page did what it must not: ${faults.join('\n')}`);
  });

  test('from the first event to its chart, its verdict and its quarantine', async () => {
    const { page } = watched;
    await expect.poll(() => page.textContent('main'), PATIENT).toContain('No events yet');

    const click = event({ eventType: 'click', costMicros: 333_333 });
    await server.post('/v1/events', JSON.stringify([...events(40), click, click, event({ adId: '' })]));
    await expect.poll(() => page.textContent('.headline-figure'), PATIENT).toBe('41');
    expect(await page.textContent('[data-verdict="duplicate"] .number')).toBe('1');
    expect(await page.textContent('[data-verdict="invalid"] .number')).toBe('1');
    expect(await page.textContent('.balance')).toMatch(/received\s*43\s*100%\s*= sum of verdicts/);

    await page.click('.ads a:has-text("ad-1")', PATIENT);
    // 40 × 1,500 micros and one of 333,333
    await expect.poll(() => page.textContent('.totals'), PATIENT).toContain('€0.393333');
    expect(await page.textContent('.totals')).toMatch(/Impressions\s*40\s*Clicks\s*1\s*CTR\s*2\.50%/);
    expect(await page.textContent('.view-title')).toContain('c-1 · adv-1');
    expect(Math.min(...(await paintedPixels(page)))).toBeGreaterThan(500);
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.click('nav >> text=Quarantine');
    await expect.poll(() => page.textContent('.entries tbody'), PATIENT).toContain('empty_field');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('from the first order to its touches', async () => {
    const { page } = watched;
    await page.click('nav >> text=Orders');
    await expect.poll(() => page.textContent('main'), PATIENT).toContain('No orders yet');

    const now = Date.now();
    const view = event({ merchantId: 'm-1', eventTime: now - 130_000 });
    const click = event({ eventType: 'click', merchantId: 'm-1', eventTime: now - 100_000, adId: 'ad-2' });
    await server.post('/v1/events', JSON.stringify([view, click]));
    // Its id takes more bytes than any other in the address.
    const orderId = 'ア/'.repeat(64);
    const order = { orderTime: now, userId: 'u-1', merchantId: 'm-1', amountMicros: 23_333_333 };
    const stranger = { ...order, orderId: 'o-2', userId: 'u-2' };
    await server.post('/v1/orders', JSON.stringify([{ ...order, orderId }, stranger]));

    await expect.poll(() => page.locator('.orders tbody tr').count(), PATIENT).toBe(2);
    expect(await page.textContent('.totals')).toMatch(/Attributed share\s*50\.00%\s*Credit\s*€23\.333333/);
    const rows = await page.locator('.orders tbody tr').allInnerTexts();
    expect(rows.join('\n')).toMatch(/€23\.333333\s*ad-2\s*by click, 1 min 40 s before/);
    expect(rows.join('\n')).toContain('not attributed: no touch of this user');
    expect(await accessibilityFaults(page)).toEqual([]);

    await expect.poll(() => page.textContent('.nav [aria-current]'), PATIENT).toBe('Orders 2');

    await page.click(`.orders a[title="${orderId}"]`, PATIENT);
    await expect.poll(() => page.textContent('h1'), PATIENT).toBe(orderId);
    await page.waitForSelector('.timeline', PATIENT);
    const touches = (await page.locator('.timeline li').allInnerTexts()).join('\n');
    expect(touches).toMatch(/The order[^]*this click gets €23\.333333 by last touch[^]*a click beats/);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('every address the page links to is there', async () => {
    const { page } = watched;
    await expect.poll(() => page.getAttribute('.strip', 'data-state'), PATIENT).toBe('live');
    const hrefs = await page
      .locator('a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')!));
    const outside = [...new Set(hrefs)].filter((href) => href.startsWith('/'));
    expect(outside.toSorted()).toEqual(['/docs', '/metrics']);
    for (const href of outside) expect(`${href} ${(await server.get(href)).status}`).toBe(`${href} 200`);
  });

  test('a region that stops is said to be lost, with its last figures', async () => {
    const { page, faults } = watched;
    await server.post('/v1/events', JSON.stringify(events(3)));
    await expect.poll(() => page.textContent('.headline-figure'), PATIENT).toBe('3');
    await server.stopServer();
    await expect.poll(() => page.getAttribute('.strip', 'data-state'), PATIENT).toBe('lost');
    expect(await page.textContent('.headline-figure')).toBe('3');
    faults.splice(0); // the refused connections
  });
});
