import { describe, expect, test } from 'vitest';
import { accessibilityFaults, hasBrowser, overflowPx, paintedPixels } from './browser.ts';
import { MockPages } from './mock-pages.ts';

describe.runIf(hasBrowser())('budgets on the page', () => {
  const pages = new MockPages();

  test('campaigns are listed, and lead to their day', async () => {
    const page = await pages.open('#/campaigns');
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
    expect(await page.textContent('.nav [aria-current="true"]')).toBe('Campaigns');
    const [painted] = await paintedPixels(page);
    expect(painted).toBeGreaterThan(1000);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.click('main a:has-text("Campaigns")');
    await page.waitForFunction(() => location.hash === '#/campaigns');
  });

  test.for(['#/campaigns', '#/campaign/spring'])('%s fits a phone, in the dark too', async (hash) => {
    const page = await pages.open(hash, { viewport: { width: 360, height: 700 }, colorScheme: 'dark' });
    await page.waitForSelector(hash === '#/campaigns' ? 'main tbody tr' : '.chart canvas');
    expect(await overflowPx(page)).toBeLessThanOrEqual(0);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('what the region says of a campaign that is not there is shown', async () => {
    const page = await pages.open('#/campaign/spring');
    await page.waitForSelector('.chart canvas');
    pages.server.failWith({ status: 404, detail: 'No campaign "spring" has been set.' });
    await page.waitForSelector('.problem');
    expect(await page.textContent('.problem')).toContain('No campaign "spring" has been set.');
    pages.forgiveFailedRequests();
  });
});
