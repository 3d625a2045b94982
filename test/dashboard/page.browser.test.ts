import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, hasBrowser, overflowPx, paintedPixels } from './browser.ts';
import { MockPages } from './mock-pages.ts';

const LONGEST_ID = 'ad/?#&% <img src=x onerror=alert(1)> '.repeat(4).slice(0, 128);
/** Other work on the machine may hold a page up. */
const PATIENT = { timeout: 15_000 };
const COUNTED = '.headline-figure';
const MOST = Number.MAX_SAFE_INTEGER;

function connectionOf(page: Page): Promise<string | null> {
  return page.getAttribute('.strip', 'data-state');
}

async function figuresToChange(page: Page): Promise<void> {
  const before = (await page.textContent(COUNTED))!;
  await page.waitForFunction(
    ([css, text]) => document.querySelector(css)!.textContent !== text,
    [COUNTED, before],
  );
}

describe.runIf(hasBrowser())('live page', () => {
  const pages = new MockPages();

  async function open(
    hash = '',
    options: BrowserContextOptions = {},
    prepare?: (page: Page) => Promise<void>,
  ): Promise<Page> {
    const page = await pages.open(hash, options, prepare);
    await expect.poll(() => connectionOf(page), PATIENT).toBe('live');
    return page;
  }

  test('figures follow the frames, exactly', async () => {
    const page = await open();
    await figuresToChange(page);

    const verdicts = { counted: MOST - 15, duplicate: 5, conflict: 4, late: 3, future: 2, invalid: 1 };
    pages.server.setFrame({ received: MOST, verdicts, eventsPerSecond: 1234.5 });
    await page.waitForFunction(
      (css) => document.querySelector(css)!.textContent === '9,007,199,254,740,976',
      COUNTED,
    );
    expect(await page.textContent('.headline-rate')).toContain('1,235 events per second');
    expect(await page.textContent('[data-verdict="counted"]')).toContain('>99.99%');
    expect(await page.textContent('.balance')).toContain('= sum of verdicts');
    expect(await page.getAttribute('.balance', 'data-balanced')).toBe('true');
    expect(await overflowPx(page)).toBeLessThanOrEqual(0);
  });

  test('books that do not balance are said so', async () => {
    const page = await open();
    pages.server.setFrame({ received: 7 });
    await page.waitForSelector('.balance[data-balanced="false"]');
    expect(await page.textContent('.balance')).toContain('adtally audit');
  });

  test('a lost connection leaves the figures, says of when they are, and comes back', async () => {
    const page = await open();
    pages.server.breakLive();
    await expect.poll(() => connectionOf(page), PATIENT).toBe('lost');
    expect(await page.textContent('.strip')).toMatch(/Connection lost.*figures are of \d\d:\d\d:\d\d/s);
    expect(await page.textContent(COUNTED)).toMatch(/^1,2\d\d,\d{3}$/);
    expect(await page.getAttribute('.overview', 'data-stale')).toBe('true');
    expect(await accessibilityFaults(page)).toEqual([]);
    pages.forgiveFailedRequests();
  });

  test('one need not wait for the next attempt', async () => {
    const page = await open('', {}, (fresh) => fresh.clock.install());
    // Time stands still before the connection breaks: no attempt of the page's own can come in between.
    await page.clock.pauseAt(Date.now() + 1000);
    pages.server.breakLive();
    await expect.poll(() => connectionOf(page), PATIENT).toBe('lost');
    pages.server.resume();
    await page.click('text=Try now');
    await expect.poll(() => connectionOf(page), PATIENT).toBe('live');
    expect(await page.getAttribute('.overview', 'data-stale')).toBe('false');
    pages.forgiveFailedRequests();
  });

  test('it tries again by itself', async () => {
    const page = await open();
    pages.server.breakLive();
    await expect.poll(() => connectionOf(page), PATIENT).toBe('lost');
    pages.server.resume();
    await expect.poll(() => connectionOf(page), PATIENT).toBe('live');
    pages.forgiveFailedRequests();
  });

  test('a stream that falls silent counts as lost', async () => {
    const page = await open('', {}, (fresh) => fresh.clock.install());
    for (const _ of [1, 2, 3]) {
      await page.clock.fastForward(3000);
      await figuresToChange(page);
    }
    expect(pages.server.asked).toEqual(['/v1/live?']);
    pages.server.silence();
    await page.clock.fastForward(6000);
    await expect.poll(() => connectionOf(page), PATIENT).toBe('lost');
    // The next stream says nothing at all; it is given up too.
    await page.clock.fastForward(1000);
    await expect.poll(() => pages.server.asked.length, PATIENT).toBe(2);
    await page.clock.fastForward(6000);
    await page.clock.fastForward(2000);
    await expect.poll(() => pages.server.asked.length, PATIENT).toBe(3);
  });

  test('a page nobody looks at gives its stream up, and takes it up again', async () => {
    const page = await open('', {}, (fresh) => fresh.clock.install());
    const look = (isSeen: boolean): Promise<void> =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, !isSeen);
    await look(false);
    await page.clock.fastForward(3000);
    expect(pages.server.viewers()).toBe(1);
    for (const _ of Array.from({ length: 10 })) await page.clock.fastForward(3000);
    await expect.poll(pages.server.viewers, PATIENT).toBe(0);
    await page.clock.fastForward(60_000);
    expect(pages.server.viewers()).toBe(0);
    await look(true);
    await expect.poll(() => connectionOf(page), PATIENT).toBe('live');
    expect(pages.server.viewers()).toBe(1);
  });

  test('nothing jumps: not when the figures come, not when the connection goes', async () => {
    const page = await open();
    await page.waitForTimeout(1200);
    pages.server.breakLive();
    await expect.poll(() => connectionOf(page), PATIENT).toBe('lost');
    expect(await page.evaluate(() => window.layoutShift)).toBeLessThan(0.005);
    pages.forgiveFailedRequests();
  });

  test('a region without events tells what to do', async () => {
    const none = { counted: 0, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 };
    pages.server.setFrame({
      received: 0,
      verdicts: none,
      topAds: [],
      freshness: { p50Ms: null, p99Ms: null },
    });
    const page = await open();
    const text = await page.textContent('main');
    expect(text).toContain('No events yet');
    expect(text).toContain('adtally generate');
    expect(text).toContain('POST /v1/events');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('an ad: chart, totals and minutes, asked for one request at a time', async () => {
    const page = await open();
    await page.click('.ads a >> nth=0');
    await page.waitForFunction(() => document.querySelector('.totals')?.textContent?.includes('€'));
    expect(await page.textContent('h1')).toBe('ad-00020');
    const painted = await paintedPixels(page);
    expect(painted).toHaveLength(2);
    expect(Math.min(...painted)).toBeGreaterThan(1000);

    await page.click('text=The minutes as a table');
    await expect.poll(() => page.locator('.minutes tbody tr').count()).toBe(60);
    pages.server.answerAfter(1800); // longer than the page waits between two
    await page.waitForTimeout(4500);
    const asked = pages.server.asked.filter((path) => path.startsWith('/v1/ad-minutes'));
    expect(asked.length).toBeGreaterThan(1);
    expect(pages.server.overlapMost()).toBe(1);
    const query = new URL(asked[0], pages.server.url).searchParams;
    expect(query.get('timezone')).toBe('Europe/Paris');
    expect(Date.parse(query.get('to')!) - Date.parse(query.get('from')!)).toBe(3_600_000);
  });

  test('the time zone is one switch for everything', async () => {
    const page = await open('#/ad/ad-00020');
    await page.waitForSelector('.totals dd:has-text("€")');
    await page.selectOption('.zone', 'Australia/Adelaide');
    const minute = new Date().toLocaleTimeString('en-GB', {
      timeZone: 'Australia/Adelaide',
      hour: '2-digit',
      minute: '2-digit',
    });
    expect(await page.textContent('.readout-time')).toContain(minute.slice(0, 3));
    await expect.poll(() => pages.server.asked.at(-1)).toContain('timezone=Australia%2FAdelaide');
    await page.reload();
    expect(await page.inputValue('.zone')).toBe('Australia/Adelaide');
  });

  test('an ad without events, and a region that refuses', async () => {
    const page = await open('#/ad/none-such');
    await page.waitForSelector('text=Is the id right');
    pages.server.failWith({ status: 422, detail: 'The costs add up to more than 2^53 − 1 micros.' });
    await expect
      .poll(() => page.locator('[role="alert"]').allTextContents(), PATIENT)
      .toEqual(['The costs add up to more than 2^53 − 1 micros. Trying again.']);
    pages.server.failWith(null);
    await page.waitForSelector('text=Is the id right');
    pages.forgiveFailedRequests();
  });

  test('any id is text, and its link leads to it', async () => {
    const ad = { adId: LONGEST_ID, campaignId: LONGEST_ID, advertiserId: LONGEST_ID, currency: 'XXX' };
    pages.server.setFrame({ topAds: [{ ...ad, impressions: MOST, clicks: MOST, costMicros: MOST }] });
    const page = await open('', { viewport: { width: 360, height: 780 } });
    expect(await overflowPx(page)).toBeLessThanOrEqual(0);
    await page.click('.ads a');
    await page.waitForSelector('.totals dd:has-text("€")');
    expect(await page.textContent('h1')).toBe(LONGEST_ID);
    expect(await overflowPx(page)).toBeLessThanOrEqual(0);
    const asked = pages.server.asked.find((path) => path.startsWith('/v1/ad-minutes'))!;
    expect(new URL(asked, pages.server.url).searchParams.get('adId')).toBe(LONGEST_ID);
    expect(await page.locator('main img').count()).toBe(0);
  });

  test('the list of ads holds still under the pointer', async () => {
    const page = await open();
    await page.hover('.ads tbody tr >> nth=2');
    pages.server.setFrame({ topAds: [] });
    await page.waitForTimeout(1200);
    expect(await page.locator('.ads tbody tr').count()).toBe(10);
    await page.mouse.move(5, 5);
    await page.waitForSelector('text=No ad had an impression');
  });

  test('quarantine lists what was refused, and why', async () => {
    const page = await open('#/quarantine');
    await page.waitForSelector('.entries tbody tr');
    expect(await page.locator('.entries tbody tr').count()).toBe(50);
    expect(await page.textContent('.entries tbody tr')).toContain('adId is missing.');
    expect(pages.server.asked).toContain('/v1/quarantine?limit=50');
  });

  test('all of it by keyboard', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('Skip to the figures');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('main');

    await page.focus('.ads a >> nth=1');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash === '#/ad/ad-00057');
    await page.waitForFunction(() => document.activeElement!.id === 'main');

    await page.focus('.search input');
    await page.keyboard.type('ad-7');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash === '#/ad/ad-7');

    await page.focus('input[name="theme"]:checked');
    await page.keyboard.press('ArrowLeft');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    await page.reload();
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
  });

  test('every control can be reached and shows its focus', async () => {
    const page = await open();
    const reached = new Set<string>();
    for (let step = 0; step < 30; step++) {
      await page.keyboard.press('Tab');
      const { name, visible } = await page.evaluate(() => {
        const focused = document.activeElement as HTMLElement;
        const ring = getComputedStyle(
          focused.matches('.segments input') ? focused.nextElementSibling! : focused,
        );
        const label = focused.getAttribute('aria-label') ?? focused.textContent ?? '';
        return { name: `${focused.tagName} ${label.slice(0, 30)}`, visible: ring.outlineStyle !== 'none' };
      });
      if (name.startsWith('BODY')) break;
      reached.add(name);
      expect(`${name}: ${visible}`).toBe(`${name}: true`);
    }
    for (const control of ['INPUT Go to an ad by its id', 'SELECT Time zone', 'A Metrics', 'A ad-00020']) {
      expect([...reached]).toContain(control);
    }
  });

  test('screen readers are told now and then', async () => {
    const page = await open('', {}, (fresh) => fresh.clock.install());
    expect(await page.textContent('[role="status"]')).toBe('Live');
    await page.clock.fastForward(20_000);
    await expect
      .poll(() => page.textContent('[aria-live="polite"]'))
      .toMatch(/events counted, .* per second/);
  });

  test.each(['light', 'dark'] as const)(
    'every view is accessible and fits, wide and narrow, %s',
    async (scheme) => {
      const page = await open('', { colorScheme: scheme });
      for (const hash of ['#/', '#/ad/ad-00020', '#/quarantine', '#/nowhere']) {
        for (const width of [1280, 360]) {
          await page.setViewportSize({ width, height: 780 });
          await page.goto(`${pages.server.url}/${hash}`);
          await page.waitForTimeout(250);
          expect.soft(await accessibilityFaults(page), `${hash} at ${width} px`).toEqual([]);
          expect.soft(await overflowPx(page), `${hash} at ${width} px`).toBeLessThanOrEqual(0);
        }
      }
    },
  );
});
