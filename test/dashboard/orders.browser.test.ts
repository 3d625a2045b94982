import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, hasBrowser, overflowPx } from './browser.ts';
import { mockOrderAnswer, mockRecord, mockUnattributed } from './mock-orders.ts';
import { MockPages } from './mock-pages.ts';

const LONGEST_ID = 'o/?#&% <img src=x onerror=alert(1)> \u202e'.repeat(4).slice(0, 128);
/** Other work on the machine may hold a page up. */
const PATIENT = { timeout: 15_000 };
const MOST = Number.MAX_SAFE_INTEGER;

describe.runIf(hasBrowser())('orders on the live page', () => {
  const pages = new MockPages();

  async function open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await pages.open(hash, options);
    await expect.poll(() => page.getAttribute('.strip', 'data-state'), PATIENT).toBe('live');
    return page;
  }

  async function openOrders(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await open('#/orders', options);
    await page.waitForSelector('.orders tbody tr');
    return page;
  }

  test('an order says who led to it, how and how long before, or why nobody did', async () => {
    pages.server.setOrders([
      mockRecord({ orderId: 'o-click', enrichmentStatus: 'pending' }),
      mockRecord({ orderId: 'o-view', touchType: 'impression', enrichmentStatus: 'unavailable' }),
      mockUnattributed('other_merchant', { orderId: 'o-none', orderStatus: 'refunded', orderVersion: 3 }),
    ]);
    const page = await openOrders();
    const rows = (await page.locator('.orders tbody tr').allInnerTexts()).map((row) =>
      row.split('\t').map((cell) => cell.trim()),
    );
    expect(rows.map(([, ...cells]) => cells)).toEqual([
      ['o-click', 'placed', '€23.50', 'ad-00020\nby click, 1 min 40 s before', 'pending'],
      ['o-view', 'placed', '€23.50', 'ad-00020\nby view, 1 min 40 s before', 'unavailable'],
      ['o-none', 'refunded, version 3', '€23.50', 'not attributed: touched for another merchant', 'enriched'],
    ]);
    expect(await page.textContent('.totals')).toMatch(
      /shown\s*3\s*Attributed\s*2\s*Attributed share\s*66\.67%\s*Credit\s*€47\.00/,
    );
    expect(pages.server.asked).toContain('/v1/orders?limit=200');
  });

  test('money and totals are exact', async () => {
    const huge = { amountMicros: MOST, creditMicros: MOST };
    pages.server.setOrders([
      mockRecord({ orderId: 'a', ...huge }),
      mockRecord({ orderId: 'b', ...huge }),
      mockRecord({ orderId: 'c', currency: 'USD', amountMicros: 1 }),
    ]);
    const page = await openOrders();
    expect(await page.textContent('.orders .order-amount >> nth=1')).toBe('€9,007,199,254.740991');
    expect(await page.textContent('.totals')).toContain('€18,014,398,509.481982 + $0.000001');
  });

  test('the switch shows another model, and is not there when there is one', async () => {
    const page = await openOrders();
    await page.click('text=linear');
    await expect.poll(() => page.textContent('.orders tbody')).toContain('before, and 1 more');
    pages.server.setOrders([mockRecord()]);
    await expect.poll(() => page.locator('.orders tbody tr').count(), PATIENT).toBe(1);
    expect(await page.locator('input[name="model"]').count()).toBe(0);
    expect(await page.textContent('.orders tbody')).toContain('ad-00020');
  });

  test('a switch of all models fits a narrow screen', async () => {
    const models = ['last_touch', 'first_touch', 'linear', 'time_decay'] as const;
    pages.server.setOrders(models.map((model) => mockRecord({ model })));
    const page = await openOrders({ viewport: { width: 320, height: 780 } });
    expect(await page.locator('input[name="model"]').count()).toBe(4);
    expect(await overflowPx(page)).toBeLessThanOrEqual(0);
  });

  test('new orders come by themselves and nothing jumps', async () => {
    const page = await openOrders();
    const firstId = (): Promise<string | null> => page.textContent('.orders .order-id a');
    const before = await firstId();
    await page.evaluate(() => (window.layoutShift = 0));
    await expect.poll(firstId, PATIENT).not.toBe(before);
    expect(await page.evaluate(() => window.layoutShift)).toBeLessThan(0.005);
  });

  test('the list holds still under the pointer', async () => {
    const page = await openOrders();
    await page.hover('.orders tbody tr >> nth=2');
    pages.server.setOrders([]);
    await page.waitForTimeout(2600);
    expect(await page.locator('.orders tbody tr').count()).toBe(50);
    await page.mouse.move(5, 5);
    await page.waitForSelector('text=No orders yet', PATIENT);
  });

  test('a region without orders tells how to send one', async () => {
    pages.server.setOrders([]);
    const page = await open('#/orders');
    await page.waitForSelector('.call');
    const command = (await page.textContent('.command'))!;
    expect(command).toContain(`curl ${pages.server.url}/v1/orders`);
    const order = JSON.parse(/'(\{.*\})'/.exec(command)![1]) as Record<string, unknown>;
    expect(Object.keys(order)).toEqual(['orderId', 'orderTime', 'userId', 'merchantId', 'amountMicros']);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('an order: records, and every touch in its place in time with its reason', async () => {
    const page = await openOrders();
    const orderId = (await page.textContent('.orders .order-id a >> nth=2'))!;
    await page.click('.orders .order-id a >> nth=2');
    await page.waitForSelector('.timeline');
    expect(pages.server.asked.some((path) => path.startsWith(`/v1/orders/${orderId}/explain`))).toBe(true);
    expect(await page.title()).toBe(`Order ${orderId} · adtally`);
    const items = await page.locator('.timeline li').allInnerTexts();
    expect(items).toHaveLength(7);
    expect(items[0]).toMatch(/11 min 40 s after[^]*not eligible[^]*came after the order/);
    expect(items[1]).toContain('The order');
    expect(items[2]).toMatch(/50 s before[^]*beaten[^]*a click beats an impression/);
    expect(items[3]).toMatch(/credit[^]*Of the order's €23\.50 this click gets €23\.50 by last touch/);
    const records = await page.locator('.records tbody tr').allInnerTexts();
    expect(records.map((row) => row.includes('withdrawn'))).toEqual([false, false, false, true]);
    expect(await page.textContent('.enrichment')).toContain('Pizzeria da Gino');
    await page.click('.timeline [data-fate="credit"] a >> nth=0');
    await page.waitForFunction(() => location.hash === '#/ad/ad-00020');
  });

  test('a cancelled order and one that nobody touched', async () => {
    const answer = mockOrderAnswer('o-1', Date.now());
    const winner = answer.touches.find(({ credits }) => credits.length > 0)!;
    const message = 'This click led to the order by last_touch; the order is cancelled, so the credit is 0.';
    pages.server.setOrder({
      ...answer,
      order: { ...answer.order, orderStatus: 'cancelled' },
      touches: [{ ...winner, message }],
    });
    const page = await open('#/order/o-1');
    await page.waitForSelector(`text=${message.replace('last_touch', 'last touch')}`);
    pages.server.setOrder({ ...answer, records: [mockUnattributed('no_touch')], touches: [] });
    await expect.poll(() => page.textContent('.records'), PATIENT).toContain('none: no touch of this user');
    expect(await page.textContent('main')).toContain('No impression or click of this user');
  });

  test('of thousands of touches the latest are listed, and those with credit', async () => {
    const answer = mockOrderAnswer('o-1', Date.now());
    const beaten = answer.touches.find(({ reason }) => reason === 'beaten_by_click')!;
    const winner = answer.touches.find(({ credits }) => credits.length > 0)!;
    const many = Array.from({ length: 3000 }, (_, index) => ({
      ...beaten,
      touch: { ...beaten.touch, eventId: `many-${index}` },
    }));
    pages.server.setOrder({ ...answer, touches: [...many, winner] });
    const page = await open('#/order/o-1');
    await page.waitForSelector('text=2,800 more, none of them with credit');
    expect(await page.locator('.timeline li').count()).toBe(202);
    expect(await page.locator('.timeline [data-fate="credit"]').count()).toBe(1);
  });

  test('an order that is not held, until it comes, and a region that refuses', async () => {
    const page = await open('#/orders');
    await page.fill('[aria-label="Go to an order by its id"]', 'none-such');
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=No order with this id is held');
    expect(await page.locator('[role="alert"]').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);

    pages.server.failWith({ status: 503, detail: 'The region is stopping.' });
    await expect
      .poll(() => page.locator('[role="alert"]').allTextContents(), PATIENT)
      .toEqual(['The region is stopping. Trying again.']);
    pages.server.failWith(null);
    pages.server.setOrder(mockOrderAnswer('none-such', Date.now()));
    await page.waitForSelector('.timeline', PATIENT);
    pages.forgiveFailedRequests();
  });

  test('any id is text, and its link leads to it', async () => {
    const hostile = {
      orderId: LONGEST_ID,
      adId: LONGEST_ID,
      campaignId: LONGEST_ID,
      userId: LONGEST_ID,
      merchantId: LONGEST_ID,
      enrichment: { [LONGEST_ID]: LONGEST_ID, ['w'.repeat(300)]: ['w'.repeat(3000)] },
    };
    const record = mockRecord({ ...hostile, amountMicros: MOST });
    const answer = mockOrderAnswer(LONGEST_ID, Date.now());
    const [{ touch }] = answer.touches;
    pages.server.setOrders([record]);
    pages.server.setOrder({
      ...answer,
      order: { ...answer.order, ...hostile, amountMicros: MOST },
      records: [record],
      touches: answer.touches.map((each) => ({ ...each, touch: { ...touch, ...hostile } })),
    });
    for (const width of [1280, 360]) {
      const page = await openOrders({ viewport: { width, height: 780 } });
      expect(await overflowPx(page)).toBeLessThanOrEqual(0);
      expect(await page.textContent('.orders .order-amount >> nth=1')).toBe('€9,007,199,254.740991');
      await page.click('.orders .order-id a');
      await page.waitForSelector('.timeline');
      expect(await page.textContent('h1')).toBe(LONGEST_ID);
      expect(await overflowPx(page)).toBeLessThanOrEqual(0);
      expect(await page.locator('main img').count()).toBe(0);
      expect(await accessibilityFaults(page)).toEqual([]);
    }
    expect(pages.server.asked).toContain(`/v1/orders/${encodeURIComponent(LONGEST_ID)}/explain?`);
  });

  test('all of it by keyboard', async () => {
    const page = await openOrders();
    await page.focus('input[name="model"]:checked');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.textContent('.orders tbody')).toContain('and 1 more');

    await page.focus('.orders .order-id a >> nth=1');
    const orderId = (await page.textContent('.orders .order-id a >> nth=1'))!;
    await page.waitForTimeout(2600); // the list may not change under the focus
    await page.keyboard.press('Enter');
    await page.waitForFunction((id) => location.hash === `#/order/${id}`, orderId);
    await page.waitForFunction(() => document.activeElement!.id === 'main');

    await page.focus('.order-search input');
    await page.keyboard.type('order-7');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash === '#/order/order-7');
  });

  test('a lost region leaves the orders and says so', async () => {
    const page = await openOrders();
    pages.server.failWith({ status: 503, detail: 'The region is stopping.' });
    await expect
      .poll(() => page.locator('[role="alert"]').allTextContents(), PATIENT)
      .toEqual(['The region is stopping. Trying again.']);
    expect(await page.locator('.orders tbody tr').count()).toBe(50);
    pages.forgiveFailedRequests();
  });

  test.each(['light', 'dark'] as const)(
    'every view is accessible and fits, wide and narrow, %s',
    async (scheme) => {
      const page = await open('#/orders', { colorScheme: scheme });
      for (const hash of ['#/orders', '#/order/order-70042']) {
        for (const width of [1280, 900, 360]) {
          await page.setViewportSize({ width, height: 780 });
          await page.goto(`${pages.server.url}/${hash}`);
          await page.waitForSelector('main tbody tr');
          expect.soft(await accessibilityFaults(page), `${hash} at ${width} px`).toEqual([]);
          expect.soft(await overflowPx(page), `${hash} at ${width} px`).toBeLessThanOrEqual(0);
        }
      }
    },
  );
});
