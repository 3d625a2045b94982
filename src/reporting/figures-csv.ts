import { csvLine } from '../base/csv.ts';
import { FIGURE_COLUMNS, type FigureGroup } from './figures.ts';
import type { FiguresReport } from './figures-report.ts';

const ID_COLUMNS: Readonly<Record<FigureGroup, string>> = {
  ad: 'adId',
  campaign: 'campaignId',
  advertiser: 'advertiserId',
  merchant: 'merchantId',
  placement: 'placement',
  total: 'total',
};

/** The rows of a report as CSV, with a header. */
export function figuresCsv({ by, rows }: FiguresReport): string {
  const isCompared = rows.some(({ previous }) => previous !== undefined);
  const compared = isCompared ? FIGURE_COLUMNS.flatMap((name) => [`${name}Previous`, `${name}Change`]) : [];
  const header = csvLine(['start', ID_COLUMNS[by], 'currency', ...FIGURE_COLUMNS, 'final', ...compared]);
  const lines = rows.map((row) => {
    const before = isCompared
      ? FIGURE_COLUMNS.flatMap((name) => [row.previous?.[name] ?? null, row.change?.[name] ?? null])
      : [];
    const figures = FIGURE_COLUMNS.map((name) => row[name]);
    return csvLine([row.start, row.id, row.currency, ...figures, row.final, ...before]);
  });
  return header + lines.join('');
}
