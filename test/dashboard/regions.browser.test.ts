import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LivePeer } from '../../src/model/live.ts';
import { accessibilityFaults, hasBrowser, overflowPx } from './browser.ts';
import { MockPages } from './mock-pages.ts';
import { mockDemo } from './mock-reports.ts';
import { type MockServer, startMockServer } from './mock-server.ts';

const PATIENT = { timeout: 15_000 };
const PEER: LivePeer = {
  region: 'b',
  url: 'http://127.0.0.1:9',
  isConnected: true,
  silentSince: null,
  throughLagMs: 340,
  settledLagMs: 600_000,
  yielded: 12,
  blocksMissed: 0,
  lastError: null,
};

describe.runIf(hasBrowser())('regions', () => {
  const pages = new MockPages();

  async function open(peer: LivePeer | null = PEER): Promise<Page> {
    pages.server.setFrame({ peer });
    const page = await pages.open('#/regions');
    await page.waitForSelector('.region-card', PATIENT);
    return page;
  }

  test('stand side by side, with what each is known to do', async () => {
    const page = await open();
    const cards = page.locator('.region-card');
    await expect.poll(() => cards.count()).toBe(2);
    await expect.poll(() => cards.nth(1).innerText(), PATIENT).toMatch(/last full minute\s*1,080/);
    expect(await cards.nth(0).innerText()).toMatch(/Region a\s*serves this page\s*Alive/);
    expect(await cards.nth(1).innerText()).toMatch(
      /Region b\s*its own page\s*Alive[^]*Known here up to\s*0\.3 s ago/,
    );
    const link = await page.innerText('.region-link');
    expect(link).toMatch(
      /Lag behind it\s*0\.3 s\s*Silent\s*no\s*Settled until\s*\d\d:\d\d:\d\d, 10 min ago\s*Events left to it[^]*12\s*Blocks[^]*0/,
    );
    await expect
      .poll(() => page.innerText('.region-sinks'), PATIENT)
      .toMatch(/budgets\s*region b\s*failing: The region/);
    await expect
      .poll(() => page.locator('.region-sinks tbody tr').first().innerText(), PATIENT)
      .toMatch(/reporting store\s*region a\s*following\s*none\s*\d+/);
    expect(await page.locator('.region-switch').count()).toBe(0);
  });

  test('a peer that is silent is said to be, since when and why', async () => {
    const silent = {
      ...PEER,
      isConnected: false,
      silentSince: Date.now() - 75_000,
      lastError: 'It refuses.',
    };
    const page = await open(silent);
    await expect
      .poll(() => page.innerText('.region-card >> nth=1'))
      .toMatch(/Silent\s*since \d\d:\d\d:\d\d, for 1 min/);
    expect(await page.textContent('.region-link')).toContain('It refuses.');
    expect(await page.textContent('.map-table thead')).toContain('Region b, silent');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('a region alone has one lane and no link', async () => {
    const page = await open(null);
    expect(await page.locator('.region-card').count()).toBe(1);
    expect(await page.locator('.map-lane').count()).toBe(1);
    expect(await page.locator('.region-link').count()).toBe(0);
  });

  test('the map leads to the views, by keyboard too, and a table says the same', async () => {
    const page = await open();
    const node = page.locator('.map-node', { hasText: 'Budgets' }).first();
    expect(await node.textContent()).toMatch(/^Budgets .* failing$/);
    expect(await page.locator('.map-lane').first().getAttribute('aria-label')).toBe('Region a');
    expect(await page.textContent('.map-table')).toMatch(/Publishers[\d,]+ events\/s/);
    await node.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.textContent('h1')).toBe('Campaigns');
  });

  test('nothing jumps when the figures come', async () => {
    const page = await open();
    await page.waitForSelector('.region-sinks tbody tr', PATIENT);
    await page.evaluate(() => (window.layoutShift = 0));
    await page.waitForTimeout(2500);
    expect(await page.evaluate(() => window.layoutShift)).toBeLessThan(0.005);
  });

  test('in the demo a region is killed after a word of warning, and restarted', async () => {
    pages.server.setDemo(mockDemo(pages.server.url));
    const page = await open();
    await page.focus('text=Kill region b');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]');
    expect(await page.textContent('dialog[open]')).toContain('as in a power cut');
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('Cancel');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement!.textContent.trim())).toBe('Kill region b');
    expect(pages.server.demoActions).toEqual([]);

    await page.keyboard.press('Enter');
    await page.click('dialog[open] .danger');
    await expect.poll(() => page.textContent('.region-card >> nth=1')).toContain('Killed');
    await page.click('.region-card >> nth=1 >> text=Restart');
    await expect.poll(() => page.textContent('.region-card >> nth=1')).toContain('Alive');
    expect(pages.server.demoActions).toEqual(['kill b', 'restart b']);
  });

  test.each(['light', 'dark'] as const)(
    'accessible and in its place, wide and narrow, %s',
    async (scheme) => {
      pages.server.setFrame({ peer: PEER });
      pages.server.setDemo(mockDemo(pages.server.url));
      const page = await pages.open('#/regions', { colorScheme: scheme });
      await page.waitForSelector('.region-switch', PATIENT);
      for (const width of [1280, 400]) {
        await page.setViewportSize({ width, height: 780 });
        expect.soft(await accessibilityFaults(page), `${width} px`).toEqual([]);
        expect.soft(await overflowPx(page), `${width} px`).toBeLessThanOrEqual(0);
      }
    },
  );
});

describe.runIf(hasBrowser())('when the region of the page dies, it', () => {
  const pages = new MockPages();
  let other: MockServer;
  beforeEach(async () => {
    other = await startMockServer();
    other.setFrame({ region: 'b' });
  });
  afterEach(() => other.close());

  async function openWith(hash: string, peer: Partial<LivePeer> = {}): Promise<Page> {
    pages.server.setFrame({ peer: { ...PEER, url: other.url, ...peer } });
    const page = await pages.open(hash);
    await expect.poll(() => page.getAttribute('.strip', 'data-state'), PATIENT).toBe('live');
    return page;
  }

  test('goes on at the other one’s, at the same view, in the demo', async () => {
    pages.server.setDemo([mockDemo(pages.server.url)[0], { ...mockDemo('')[1], url: other.url }]);
    const page = await openWith('#/ad/ad-00020?minutes=15');
    await page.selectOption('.zone', 'Asia/Tokyo');
    await page.click('text=Dark');
    await expect.poll(() => pages.server.demoAsked(), PATIENT).toBeGreaterThan(0);
    await page.waitForTimeout(200);
    pages.server.breakLive();
    await expect.poll(() => page.textContent('.strip'), PATIENT).toContain('The page goes on at region b');
    await page.waitForURL(`${other.url}/**`, PATIENT);
    await expect
      .poll(() => page.textContent('.strip'), PATIENT)
      .toContain('here since region a did not answer');
    expect(await page.textContent('h1')).toBe('ad-00020');
    expect(page.url()).toBe(`${other.url}/#/ad/ad-00020?minutes=15`);
    expect(await page.inputValue('.zone')).toBe('Asia/Tokyo');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    pages.forgive(/^Failed to load resource|^asked another host/);
  });

  test('can be made to stay', async () => {
    pages.server.setDemo([mockDemo(pages.server.url)[0], { ...mockDemo('')[1], url: other.url }]);
    const page = await openWith('#/', {});
    await expect.poll(() => pages.server.demoAsked(), PATIENT).toBeGreaterThan(0);
    await page.waitForTimeout(200);
    pages.server.breakLive();
    await page.click('text=Stay', PATIENT);
    await page.waitForTimeout(2500);
    expect(page.url()).toContain(pages.server.url);
    expect(await page.getAttribute('.strip-failover a', 'href')).toContain(`${other.url}/?from=a`);
    expect(await accessibilityFaults(page)).toEqual([]);
    pages.forgiveFailedRequests();
  });

  test('offers the way, where this is no demo, and goes nowhere by itself', async () => {
    const page = await openWith('#/campaigns');
    await page.setViewportSize({ width: 400, height: 780 });
    pages.server.breakLive();
    await page.waitForSelector('.strip-failover a', PATIENT);
    expect(await overflowPx(page)).toBeLessThanOrEqual(0);
    await page.waitForTimeout(2500);
    await page.click('text=Go on at region b');
    await page.waitForURL(`${other.url}/#/campaigns`, PATIENT);
    pages.forgive(/^Failed to load resource|^asked another host/);
  });
});
