import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, launchBrowser, openPage } from '../dashboard/browser.ts';
import { type TestServer, openTestServer } from './server-fixture.ts';

describe.runIf(hasBrowser())('/docs in a browser', () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await openTestServer();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  test('shows the operations, under its own policy, and has nothing to do with other hosts', async () => {
    const { page, faults } = await openPage(browser, `${server.url}/docs/`);
    await page.getByText('Send impressions and clicks').first().waitFor();
    await page.getByText('Figures', { exact: true }).first().waitFor();
    for (const elsewhere of ['Ask AI', 'Generate MCP', 'Deploy', 'Share']) {
      expect(await page.getByText(elsewhere, { exact: true }).count()).toBe(0);
    }
    expect(faults).toEqual([]);
  });
});
