import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { BucketRuns } from '../../reporting/bucket-runs.ts';
import { figuresCsv } from '../../reporting/figures-csv.ts';
import { figuresReport } from '../../reporting/figures-report.ts';
import type { FiguresAnswer, FiguresQuery } from '../../reporting/figures.ts';
import type { ReportFormat, Reports, ReportsStatus } from '../../reporting/reports.ts';
import { exactJson } from '../../server/exact-json.ts';
import type { FeedLoadStatus } from '../../union-load/feed-loader.ts';
import { RECORD_KINDS, type CampaignAttributes } from '../../union-load/ports.ts';
import { figuresStatements, GROUPS_MAX, type FiguresStatement } from './figures-sql.ts';
import { FiguresSum } from './figures-sum.ts';
import type { LoadedRegion, PinotBroker } from './ports.ts';
import { PINOT_TABLES } from './table-names.ts';

export interface PinotReportsOptions {
  readonly broker: PinotBroker;
  /** All regions whose records are in Pinot. */
  readonly regions: readonly string[];
  /** Merchant and placement of campaigns, as they are now; asked for only by who needs them. */
  readonly campaigns: () => Promise<readonly CampaignAttributes[]>;
  /** How far Pinot has come, read before the figures are; null when that is not known. */
  readonly progress: () => Promise<readonly LoadedRegion[] | null>;
  /** Records of before this may have been dropped, Unix ms. */
  readonly heldFrom: () => UnixMs;
}

/** The reports of a region, from its Pinot: the same figures as from a reporting store. */
export class PinotReports implements Reports {
  readonly #options: PinotReportsOptions;

  constructor(options: PinotReportsOptions) {
    this.#options = options;
  }

  async figures(query: FiguresQuery, format: ReportFormat): Promise<string> {
    const buckets = new BucketRuns(query);
    const { answer, loaded } = await this.#answer(query, buckets);
    const report = figuresReport(query, buckets, answer, this.#feeds(loaded));
    return format === 'csv' ? figuresCsv(report) : exactJson(report);
  }

  /**
   * The figures themselves. While records change, those of ads and of orders may be of two moments. Rejects with AdtallyError:
   * bad_request, capacity, query_too_long, overloaded, reporting_unavailable.
   */
  async find(query: FiguresQuery): Promise<FiguresAnswer> {
    return (await this.#answer(query, new BucketRuns(query))).answer;
  }

  sql(): Promise<string> {
    return Promise.reject(
      new AdtallyError('reporting_unavailable', 'On the cluster, SQL is asked of Pinot and Hive themselves.'),
    );
  }

  records(): Promise<string> {
    return Promise.reject(
      new AdtallyError('reporting_unavailable', 'Copies of records in Pinot are not listed here.'),
    );
  }

  async status(): Promise<ReportsStatus> {
    const feeds = this.#feeds(await this.#options.progress());
    const error = await this.#failure();
    return { state: error === null ? 'running' : 'failing', error, restarts: 0, feeds };
  }

  async #answer(
    query: FiguresQuery,
    buckets: BucketRuns,
  ): Promise<{ answer: FiguresAnswer; loaded: readonly LoadedRegion[] | null }> {
    this.#checkHeld(query);
    const { campaigns: readCampaigns, progress } = this.#options;
    const [campaigns, loaded] = await Promise.all([
      asksOfCampaigns(query) ? readCampaigns() : [],
      progress(),
    ]);
    const sum = new FiguresSum(query, campaigns);
    const statements = figuresStatements(query, buckets, campaigns);
    await Promise.all(statements.map((statement) => this.#addTo(sum, statement)));
    const rows = sum.rows();
    const regions = loaded ?? [];
    return { answer: { rows: rows.slice(0, query.limit), found: rows.length, regions }, loaded };
  }

  async #addTo(sum: FiguresSum, statement: FiguresStatement): Promise<void> {
    const { rows } = await this.#options.broker.query(statement.sql);
    if (rows.length > GROUPS_MAX) {
      throw new AdtallyError(
        'capacity',
        `The report has more than ${GROUPS_MAX} rows: take a coarser granularity or a shorter range.`,
      );
    }
    sum.add(statement, rows);
  }

  /** A part of the figures would pass for all of them. */
  #checkHeld({ from, to, comparesPrevious }: FiguresQuery): void {
    const heldFrom = this.#options.heldFrom();
    if ((comparesPrevious ? from - (to - from) : from) >= heldFrom) return;
    throw new AdtallyError(
      'bad_request',
      `Pinot holds records from ${new Date(heldFrom).toISOString()} on${comparesPrevious ? ', and the period before goes further back' : ''}: take a later "from", or ask the warehouse.`,
    );
  }

  async #failure(): Promise<string | null> {
    try {
      for (const table of Object.values(PINOT_TABLES)) {
        await this.#options.broker.query(`SELECT COUNT(*) FROM ${table}`);
      }
      return null;
    } catch (error) {
      if (error instanceof AdtallyError) return error.message;
      throw error;
    }
  }

  #feeds(loaded: readonly LoadedRegion[] | null): FeedLoadStatus[] {
    return this.#options.regions.flatMap((region) => {
      const found = loaded?.find((one) => one.region === region);
      const lagMs = found?.lagMs ?? null;
      return RECORD_KINDS.map((kind) => ({
        region,
        kind,
        sink: 'pinot',
        caughtUp: lagMs === 0,
        lagMs,
        records: 0,
        pages: 0,
        asOf: found?.asOf ?? null,
        error: null,
        failures: 0,
        restarts: 0,
      }));
    });
  }
}

/** Whether the answer hangs on the merchant or the placement of campaigns. */
function asksOfCampaigns({ by, filter: { merchantId, placement } }: FiguresQuery): boolean {
  return by === 'merchant' || by === 'placement' || merchantId !== undefined || placement !== undefined;
}
