import { readdirSync, readFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { RegionClient } from '../../client/region-client.ts';
import { RegionSender } from '../../client/region-sender.ts';
import { OrderTraffic } from '../../generator/order-traffic.ts';
import { DEFAULT_TRAFFIC, TrafficGenerator } from '../../generator/traffic.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { wholeNumber, type CommandDefinition } from '../command.ts';
import { setDemoCampaigns } from '../budget/demo-campaigns.ts';
import { findImportFile } from '../import/import-file.ts';
import { parseMapping } from '../import/mapping.ts';
import type { ServedRegion } from '../region-process.ts';
import { demoData, readSpec } from '../settings-options.ts';
import { listenForStop } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { sendOrders } from '../traffic/order-sender.ts';
import { sendTraffic } from '../traffic/event-sender.ts';
import { describeReport, runImport } from './import.ts';
import { addRegionOptions, announce, runUntilStopped } from './start.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/open-bandit/', import.meta.url));
/** The week of the example is squeezed into this share of maxEventAge, 23 of 24 hours: none of it is late while it is sent. */
const SPAN_SHARE = 23 / 24;
const DEMO_ADS = 300;
const DEMO_USERS = 5000;
const EVENTS_PER_ORDER = 40;

export const demoCommand: CommandDefinition = {
  usage: 'demo',
  about: 'Run a region with real example data and made-up traffic (npm start)',
  more: 'It keeps to a directory of its own, demo in the data directory, unless --data names another.',
  configure: (command) => {
    command.option('--rate <events>', 'made-up events a second; 0 for none', wholeNumber(0, 1e6), 200);
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const spec = await demoSpec(command);
    const { rate, region } = command.opts<{ rate: number; region?: string }>();
    const { chooseRegion, serveRegion } = await import('../region-process.ts');
    const served = await serveRegion(spec, chooseRegion(spec, region));
    announce(served, terminal);
    const ended = new AbortController();
    const traffic = sendDemoTraffic(
      served,
      spec,
      rate,
      AbortSignal.any([stop.signal, ended.signal]),
      terminal,
    );
    const exit = await runUntilStopped(served, stop, terminal);
    ended.abort();
    await traffic;
    return exit;
  },
};

/** The demo keeps to a directory of its own, unless told otherwise on the command line or by the environment. */
async function demoSpec(command: Command): Promise<PipelineSpec> {
  const spec = await readSpec(command);
  const isChosen = command.getOptionValue('data') !== undefined || process.env['ADTALLY_DATA'] !== undefined;
  return isChosen ? spec : { ...spec, data: demoData(spec.data) };
}

async function sendDemoTraffic(
  served: ServedRegion,
  spec: PipelineSpec,
  rate: number,
  stop: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  const key = process.env['ADTALLY_KEY'];
  const sender = new RegionSender({ regions: demoUrls(served, spec).map((url) => ({ url, key })) });
  try {
    if (spec.budget.enabled === 'yes') {
      const client = new RegionClient({ url: served.url, key });
      await setDemoCampaigns(client, spec.defaultCurrency, nodeClock.now());
    }
    await importExample(served, spec.maxEventAge, sender, stop, terminal);
    if (rate === 0 || stop.aborted) return;
    terminal.remark(
      `Now ${rate} made-up events a second and an order for every ${EVENTS_PER_ORDER}, with the faults that clients make. Ctrl-C stops.`,
    );
    const generator = demoGenerator(spec);
    const orderTraffic = sendOrders({
      generator,
      orders: new OrderTraffic({
        seed: randomInt(2 ** 47),
        users: DEMO_USERS,
        currency: spec.defaultCurrency,
      }),
      sender,
      clock: nodeClock,
      ordersPerSecond: rate / EVENTS_PER_ORDER,
      stop,
    });
    const eventTraffic = sendTraffic({
      generator,
      sender,
      clock: nodeClock,
      count: Infinity,
      eventsPerSecond: rate,
      batchEvents: spec.limits.eventsPerRequest,
      connections: 2,
      stop,
      onProgress: () => {},
    });
    await Promise.all([orderTraffic, eventTraffic]);
  } catch (error) {
    // The region goes on without the demo's traffic; and while it stops, its refusals are no news.
    if (!stop.aborted) terminal.failure(error);
  }
}

/** This region, and the other one for when it fails. */
function demoUrls({ url }: ServedRegion, { peer }: PipelineSpec): string[] {
  return [url, ...peer.map((named) => named.slice(named.indexOf('=') + 1))];
}

async function importExample(
  { directory }: ServedRegion,
  maxEventAge: number,
  sender: RegionSender,
  stop: AbortSignal,
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
      timeShift: Math.floor(maxEventAge * SPAN_SHARE),
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

function demoGenerator(spec: PipelineSpec): TrafficGenerator {
  return new TrafficGenerator({
    ...DEFAULT_TRAFFIC,
    seed: randomInt(2 ** 47),
    ads: DEMO_ADS,
    users: DEMO_USERS,
    currency: spec.defaultCurrency,
    maxEventAgeMs: spec.maxEventAge,
    maxClockSkewMs: spec.maxClockSkew,
  });
}
