import type { Clock } from '../../base/clock.ts';
import { pause } from '../../base/pause.ts';
import { AlarmBoard, type StandingAlarm } from './alarm.ts';
import { AlarmRules } from './alarm-rules.ts';
import type { Healer } from './healer.ts';
import { withLosses, type LossBook } from './loss-book.ts';
import { LossFinder } from './loss-finder.ts';
import type { Sample } from './sample.ts';
import type { Sampler } from './sampler.ts';
import type { JobWish } from '../jobs/job-wish.ts';

/** An alarm that has begun, or is over. */
export interface AlarmEvent {
  readonly event: 'alarm' | 'alarm_over';
  readonly alarm: StandingAlarm;
}

export interface WatcherPorts {
  readonly sampler: Sampler;
  readonly healer: Healer;
  readonly losses: LossBook;
  readonly wish: () => JobWish | null;
  readonly clock: Clock;
  readonly report: (event: AlarmEvent) => void;
  /** Hears of every sample, with the alarms that stand. */
  readonly onSample: (sample: Sample, alarms: readonly StandingAlarm[]) => void;
}

/** Looks at a cluster every `everyMs`, says what is wrong and has it healed, until `signal`. What is being healed then is finished. */
export async function watchCluster(ports: WatcherPorts, everyMs: number, signal: AbortSignal): Promise<void> {
  const { sampler, healer, losses, clock, report, onSample } = ports;
  const rules = new AlarmRules();
  const board = new AlarmBoard();
  const finder = new LossFinder();
  let healing: Promise<void> | undefined;
  const failed = new AbortController();
  while (!signal.aborted && !failed.signal.aborted) {
    const sample = await sampler.take(ports.wish()?.jobs ?? []);
    const known = losses.read();
    const lost = withLosses(known, finder.find(sample.jobs, sample.at));
    if (lost !== known) losses.write(lost);
    const alarms = rules.judge(sample, lost);
    const { raised, over } = board.update(alarms, sample.at);
    for (const alarm of raised) report({ event: 'alarm', alarm });
    for (const alarm of over) report({ event: 'alarm_over', alarm });
    onSample(sample, board.standing);
    // Looking goes on while something is started: that may take minutes.
    healing ??= healer
      .heal(sample, alarms)
      .catch((error: unknown) => {
        failed.abort(error);
      })
      .finally(() => (healing = undefined));
    await pause(clock, everyMs, signal);
  }
  await healing;
  await sampler.close();
  failed.signal.throwIfAborted();
}
