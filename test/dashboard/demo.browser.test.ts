import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Workplace } from '../cli/adtally-process.ts';
import { hasBrowser, launchBrowser, openPage } from './browser.ts';

/** Other work on the machine may hold a region up. */
const PATIENT = { timeout: 30_000 };

interface Line {
  readonly event: string;
  readonly region: string;
  readonly url: string;
  readonly pid: number;
}

describe.runIf(hasBrowser())('the demo', () => {
  let place: Workplace;
  const pids = new Set<number>();
  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(async () => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended, as it should.
      }
    }
    pids.clear();
    await place.remove();
  });

  test('kill a region in the page: it goes on at the other one, which restarts the first', async () => {
    const demo = await place.start<Line>(['demo', '--port', '0', '--rate', '20']);
    const lineOf = async (region: string, event: string): Promise<Line> => {
      const line = await demo.line((said) => said.event === event && said.region === region);
      pids.add(line.pid);
      return line;
    };
    const [a, b] = [await lineOf('a', 'started'), await lineOf('b', 'started')];
    const browser = await launchBrowser();
    try {
      const { page } = await openPage(browser, `${a.url}/#/regions`);
      await expect.poll(() => page.innerText('.region-card >> nth=1'), PATIENT).toMatch(/Region b[^]*Alive/);
      await page.click('text=Kill region a', PATIENT);
      await page.click('dialog[open] .danger');
      await page.waitForURL(`${b.url}/#/regions`, PATIENT);
      await expect
        .poll(() => page.textContent('.strip'), PATIENT)
        .toContain('here since region a did not answer');
      await expect
        .poll(() => page.innerText('.region-card >> nth=0'), PATIENT)
        .toMatch(/Killed[^]*starts again in/);
      const counted = (): Promise<string | null> => page.textContent('.headline-figure');
      await page.click('nav >> text=Live');
      const before = await counted();
      await expect.poll(counted, PATIENT).not.toBe(before);
      await page.click('nav >> text=Regions');
      await page.click('.region-card >> nth=0 >> text=Restart', PATIENT);
      pids.add((await demo.line(({ event, region }) => event === 'restarted' && region === 'a')).pid);
      await expect.poll(() => page.innerText('.region-card >> nth=0'), PATIENT).toMatch(/Region a[^]*Alive/);
      await expect.poll(() => page.innerText('.region-link'), PATIENT).toMatch(/Silent\s*no/);
    } finally {
      await browser.close();
    }
  }, 120_000);
});
