import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { launchBrowser, openPage, type WatchedPage } from './browser.ts';
import { type MockServer, startMockServer } from './mock-server.ts';

/**
 * Pages of a mock server: a browser for the tests of a group, a server for each of them. A test after which a page has done
 * what it must not fails.
 */
export class MockPages {
  #browser!: Browser;
  #opened: WatchedPage[] = [];
  server!: MockServer;

  /** To be called within the group. */
  constructor() {
    beforeAll(async () => {
      this.#browser = await launchBrowser();
    });
    afterAll(() => this.#browser.close());
    beforeEach(async () => {
      this.server = await startMockServer();
    });
    afterEach(async () => {
      const faults = this.#opened.flatMap((each) => each.faults);
      for (const { page } of this.#opened) await page.context().close();
      this.#opened = [];
      await this.server.close();
      if (faults.length > 0) throw new Error(`The page did what it must not: ${faults.join('\n')}`);
    });
  }

  async open(
    hash: string,
    options: BrowserContextOptions = {},
    prepare?: (page: Page) => Promise<void>,
  ): Promise<Page> {
    const watched = await openPage(this.#browser, `${this.server.url}/${hash}`, options, prepare);
    this.#opened.push(watched);
    return watched.page;
  }

  /** Chromium writes every failed request to the console; where a test makes requests fail, they are no fault. */
  forgiveFailedRequests(): void {
    this.forgive(/^Failed to load resource/);
  }

  /** Of the test that is under way these are no faults. */
  forgive(expected: RegExp): void {
    for (const { faults } of this.#opened) {
      const others = faults.filter((fault) => !expected.test(fault));
      faults.splice(0, faults.length, ...others);
    }
  }
}
