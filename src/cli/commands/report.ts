import { Option } from 'commander';
import { ATTRIBUTION_MODELS } from '../../model/attributed-order.ts';
import type { AdMinuteReport } from '../../reporting/ad-minutes.ts';
import {
  PERFORMANCE_GROUPS,
  type PerformanceGroup,
  type PerformanceReport,
} from '../../reporting/performance.ts';
import { GRANULARITIES } from '../../reporting/time-buckets.ts';
import type { CommandDefinition } from '../command.ts';
import { addRegionOptions, findRegion } from '../region-address.ts';
import { formatCount, formatMicros, renderTable } from '../table.ts';

interface Flags {
  readonly ad?: string;
  readonly campaign?: string;
  readonly advertiser?: string;
  readonly currency?: string;
  readonly from?: string;
  readonly to?: string;
  readonly granularity: string;
  readonly timezone: string;
  readonly by?: PerformanceGroup;
  readonly model?: string;
}

export const reportCommand: CommandDefinition = {
  usage: 'report',
  about: 'Show impressions, clicks, click rate and cost of ads over time, or with --by what they brought',
  more:
    'With --by it shows the orders, the revenue, the conversion rate (orders per click) and the return on ad spend (revenue per\n' +
    'cost) of the whole time instead; --currency, --granularity and --timezone have no part in that.',
  configure: (command) => {
    command
      .option('--ad <id>', 'only this ad')
      .option('--campaign <id>', 'only this campaign')
      .option('--advertiser <id>', 'only this advertiser')
      .option('--currency <code>', 'only this currency')
      .option(
        '--from <time>',
        'from this time on, such as 2026-01-31T00:00:00Z (default: 24 hours before --to)',
      )
      .option('--to <time>', 'before this time (default: now)')
      .addOption(
        new Option('--granularity <length>', 'length of a row').choices(GRANULARITIES).default('hour'),
      )
      .option('--timezone <zone>', 'IANA time zone whose clock cuts the rows', 'UTC')
      .addOption(
        new Option('--by <group>', 'show what ads cost and brought, one row for each of these').choices(
          PERFORMANCE_GROUPS,
        ),
      )
      .addOption(
        new Option(
          '--model <name>',
          'with --by: how orders are credited (default: the first of attribution.models)',
        ).choices(ATTRIBUTION_MODELS),
      );
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const { ad, campaign, advertiser, ...rest } = command.opts<Flags>();
    const { by, currency, from, to, granularity, model, timezone } = rest;
    const { client } = await findRegion(command);
    const filter = { adId: ad, campaignId: campaign, advertiserId: advertiser, from, to };
    if (by !== undefined) {
      const query = { ...filter, groupBy: by, model };
      const performance = await client.get<PerformanceReport>('/v1/performance', query);
      terminal.result(performance, describePerformance(performance));
      return 0;
    }
    const query = { ...filter, currency, granularity, timezone };
    const report = await client.get<AdMinuteReport>('/v1/ad-minutes', query);
    terminal.result(report, describe(report));
    return 0;
  },
};

function describe({ rows, totals, asOf }: AdMinuteReport): string {
  if (rows.length === 0) return 'No events in this range.';
  const table = renderTable(
    ['start', 'ad', 'campaign', 'advertiser', 'impressions', 'clicks', 'ctr', 'cost', 'currency'],
    rows.map((row) => [
      row.start,
      row.adId,
      row.campaignId,
      row.advertiserId,
      row.impressions,
      row.clicks,
      formatRate(row.ctr),
      formatMicros(row.costMicros),
      row.currency,
    ]),
  );
  const costs = Object.entries(totals.costMicros).map(
    ([currency, micros]) => `${formatMicros(micros)} ${currency}`,
  );
  const sum = `${formatCount(totals.impressions)} impressions, ${formatCount(totals.clicks)} clicks, ctr ${formatRate(totals.ctr)}, cost ${costs.join(' + ')}`;
  return `${table}\n\nTotal: ${sum}. As of ${asOf ?? 'the beginning'}.`;
}

function describePerformance({ groupBy, model, rows, found, asOf }: PerformanceReport): string {
  if (rows.length === 0) return 'No events and no orders in this range.';
  const table = renderTable(
    [groupBy, 'impressions', 'clicks', 'cost', 'orders', 'revenue', 'cvr', 'roas', 'currency'],
    rows.map((row) => [
      row.id,
      row.impressions,
      row.clicks,
      formatMicros(row.costMicros),
      row.orders,
      formatMicros(row.revenueMicros),
      formatRate(row.cvr),
      row.roas === null ? '–' : row.roas.toFixed(2),
      row.currency,
    ]),
  );
  const more = found > rows.length ? `\n${formatCount(found - rows.length)} more have less.` : '';
  return `${table}${more}\n\nOrders are credited by ${model}. As of ${asOf ?? 'the beginning'}.`;
}

function formatRate(rate: number | null): string {
  return rate === null ? '–' : `${(rate * 100).toFixed(2)} %`;
}
