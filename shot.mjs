import { chromium } from 'playwright-core';
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const p = await b.newPage({ viewport: { width: 1280, height: 1000 } });
p.on('console', (m) => m.type() === 'error' && console.log(m.text()));
for (const v of ['', 'regions', 'figures', 'sql', 'campaigns', 'orders']) {
  await p.goto('http://127.0.0.1:7070/#/' + v);
  await p.reload();
  await p.waitForTimeout(2500);
  await p.screenshot({ path: `/tmp/lead/shot-${v || 'live'}.png` });
}
console.log(await p.locator('nav').allInnerTexts());
console.log(await p.locator('nav a').evaluateAll((a) => a.map((x) => x.getAttribute('href'))));
await b.close();
