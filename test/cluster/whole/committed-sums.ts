import { topicNamesOf } from '../../../src/cluster/topic-names.ts';
import { committedMessages, jsonOf } from './committed-messages.ts';
import type { Sums } from './pinot-sums.ts';

interface Minute extends Sums {
  readonly recordId: string;
  readonly revision: number;
}

/** Sums of all ad minutes of a region on their way to its stores: of each the highest revision, of two alike the later one. */
export async function committedSums(broker: string, region: string): Promise<Sums> {
  const latest = new Map<string, Minute>();
  for (const message of await committedMessages(broker, topicNamesOf(region).loadAdMinutes)) {
    const minute = jsonOf(message) as Minute;
    if (minute.revision >= (latest.get(minute.recordId)?.revision ?? 0)) latest.set(minute.recordId, minute);
  }
  const minutes = [...latest.values()];
  return {
    impressions: minutes.reduce((sum, { impressions }) => sum + impressions, 0),
    clicks: minutes.reduce((sum, { clicks }) => sum + clicks, 0),
  };
}
