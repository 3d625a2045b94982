import { writeFileSync } from 'node:fs';
import { cliPage } from './cli-page.ts';
import { configPage } from './config-page.ts';
import { errorsPage } from './errors-page.ts';
import { httpPage } from './http-page.ts';
import { metricsPage } from './metrics-page.ts';
import { recordsPage } from './records-page.ts';
import { warehousePage } from './warehouse-page.ts';

/** The pages of this folder that are written from the code. */
export const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'cli.md': cliPage,
  'config.md': configPage,
  'errors.md': errorsPage,
  'http.md': httpPage,
  'metrics.md': metricsPage,
  'records.md': recordsPage,
  'warehouse.md': warehousePage,
};

if (import.meta.main) {
  for (const [name, render] of Object.entries(PAGES)) {
    writeFileSync(new URL(name, import.meta.url), await render());
  }
}
