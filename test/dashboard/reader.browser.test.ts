import { expect, describe, test } from 'vitest';
import { keyStoreOf } from '../../src/server/keys.ts';
import { event, openTestServer } from '../server/server-fixture.ts';
import { makeKey } from '../server/test-keys.ts';
import { accessibilityFaults, hasBrowser, launchBrowser, openPage } from './browser.ts';

const PATIENT = { timeout: 15_000 };
const operator = makeKey('ops1', 'operator');
const advertiser = makeKey('adv1', 'advertiser', 'acme');

describe.runIf(hasBrowser())('the page, read with a key of', () => {
  test('an advertiser: its campaigns, and of the rest whom it is for', async () => {
    const server = await openTestServer({ keys: keyStoreOf([operator.record, advertiser.record]) });
    const headers = { ...operator.headers, 'content-type': 'application/json' };
    for (const [id, advertiserId] of [
      ['acme-spring', 'acme'],
      ['rival-secret', 'rival'],
    ] as const) {
      const input = {
        advertiserId,
        currency: 'EUR',
        dailyBudgetMicros: 5_000_000,
        timezone: 'UTC',
        start: 0,
      };
      await server.get(`/v1/campaigns/${id}`, { method: 'PUT', headers, body: JSON.stringify(input) });
      await server.post(
        '/v1/events',
        JSON.stringify(event({ campaignId: id, advertiserId, adId: `ad of ${id}` })),
        headers,
      );
    }
    const browser = await launchBrowser();
    const httpCredentials = { username: 'me', password: advertiser.text };
    const { page, faults } = await openPage(browser, server.url, { httpCredentials });
    try {
      await expect.poll(() => page.textContent('main'), PATIENT).toContain('acme-spring');
      expect(await page.textContent('.strip')).toContain('figures of acme only');
      expect(await page.textContent('nav')).toMatch(/^\s*Figures\s*Campaigns\s*$/);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.click('main a:has-text("acme-spring")');
      await expect.poll(() => page.textContent('h1'), PATIENT).toContain('acme-spring');
      await page.goto(`${server.url}/#/orders`);
      await expect.poll(() => page.textContent('h1'), PATIENT).toBe('This view needs an operator’s key');
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.goto(`${server.url}/#/ad/${encodeURIComponent('ad of acme-spring')}`);
      await expect.poll(() => page.textContent('.totals'), PATIENT).toContain('€0.0015');
      expect(await page.content()).not.toContain('rival');
    } catch (error) {
      throw new Error((await page.content()).slice(-1500) + faults.join('; '), { cause: error });
    } finally {
      await browser.close();
      await server.close();
    }
    // The browser tells of the 401 after which it sends the key.
    expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
  });
});
