import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PinotReports } from '../../src/cluster/pinot/pinot-reports.ts';
import type { PinotBroker } from '../../src/cluster/pinot/ports.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import type { VerdictCounts } from '../../src/model/verdict.ts';
import type { Reports } from '../../src/reporting/reports.ts';
import { keyStoreOf } from '../../src/server/keys.ts';
import { NaiveStore } from '../adapters/reporting-store/record-world.ts';
import { DuckBroker } from '../cluster/pinot/duck-broker.ts';
import { openTestGateway, type TestGateway } from '../server/gateway/gateway-fixture.ts';
import { events } from '../server/server-fixture.ts';
import { makeKey } from '../server/test-keys.ts';
import {
  accessibilityFaults,
  hasBrowser,
  launchBrowser,
  openPage,
  overflowPx,
  paintedPixels,
} from './browser.ts';

const PATIENT = { timeout: 15_000 };
const VERDICTS: VerdictCounts = { counted: 4210, duplicate: 40, conflict: 3, late: 2, future: 1, invalid: 7 };
const MINUTE_MS = 60_000;

/** Two advertisers in two regions, each minute of the last hour and a half. */
async function fakePinot(): Promise<PinotBroker> {
  const naive = new NaiveStore();
  const now = Date.now() - (Date.now() % MINUTE_MS);
  for (let back = 0; back < 90; back++) {
    for (const [region, ad] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      const minute = now - back * MINUTE_MS;
      const recordId = adMinuteRecordId(region, `ad-${ad}`, minute, 'EUR');
      const ids = {
        adId: `ad-${ad}`,
        campaignId: `spring-${ad}`,
        advertiserId: ad === 1 ? 'acme' : 'globex',
      };
      const sums = {
        impressions: 100 * ad + 10 * (back % 7),
        clicks: ad + (back % 3),
        costMicros: 90_000 * ad,
      };
      naive.minutes.set(recordId, {
        recordId,
        revision: 1,
        region,
        ...ids,
        minute,
        currency: 'EUR',
        ...sums,
      });
    }
  }
  return DuckBroker.of(naive);
}

function reportsFrom(broker: PinotBroker): Reports {
  return new PinotReports({
    broker,
    regions: ['a', 'b'],
    campaigns: () => Promise.resolve([]),
    progress: () => Promise.resolve(null),
    heldFrom: () => 0,
  });
}

describe.runIf(hasBrowser())('the page of a gateway', () => {
  let browser: Browser;
  let pinot: PinotBroker;
  let gateway: TestGateway;
  let page: Page | undefined;
  let faults: string[] = [];
  let verdicts: VerdictCounts | null = VERDICTS;

  beforeAll(async () => {
    browser = await launchBrowser();
    pinot = await fakePinot();
  });
  afterAll(() => browser.close());
  beforeEach(() => {
    verdicts = VERDICTS;
    faults = [];
  });
  afterEach(async () => {
    await page?.context().close();
    await gateway.close();
    if (faults.length > 0) throw new Error(`The page did what it must not: ${faults.join('\n')}`);
  });

  async function open(
    hash: string,
    options = {},
    served: Partial<Parameters<typeof openTestGateway>[0]> = {},
  ): Promise<Page> {
    gateway = await openTestGateway({ reports: reportsFrom(pinot), verdicts: () => verdicts, ...served });
    await gateway.untilReady();
    const watched = await openPage(browser, `${gateway.url}/${hash}`, options);
    ({ page, faults } = watched);
    return watched.page;
  }

  test.for(['light', 'dark'] as const)(
    'shows the last hour and what it takes in, %s',
    async (colorScheme) => {
      const shown = await open('', { colorScheme });
      await shown.waitForSelector('.ads tbody tr', PATIENT);
      expect(await shown.textContent('.headline-figure')).toBe('4,210');
      expect(await shown.textContent('.region')).toBe('cluster, region a');
      await expect.poll(() => shown.textContent('[data-verdict="late"]')).toContain('2');
      expect(await shown.textContent('.balance')).toMatch(/judged\s*4,263/);
      await gateway.post('/v1/events', JSON.stringify(events(500)));
      await expect
        .poll(() => shown.textContent('.state-section'), PATIENT)
        .toContain('Events since its start500');
      await expect.poll(() => shown.textContent('.headline-rate')).toMatch(/[1-9]\d* events per second/);
      expect((await paintedPixels(shown)).filter((pixels) => pixels < 300)).toEqual([]);
      const rows = await shown.locator('.ads tbody tr').allTextContents();
      expect(rows.map((row) => /acme|globex/.exec(row)?.[0])).toEqual(['globex', 'acme']);
      expect(await shown.textContent('#hour-title + p')).toMatch(/of all regions.*newest is \d\d:\d\d/);
      verdicts = { ...VERDICTS, counted: 5000 };
      await expect.poll(() => shown.textContent('.headline-figure'), PATIENT).toBe('5,000');
      expect(await accessibilityFaults(shown)).toEqual([]);
      expect(await overflowPx(shown)).toBeLessThanOrEqual(0);
      const folder = process.env['ADTALLY_SCREENSHOTS'];
      if (folder !== undefined)
        await shown.screenshot({ path: `${folder}/gateway-${colorScheme}.png`, fullPage: true });
    },
  );

  test('the figures of an advertiser and its campaigns come from Pinot', async () => {
    const shown = await open('#/figures/acme');
    await shown.waitForSelector('.figure-breakdown tbody tr', PATIENT);
    expect(await shown.textContent('.figure-breakdown')).toContain('spring-1');
    expect(await shown.textContent('main')).toContain('From Pinot, which has the records of all regions');
    await shown.click('.figure-breakdown tbody a');
    await expect.poll(() => shown.textContent('h1'), PATIENT).toBe('spring-1');
    // Nobody serves a view of an ad.
    await expect
      .poll(() => shown.locator('.figure-breakdown tbody th').allTextContents(), PATIENT)
      .toEqual(['ad-1']);
    expect(await shown.locator('.figure-breakdown tbody a').count()).toBe(0);
    expect(await accessibilityFaults(shown)).toEqual([]);
  });

  test('has the views that the gateway can fill, and says so of the others', async () => {
    const shown = await open('');
    await shown.waitForSelector('.headline', PATIENT);
    expect(await shown.locator('.nav > ul:first-child a').allTextContents()).toEqual(['Live', 'Figures']);
    expect(await shown.locator('[role="search"]').count()).toBe(0);
    for (const hash of ['#/orders', '#/quarantine', '#/sql', '#/regions', '#/campaigns', '#/ad/ad-1']) {
      await shown.evaluate((to) => (window.location.hash = to), hash);
      await expect.poll(() => shown.textContent('h1'), PATIENT).toBe('This server does not have this view');
    }
  });

  test('without Pinot has the live figures alone', async () => {
    const shown = await open('', {}, { reports: undefined });
    await expect.poll(() => shown.textContent('.headline-figure'), PATIENT).toBe('4,210');
    expect(await shown.locator('.nav > ul:first-child a').allTextContents()).toEqual(['Live']);
    expect(await shown.locator('#hour-title').count()).toBe(0);
  });

  test('an advertiser’s key begins with its own figures', async () => {
    const { record, text } = makeKey('adv1', 'advertiser', 'globex');
    const httpCredentials = { username: 'me', password: text };
    const shown = await open('', { httpCredentials }, { keys: keyStoreOf([record]) });
    await expect.poll(() => shown.textContent('h1'), PATIENT).toBe('globex');
    await shown.waitForSelector('.figure-breakdown tbody tr', PATIENT);
    expect(await shown.textContent('.figure-breakdown')).toContain('spring-2');
    expect(await shown.textContent('body')).not.toContain('acme');
  });
});
