import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { accessibilityFaults, hasBrowser, overflowPx } from './browser.ts';
import { MockPages } from './mock-pages.ts';

const PATIENT = { timeout: 15_000 };

async function run(page: Page, sql: string): Promise<void> {
  await page.fill('.sql-field', sql);
  await page.press('.sql-field', 'Control+Enter');
}

describe.runIf(hasBrowser())('SQL', () => {
  const pages = new MockPages();

  test('Ctrl-Enter runs it; numbers are exact and to the right', async () => {
    const page = await pages.open('#/sql');
    await run(page, 'SELECT 1');
    await page.waitForSelector('.sql-result tbody tr', PATIENT);
    expect(await page.locator('.sql-result tbody tr').first().innerText()).toMatch(
      /=1\+1\s+9223372036854775807\s+0\.5/,
    );
    expect(await page.textContent('.sql-result tbody tr >> nth=1')).toContain('null');
    expect(await page.textContent('.sql-result [role=status]')).toBe(
      'the first 2 rows; there are more, in 12 ms',
    );
    const align = (cell: number): Promise<string> =>
      page
        .locator('.sql-result tbody tr >> nth=0')
        .locator(`td >> nth=${cell}`)
        .evaluate((td) => getComputedStyle(td).textAlign);
    expect([await align(0), await align(1)]).toEqual(['left', 'right']);
  });

  test('an error is said in DuckDB’s words, and the query stays', async () => {
    const page = await pages.open('#/sql');
    await run(page, 'FROM nonsense');
    await expect
      .poll(() => page.textContent('[role=alert]'), PATIENT)
      .toContain('Did you mean "reporting.ad_minutes"?');
    expect(await page.inputValue('.sql-field')).toBe('FROM nonsense');
    expect(await page.evaluate(() => document.activeElement!.className)).toBe('sql-field');
    expect(await accessibilityFaults(page)).toEqual([]);
    await run(page, 'SELECT 1');
    await page.waitForSelector('.sql-result tbody tr', PATIENT);
    expect(await page.locator('[role=alert]').count()).toBe(0);
    pages.forgiveFailedRequests();
  });

  test('the query stands in the address, which never runs it by itself', async () => {
    const page = await pages.open('#/sql');
    await page.fill('.sql-field', 'SELECT 7');
    await page.waitForFunction(() => location.hash === '#/sql?q=SELECT%207');
    await page.reload();
    expect(await page.inputValue('.sql-field')).toBe('SELECT 7');
    await page.waitForSelector('.sql-tables details', PATIENT);
    expect(pages.server.asked.filter((path) => path.startsWith('/v1/sql'))).toHaveLength(2);
    expect(await page.locator('.sql-result').count()).toBe(0);
  });

  test('examples fill the field; tables tell their columns', async () => {
    const page = await pages.open('#/sql');
    await page.click('text=By 6 hours');
    expect(await page.inputValue('.sql-field')).toContain('warehouse.ad_6h');
    await page.click('text=reporting.ad_minutes');
    expect(await page.textContent('.sql-tables li >> nth=1')).toMatch(/clicks\s*bigint/);
  });

  test('the answer goes to the clipboard as CSV, safe in a spreadsheet', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const page = await pages.open('#/sql', { permissions });
    await run(page, 'SELECT 1');
    await page.click('text=Copy as CSV', PATIENT);
    await expect.poll(() => page.textContent('.sql-copy')).toContain('Copied.');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied.replaceAll('\r\n', '\n')).toBe("ad_id,big,share\n'=1+1,9223372036854775807,0.5\nb,2,\n");
  });

  test.each(['light', 'dark'] as const)(
    'accessible and in its place, wide and narrow, %s',
    async (scheme) => {
      const page = await pages.open('#/sql', { colorScheme: scheme });
      await run(page, 'SELECT 1');
      await page.waitForSelector('.sql-result tbody tr', PATIENT);
      for (const width of [1280, 400]) {
        await page.setViewportSize({ width, height: 780 });
        expect.soft(await accessibilityFaults(page), `${width} px`).toEqual([]);
        expect.soft(await overflowPx(page), `${width} px`).toBeLessThanOrEqual(0);
      }
    },
  );
});
