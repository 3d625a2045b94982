import type { PipelineSpec } from '../../pipeline/settings.ts';
import { isShared } from '../render/orders/decisions.ts';
import { jobName, type JobKind } from '../render/rendered-job.ts';
import { topicNamesOf } from '../topic-names.ts';
import type { Step, StepReader } from './ports.ts';

/**
 * The way of all that arrives in region `from`, through what it changes in the records of region `of`, into the Pinot of region
 * `to`. Whoever sees where a step's topics end, and waits until they are read, may then look where those of the next one end.
 */
export function wayOf(spec: PipelineSpec, from: string, of: string, to: string): readonly Step[] {
  const [source, owner, target] = [from, of, to].map(topicNamesOf);
  const arrived = [source.clean, source.orders];
  const records = [owner.adMinutes, owner.attributedOrders];
  const steps: Step[] = [{ region: from, topics: [source.events], reader: job(from, 'aggregation') }];
  if (from !== of) {
    steps.push({ region: from, topics: arrived, reader: { kind: 'mirror', from, to: of } });
    // The second region takes back what the first one has counted as well.
    if (from === spec.regions[0])
      steps.push({ region: of, topics: [source.clean], reader: job(of, 'aggregation') });
  }
  steps.push({ region: of, topics: arrived, reader: job(of, 'attribution') });
  if (isShared(spec)) steps.push({ region: of, topics: [owner.decisions], reader: job(of, 'attribution') });
  if (of !== to) steps.push({ region: of, topics: records, reader: { kind: 'mirror', from: of, to } });
  const loaded = [target.loadAdMinutes, target.loadAttributedOrders];
  steps.push(
    { region: to, topics: records, reader: job(to, 'union-load') },
    { region: to, topics: loaded, reader: { kind: 'pinot' } },
  );
  return steps;
}

function job(region: string, kind: JobKind): StepReader {
  return { kind: 'job', name: jobName(region, kind) };
}
