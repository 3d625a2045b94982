import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FOREIGN, OWN, type ScopedWorld, openScopedWorld } from '../server/access/scoped-world.ts';
import type { TestKey } from '../server/test-keys.ts';
import { type WatchedPage, accessibilityFaults, hasBrowser, launchBrowser, openPage } from './browser.ts';

/** Other work on the machine may hold a page up. */
const PATIENT = { timeout: 20_000 };

async function readSum(page: Page, metric: string): Promise<number> {
  const text = await page.textContent(`[data-metric="${metric}"] .figure-value`);
  return Number(text!.replaceAll(/[^\d.]/g, ''));
}

describe.runIf(hasBrowser())('reports of a real region', () => {
  let browser: Browser;
  let world: ScopedWorld;
  beforeAll(async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    [browser, world] = await Promise.all([launchBrowser(), openScopedWorld(seed)]);
  });
  afterAll(async () => {
    await browser.close();
    await world.server.close();
  });

  function open({ text }: TestKey, hash: string): Promise<WatchedPage> {
    const httpCredentials = { username: 'me', password: text };
    return openPage(browser, `${world.server.url}/${hash}`, { httpCredentials });
  }

  test('an advertiser sees its own sums, whatever the address says', async () => {
    for (const hash of ['#/figures', `#/figures/${FOREIGN}-adv`]) {
      // Two days: the events may have come on both sides of midnight.
      const { page, faults } = await open(world.advertiser, `${hash}?days=7`);
      await expect.poll(() => readSum(page, 'impressions'), PATIENT).toBe(world.own.impressions);
      expect(await readSum(page, 'clicks')).toBe(world.own.clicks);
      expect(await readSum(page, 'costMicros')).toBeCloseTo(world.own.costMicros / 1_000_000, 2);
      expect(await page.textContent('h1')).toBe(OWN);
      await expect.poll(() => page.textContent('.figure-breakdown'), PATIENT).toContain('mine-campaign');
      await page.click('.figure-buckets summary');
      await expect.poll(() => page.textContent('.figure-buckets')).toContain('provisional');
      expect(await accessibilityFaults(page)).toEqual([]);

      await page.click('.figure-breakdown a:has-text("mine-campaign")');
      await expect.poll(() => readSum(page, 'impressions'), PATIENT).toBe(world.ownInOwnCampaign.impressions);
      expect(await page.innerHTML('main')).not.toContain(FOREIGN);
      // The browser tells of the 401 after which it sends the key.
      expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
      await page.context().close();
    }
  });

  test('the CSV has the advertiser’s rows only', async () => {
    const { page } = await open(world.advertiser, '#/figures?days=7');
    await expect.poll(() => page.textContent('.figure-breakdown'), PATIENT).toContain('mine-campaign');
    const href = await page.getAttribute('text=Download CSV', 'href');
    const answer = await world.server.get(href!, { headers: world.advertiser.headers });
    expect(answer.headers.get('content-disposition')).toContain('figures.csv');
    const [head, ...rows] = (await answer.text()).trim().split('\r\n');
    const at = head.split(',').indexOf('impressions');
    const sum = rows.reduce((total, row) => total + Number(row.split(',')[at]), 0);
    expect(sum).toBe(world.own.impressions);
    await page.context().close();
  });

  test('SQL of an operator: the same sums, every digit, and DuckDB’s own words', async () => {
    const { page, faults } = await open(world.operator, '#/sql');
    const run = async (sql: string): Promise<void> => {
      await page.fill('.sql-field', sql);
      await page.press('.sql-field', 'Control+Enter');
    };
    await run(
      `SELECT SUM(impressions), 9223372036854775807 FROM reporting.ad_minutes WHERE advertiser_id = '${OWN}'`,
    );
    await expect
      .poll(() => page.locator('.sql-result tbody td').allInnerTexts(), PATIENT)
      .toEqual([String(world.own.impressions), '9223372036854775807']);
    expect(await page.textContent('.sql-result')).toMatch(/1 row, in [\d.]+ m?s/);
    await expect.poll(() => page.textContent('.sql-tables'), PATIENT).toContain('reporting.ad_minutes');
    await run('SELECT clickz FROM reporting.ad_minutes');
    await expect
      .poll(() => page.textContent('[role=alert]'), PATIENT)
      .toMatch(/clickz[^]*Candidate bindings/);
    expect(await page.locator('.sql-result').count()).toBe(0);
    expect(faults.filter((fault) => !/40[01]/.test(fault))).toEqual([]);
    await page.context().close();
  });

  test('the stores of a region are in its view', async () => {
    const { page, faults } = await open(world.operator, '#/regions');
    await expect
      .poll(() => page.innerText('.region-sinks'), PATIENT)
      .toMatch(/reporting store\s*region a\s*following\s*none[^]*budgets\s*region a\s*following/);
    expect(await page.locator('.region-card').count()).toBe(1);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
    await page.context().close();
  });
});
