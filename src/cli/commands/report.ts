import { Option } from 'commander';
import type { AdMinuteReport } from '../../reporting/ad-minutes.ts';
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
}

export const reportCommand: CommandDefinition = {
  usage: 'report',
  about: 'Show impressions, clicks, click rate and cost of ads over time',
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
      .option('--timezone <zone>', 'IANA time zone whose clock cuts the rows', 'UTC');
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const { ad, campaign, advertiser, ...rest } = command.opts<Flags>();
    const { currency, from, to, granularity, timezone } = rest;
    const { client } = await findRegion(command);
    const report = await client.get<AdMinuteReport>('/v1/ad-minutes', {
      adId: ad,
      campaignId: campaign,
      advertiserId: advertiser,
      currency,
      from,
      to,
      granularity,
      timezone,
    });
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

function formatRate(rate: number | null): string {
  return rate === null ? '–' : `${(rate * 100).toFixed(2)} %`;
}
