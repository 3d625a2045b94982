import type { RegionTraffic } from '../../client/failover.ts';
import { countOf, formatCount, renderTable } from '../table.ts';

/** Which region got how many requests, where there is more to say than that all went well in one. */
export function describeTraffic(regions: readonly RegionTraffic[], answersLost = 0): string[] {
  const resends = regions.reduce((sum, region) => sum + region.resends, 0);
  const lines: string[] = [];
  if (regions.length > 1) {
    const rows = regions.map(({ url, requests, failures, resends: again }) => [
      url,
      requests,
      failures,
      again,
    ]);
    lines.push('', renderTable(['region', 'requests', 'failed', 'sent again'], rows));
  }
  if (resends > 0) {
    const lost = answersLost === 0 ? '' : `, ${formatCount(answersLost)} after an answer was lost`;
    lines.push(`${countOf(resends, 'request')} had to be sent again${lost}.`);
  }
  return lines;
}
