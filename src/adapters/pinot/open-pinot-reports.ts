import { GROUPS_MAX } from '../../cluster/pinot/figures-sql.ts';
import { PinotReports, type PinotReportsOptions } from '../../cluster/pinot/pinot-reports.ts';
import { HttpPinotBroker } from './pinot-broker.ts';

export interface OpenPinotReportsOptions extends Omit<PinotReportsOptions, 'broker'> {
  /** Base URL of the broker of the region’s Pinot. */
  readonly brokerUrl: string;
  readonly authorization?: string | undefined;
  /** Longest wait for one of the statements of a report, ms. */
  readonly timeoutMs?: number;
}

/** Reports from the Pinot of a region, to be served as those of a reporting store are. Nothing is asked yet. */
export function openPinotReports(options: OpenPinotReportsOptions): PinotReports {
  const { brokerUrl, authorization, timeoutMs = QUERY_MS_MAX, ...rest } = options;
  const broker = new HttpPinotBroker({ url: brokerUrl, authorization, timeoutMs, groupsMax: GROUPS_MAX });
  return new PinotReports({ ...rest, broker });
}

const QUERY_MS_MAX = 30_000;
