import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, hasBrowser, overflowPx, paintedPixels } from './browser.ts';
import { MockPages } from './mock-pages.ts';

const PATIENT = { timeout: 15_000 };
/** Clocks of Europe go back: 25 hours. */
const LONG_DAY = '2026-10-25';
const SHORT_DAY = '2026-03-29';

describe.runIf(hasBrowser())('figures', () => {
  const pages = new MockPages();

  async function open(hash: string): Promise<Page> {
    // Half past four in the afternoon of a day after both changes of the clock.
    const page = await pages.open(hash, {}, (fresh) => fresh.clock.install());
    await page.waitForSelector('.figure-breakdown tbody tr', PATIENT);
    return page;
  }

  const askedWith = (page: string, granularity: string): URLSearchParams =>
    new URL(
      pages.server.asked.findLast((path) => path.startsWith(page) && path.includes(`=${granularity}`))!,
      pages.server.url,
    ).searchParams;

  const whoseDaysWereAsked = (): readonly (string | null)[] => {
    const query = askedWith('/v1/reports/figures', 'day');
    return [query.get('advertiserId'), query.get('campaignId')];
  };

  test('seven charts with their totals and what changed, and the table of the same', async () => {
    const page = await open('#/figures');
    await expect.poll(() => page.textContent('[data-metric="costMicros"]')).toMatch(/Cost€[\d,.]+\+10\.0%/);
    expect(await page.textContent('[data-metric="clicks"]')).toContain('−3.1%');
    expect(await page.textContent('[data-metric="orders"]')).toContain('–');
    const painted = await paintedPixels(page);
    expect(painted).toHaveLength(7);
    expect(Math.min(...painted)).toBeGreaterThan(300);
    await page.click('.figure-buckets summary');
    const hours = page.locator('.figure-buckets tbody tr');
    await expect.poll(() => hours.count()).toBe(24);
    expect(await hours.first().textContent()).toContain('00:00');
  });

  test('what may still change is marked, in the table and in words', async () => {
    const page = await open('#/figures?days=7&by=hour');
    expect(await page.textContent('.figures-moment')).toContain('provisional');
    await page.click('.figure-buckets summary');
    const states = page.locator('.figure-buckets tbody tr td:last-child');
    await expect.poll(async () => (await states.allTextContents()).includes('provisional')).toBe(true);
    const all = (await states.allTextContents()).filter((state) => state !== '');
    expect(all[0]).toBe('final');
    expect(all.lastIndexOf('final')).toBeLessThan(all.indexOf('provisional'));
  });

  test.each([
    [LONG_DAY, 25, '02:00 (UTC+2)', '02:00 (UTC+1)'],
    [SHORT_DAY, 23, '01:00 (UTC+1)', '03:00 (UTC+2)'],
  ])('on %s the day has %i hours', async (day, hours, before, after) => {
    const page = await open(`#/figures?day=${day}`);
    await page.click('.figure-buckets summary');
    const labels = page.locator('.figure-buckets tbody th');
    await expect.poll(() => labels.count()).toBe(hours);
    const texts = await labels.allTextContents();
    const at = texts.findIndex((text) => text.endsWith(before));
    expect(texts[at + 1]).toContain(after);
    // Each has its own figures: the hour that comes twice is no sum of two.
    const rows = await page.locator('.figure-buckets tbody tr').allTextContents();
    expect(rows.filter((row) => row.includes('final'))).toHaveLength(hours);
    expect(await page.textContent('main')).toContain(`it has ${hours} hours`);
    const query = askedWith('/v1/reports/figures', 'hour');
    expect(Date.parse(query.get('to')!) - Date.parse(query.get('from')!)).toBe(hours * 3_600_000);
  });

  test('the time zone cuts the days anew, and is remembered', async () => {
    const page = await open(`#/figures?day=${LONG_DAY}`);
    await page.selectOption('.zone', 'UTC');
    await page.click('.figure-buckets summary');
    await expect.poll(() => page.locator('.figure-buckets tbody tr').count()).toBe(24);
    expect(askedWith('/v1/reports/figures', 'hour').get('timezone')).toBe('UTC');
    await page.reload();
    expect(await page.inputValue('.zone')).toBe('UTC');
  });

  test('from all advertisers to one, to a campaign, to an ad, and the choice goes along', async () => {
    const page = await open('#/figures?days=7');
    await page.mouse.move(5, 5);
    await page.click('.figure-breakdown a >> nth=0');
    await expect.poll(() => page.textContent('h1')).toBe('advertiser-1');
    await page.click('.figure-breakdown a:has-text("campaign-2")');
    await expect.poll(() => page.textContent('h1')).toBe('campaign-2');
    expect(new URL(page.url()).hash).toBe('#/figures/advertiser-1/campaign-2?days=7');
    // The heading is there before the figures are asked for.
    await expect.poll(whoseDaysWereAsked).toEqual(['advertiser-1', 'campaign-2']);
    const csv = new URL((await page.getAttribute('text=Download CSV', 'href'))!, pages.server.url)
      .searchParams;
    expect([csv.get('format'), csv.get('campaignId'), csv.get('granularity')]).toEqual([
      'csv',
      'campaign-2',
      'day',
    ]);
    await page.click('.figure-breakdown a:has-text("ad-1")');
    await expect.poll(() => page.textContent('h1')).toBe('ad-1');
  });

  test('pointing at a bucket shows its figures', async () => {
    const page = await open(`#/figures?day=${LONG_DAY}`);
    const total = await page.textContent('[data-metric="impressions"] .figure-value');
    await page.hover('[data-metric="clicks"] .u-over', { position: { x: 60, y: 40 } });
    await expect.poll(() => page.textContent('.figures-moment')).toMatch(/Oct 25, \d\d:00 final/);
    expect(await page.textContent('[data-metric="impressions"] .figure-value')).not.toBe(total);
  });

  test('currencies are never added up: one is shown, and one switches', async () => {
    const page = await open('#/figures');
    await page.click('nav[aria-label="Currency"] >> text=USD');
    await expect.poll(() => page.textContent('[data-metric="costMicros"]')).toContain('$');
    expect(new URL(page.url()).hash).toBe('#/figures?currency=USD');
  });

  test('by keyboard: the choice is links and a date, and the focus stays', async () => {
    const page = await open('#/figures');
    await page.focus('text=7 days');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getAttribute('text=7 days', 'aria-current')).toBe('true');
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('7 days');
    await page.focus('input[type=date]');
    await page.fill('input[type=date]', SHORT_DAY);
    await page.waitForFunction((day) => location.hash.includes(day), SHORT_DAY);
    expect(await page.evaluate(() => document.activeElement!.getAttribute('aria-label'))).toBe('Last day');
  });

  test('a region without figures, and one that refuses', async () => {
    const page = await pages.open('#/figures/none');
    await expect.poll(() => page.textContent('main'), PATIENT).toContain('Nothing in this period.');
    pages.server.failWith({ status: 503, detail: 'The reporting store is not there yet.' });
    await expect
      .poll(() => page.textContent('.problem'), PATIENT)
      .toContain('The reporting store is not there yet. Trying again.');
    pages.forgiveFailedRequests();
  });

  test.each(['light', 'dark'] as const)(
    'accessible and in its place, wide and narrow, %s',
    async (scheme) => {
      const page = await pages.open('#/figures', { colorScheme: scheme });
      await page.waitForSelector('.figure-breakdown tbody tr', PATIENT);
      await page.click('.figure-buckets summary');
      for (const width of [1280, 400]) {
        await page.setViewportSize({ width, height: 780 });
        await page.waitForTimeout(300);
        expect.soft(await accessibilityFaults(page), `${width} px`).toEqual([]);
        expect.soft(await overflowPx(page), `${width} px`).toBeLessThanOrEqual(0);
      }
    },
  );
});
