import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type WatchedPage,
  accessibilityFaults,
  hasBrowser,
  launchBrowser,
  openPage,
  overflowPx,
  paintedPixels,
} from './browser.ts';
import { type MockServer, startMockServer } from './mock-server.ts';

describe.runIf(hasBrowser())('budgets on the page', () => {
  let browser: Browser;
  let server: MockServer;
  let opened: WatchedPage[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    server = await startMockServer();
  });
  afterEach(async () => {
    const faults = opened.flatMap((each) => each.faults);
    for (const { page } of opened) await page.context().close();
    opened = [];
    await server.close();
    if (faults.length > 0) throw new Error(`The page did what it must not: ${faults.join('\n')}`);
  });

  async function open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const watched = await openPage(browser, `${server.url}/${hash}`, options);
    opened.push(watched);
    return watched.page;
  }

  test('campaigns are listed, and lead to their day', async () => {
    const page = await open('#/campaigns');
    await page.waitForSelector('main tbody tr');
    const text = await page.textContent('main table');
    for (const part of ['spring', 'active', '€150.00', '€200.00', '1.20', 'summer', 'exhausted', '–']) {
      expect(text).toContain(part);
    }
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.click('main a:has-text("spring")');
    await page.waitForSelector('.chart canvas');
    expect(await page.title()).toBe('spring · adtally');
    expect(await page.textContent('.totals')).toMatch(/€150\.00.*€200\.00.*€50\.00.*€240\.00.*1\.20/s);
    expect(await page.textContent('.budget-state')).toBe('active');
    const [painted] = await paintedPixels(page);
    expect(painted).toBeGreaterThan(1000);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test.for(['#/campaigns', '#/campaign/spring'])('%s fits a phone, in the dark too', async (hash) => {
    const page = await open(hash, { viewport: { width: 360, height: 700 }, colorScheme: 'dark' });
    await page.waitForSelector(hash === '#/campaigns' ? 'main tbody tr' : '.chart canvas');
    expect(await overflowPx(page)).toBeLessThanOrEqual(0);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('what the region says of a campaign that is not there is shown', async () => {
    const page = await open('#/campaign/spring');
    await page.waitForSelector('.chart canvas');
    server.failWith({ status: 404, detail: 'No campaign "spring" has been set.' });
    await page.waitForSelector('.problem');
    expect(await page.textContent('.problem')).toContain('No campaign "spring" has been set.');
    const [{ faults }] = opened;
    faults.splice(
      0,
      faults.length,
      ...faults.filter((fault) => !fault.startsWith('Failed to load resource')),
    );
  });
});
