import type { Clock } from '../../base/clock.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { GatewayFrame } from '../../model/live.ts';
import type { VerdictCounts } from '../../model/verdict.ts';
import type { LiveFrames } from '../route.ts';
import { FrameLoop } from '../stream/frame-loop.ts';
import type { GatewayFigures } from './gateway-metrics.ts';

const RATE_OVER_MS = 2 * SECOND_MS;

/** Makes the frames of a gateway's live page. */
export class GatewayLive implements LiveFrames {
  readonly #status: () => GatewayFigures;
  readonly #verdicts: () => VerdictCounts | null;
  readonly #clock: Clock;
  readonly #frames: FrameLoop;
  /** What had been received when, of the time that the rate is of; oldest first. */
  #samples: { readonly atMs: number; readonly received: number }[] = [];

  /** `verdicts`: what became of the events of the last hour, null where that is not known. */
  constructor(status: () => GatewayFigures, verdicts: () => VerdictCounts | null, clock: Clock) {
    this.#status = status;
    this.#verdicts = verdicts;
    this.#clock = clock;
    this.#frames = new FrameLoop(clock, () => this.frame());
  }

  watch(viewer: (frame: string) => void): () => void {
    return this.#frames.watch(viewer);
  }

  close(): void {
    this.#frames.close();
  }

  /** The frame as of now. */
  frame(): GatewayFrame {
    const { region, events, orders, pendingBytes, isReady, publishMsLast, failures } = this.#status();
    return {
      at: this.#clock.now(),
      region,
      eventsPerSecond: this.#rate(events.received),
      events,
      orders,
      pendingBytes,
      isReady,
      publishMsLast,
      failures,
      verdicts: this.#verdicts(),
    };
  }

  /** Since the oldest sample: nobody counts while nobody looks. */
  #rate(received: number): number {
    const atMs = this.#clock.monotonicMs();
    this.#samples = [
      ...this.#samples.filter((sample) => sample.atMs >= atMs - RATE_OVER_MS),
      { atMs, received },
    ];
    const [first] = this.#samples;
    return first.atMs === atMs ? 0 : ((received - first.received) * SECOND_MS) / (atMs - first.atMs);
  }
}
