import type { Clock, UnixMs } from '../../base/clock.ts';
import type { DemoRegion, DemoState } from '../../server/demo/demo-control.ts';
import { RegionLife, type StartedLine } from './region-life.ts';
import type { RegionPlan } from './region-plan.ts';
import { RestartPauses, type Death } from './restart-pauses.ts';

/** What happens to a region that is supervised. */
export type SupervisorEvent =
  | StartedLine
  | (Omit<StartedLine, 'event'> & { readonly event: 'restarted' })
  | (Death & {
      readonly event: 'died';
      readonly region: string;
      readonly pid: number | null;
      readonly restartInMs: number;
    })
  | {
      readonly event: 'killed';
      readonly region: string;
      readonly pid: number | null;
      readonly restartInMs: number;
    }
  | { readonly event: 'stopped'; readonly region: string };

export interface SupervisedRegionOptions {
  readonly plan: RegionPlan;
  /** The command line that runs it. */
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly onEvent: (event: SupervisorEvent) => void;
  readonly onMessage: (message: unknown) => void;
}

/** A region over all its processes: when one dies, the next one is started. */
export class SupervisedRegion {
  readonly plan: RegionPlan;
  /** Resolves once the first process has come up, or died. */
  readonly begun: Promise<void>;
  readonly #options: SupervisedRegionOptions;
  readonly #pauses = new RestartPauses();
  readonly #ended = Promise.withResolvers<number>();
  readonly #begin: () => void;
  #life: RegionLife | undefined;
  #bornAtMs = 0;
  #state: DemoState = 'starting';
  /** Times it came up. */
  #ups = 0;
  #lastDeath: Death | undefined;
  /** How long it is to stay down, where somebody has killed it. */
  #holdMs: number | undefined;
  #restartAt: UnixMs | null = null;
  #cancelRestart = (): void => {};
  #stopping = false;

  constructor(options: SupervisedRegionOptions) {
    this.#options = options;
    this.plan = options.plan;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.begun = promise;
    this.#begin = resolve;
  }

  get status(): DemoRegion {
    const { region, url } = this.plan;
    return {
      region,
      url,
      state: this.#stopping ? 'stopping' : this.#state,
      pid: this.#life?.pid ?? null,
      restarts: Math.max(0, this.#ups - 1),
      restartAt: this.#restartAt,
    };
  }

  get wasEverUp(): boolean {
    return this.#ups > 0;
  }

  /** How its last process ended; undefined while none has. */
  get lastDeath(): Death | undefined {
    return this.#lastDeath;
  }

  start(): void {
    this.#cancelRestart();
    this.#restartAt = null;
    this.#holdMs = undefined;
    this.#state = 'starting';
    this.#bornAtMs = this.#options.clock.monotonicMs();
    const life = new RegionLife({
      args: this.#options.args,
      onStarted: (line) => this.#noteStart(line),
      onMessage: this.#options.onMessage,
      onEnd: (death) => this.#noteEnd(life, death),
    });
    this.#life = life;
  }

  /** Ends it as a power cut would, in `delayMs`, for `holdMs` or until `restart`. */
  kill(holdMs: number, delayMs: number): void {
    if (this.#stopping) return;
    const life = this.#life;
    this.#holdMs = holdMs;
    this.#state = 'killed';
    this.#restartAt = this.#options.clock.now() + holdMs;
    if (life === undefined) this.#rest(null);
    else this.#options.clock.after(delayMs, () => life.signal('SIGKILL'));
  }

  /** Starts it now, where it is down. */
  restart(): void {
    if (this.#stopping) return;
    this.#pauses.forget();
    if (this.#life === undefined) this.start();
    else if (this.#holdMs !== undefined) this.#holdMs = 0;
  }

  send(message: object): void {
    this.#life?.send(message);
  }

  /** Stops it in good order; resolves to its exit code. */
  stop(): Promise<number> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#cancelRestart();
      if (this.#life === undefined) this.#noteStop(0);
      else this.#life.signal('SIGTERM');
    }
    return this.#ended.promise;
  }

  killAtOnce(): void {
    this.#life?.signal('SIGKILL');
  }

  #noteStart(line: StartedLine): void {
    if (this.#holdMs === undefined) this.#state = 'up';
    const isFirst = this.#ups++ === 0;
    this.#options.onEvent(isFirst ? line : { ...line, event: 'restarted' });
    this.#begin();
  }

  #noteEnd(life: RegionLife, death: Death): void {
    this.#life = undefined;
    this.#lastDeath = death;
    const pid = life.pid ?? null;
    // A process that had not yet listened for signals ends by them, which is in order.
    if (this.#stopping) this.#noteStop(death.signal === 'SIGTERM' ? 0 : (death.exit ?? 1));
    else if (this.#holdMs !== undefined) this.#rest(pid);
    else {
      const livedMs = this.#options.clock.monotonicMs() - this.#bornAtMs;
      const restartInMs = this.#pauses.next(death, life.wasUp, livedMs);
      this.#state = 'down';
      this.#startAfter(restartInMs);
      this.#options.onEvent({ event: 'died', region: this.plan.region, pid, ...death, restartInMs });
    }
    this.#begin();
  }

  /** Somebody has killed it: it stays down for a while. */
  #rest(pid: number | null): void {
    const restartInMs = this.#holdMs ?? 0;
    this.#state = 'killed';
    this.#startAfter(restartInMs);
    this.#options.onEvent({ event: 'killed', region: this.plan.region, pid, restartInMs });
  }

  #startAfter(delayMs: number): void {
    const { clock } = this.#options;
    this.#cancelRestart();
    this.#restartAt = clock.now() + delayMs;
    this.#cancelRestart = clock.after(delayMs, () => this.start());
  }

  #noteStop(exit: number): void {
    this.#restartAt = null;
    this.#options.onEvent({ event: 'stopped', region: this.plan.region });
    this.#ended.resolve(exit);
  }
}
