import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { RegionClient } from '../../client/region-client.ts';
import { OrderTraffic } from '../../generator/order-traffic.ts';
import { DEFAULT_TRAFFIC, TrafficGenerator } from '../../generator/traffic.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { setDemoCampaigns } from '../budget/demo-campaigns.ts';
import { describeReport, runImport } from '../commands/import.ts';
import { findImportFile } from '../import/import-file.ts';
import { parseMapping } from '../import/mapping.ts';
import type { Terminal } from '../terminal.ts';
import { sendTraffic } from '../traffic/event-sender.ts';
import { sendOrders } from '../traffic/order-sender.ts';
import { DemoClients } from './demo-clients.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/open-bandit/', import.meta.url));
/** The week of the example is squeezed into this share of maxEventAge, 23 of 24 hours: none of it is late while it is sent. */
const SPAN_SHARE = 23 / 24;
const DEMO_ADS = 300;
const DEMO_USERS = 5000;
const EVENTS_PER_ORDER = 40;

export interface DemoTrafficOptions {
  /** Where the regions are, the first one first. */
  readonly urls: readonly string[];
  readonly spec: PipelineSpec;
  /** Made-up events a second. */
  readonly rate: number;
  /** Keeps how far the import has come; it is there. */
  readonly directory: string;
  readonly stop: AbortSignal;
}

/** Real example data first, then made-up events and orders until the stop. Never rejects: the regions go on without it. */
export async function sendDemoTraffic(options: DemoTrafficOptions, terminal: Terminal): Promise<void> {
  const { urls, spec, rate, stop } = options;
  const key = process.env['ADTALLY_KEY'];
  const clients = new DemoClients({ urls, key, chance: Math.random });
  try {
    if (spec.budget.enabled === 'yes') await setCampaigns(urls, key, spec);
    await importExample(options, clients, terminal);
    if (rate === 0 || stop.aborted) return;
    terminal.remark(
      `Now ${rate} made-up events a second and an order for every ${EVENTS_PER_ORDER}, with the faults that clients make. Ctrl-C stops.`,
    );
    await sendMadeUp(options, clients);
  } catch (error) {
    // While the regions stop, their refusals are no news.
    if (!stop.aborted) terminal.failure(error);
  }
}

/** In the first region that answers. */
async function setCampaigns(
  urls: readonly string[],
  key: string | undefined,
  spec: PipelineSpec,
): Promise<void> {
  for (const [index, url] of urls.entries()) {
    try {
      await setDemoCampaigns(new RegionClient({ url, key }), spec.defaultCurrency, nodeClock.now());
      return;
    } catch (error) {
      const isGone = error instanceof AdtallyError && ['unreachable', 'stopping'].includes(error.code);
      if (!isGone || index === urls.length - 1) throw error;
    }
  }
}

async function importExample(
  { spec, directory, stop }: DemoTrafficOptions,
  sender: DemoClients,
  terminal: Terminal,
): Promise<void> {
  const mapping = parseMapping(
    readFileSync(join(EXAMPLE, 'open-bandit.mapping.json'), 'utf8'),
    'open-bandit.mapping.json',
  );
  const names = readdirSync(EXAMPLE).filter((name) => name.endsWith('.csv.gz'));
  const report = await runImport(
    {
      files: names.map((name) => findImportFile(join(EXAMPLE, name), mapping)),
      mapping,
      sender,
      target: 'demo',
      timeShift: Math.floor(spec.maxEventAge * SPAN_SHARE),
      source: undefined,
      statePath: join(directory, 'demo-import.json'),
      again: false,
      skipBadRows: false,
      batchEvents: 1000,
      stop,
    },
    terminal,
  );
  terminal.result({ event: 'imported', ...report }, describeReport(report));
}

async function sendMadeUp({ spec, rate, stop }: DemoTrafficOptions, sender: DemoClients): Promise<void> {
  const generator = new TrafficGenerator({
    ...DEFAULT_TRAFFIC,
    seed: randomInt(2 ** 47),
    ads: DEMO_ADS,
    users: DEMO_USERS,
    currency: spec.defaultCurrency,
    maxEventAgeMs: spec.maxEventAge,
    maxClockSkewMs: spec.maxClockSkew,
  });
  const orders = new OrderTraffic({
    seed: randomInt(2 ** 47),
    users: DEMO_USERS,
    currency: spec.defaultCurrency,
  });
  const common = { generator, sender, clock: nodeClock, stop };
  await Promise.all([
    sendOrders({ ...common, orders, ordersPerSecond: rate / EVENTS_PER_ORDER }),
    sendTraffic({
      ...common,
      count: Infinity,
      eventsPerSecond: rate,
      batchEvents: spec.limits.eventsPerRequest,
      connections: 2,
      onProgress: () => {},
    }),
  ]);
}
