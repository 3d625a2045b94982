import type { Clock } from '../../base/clock.ts';
import { MINUTE_MS } from '../../base/units.ts';
import type { DemoRegion } from '../../server/demo/demo-control.ts';
import { isDemoQuestion, type DemoAnswer, type DemoQuestion } from './demo-messages.ts';
import { startArguments, type RegionPlan } from './region-plan.ts';
import { needsMending } from './restart-pauses.ts';
import { SupervisedRegion, type SupervisorEvent } from './supervised-region.ts';

export interface SupervisorOptions {
  readonly plans: readonly RegionPlan[];
  /** Goes to every `adtally start`: the settings as they were given to this process. */
  readonly args: readonly string[];
  /** Whether a region may ask for one to be killed and restarted. */
  readonly isDemo: boolean;
  readonly clock: Clock;
  readonly onEvent: (event: SupervisorEvent) => void;
}

/** How long a region stays down that was killed on request, unless its restart is asked for. */
const HOLD_MS = 2 * MINUTE_MS;
/** Time for the answer to leave by the region that asked for its own end, ms. */
const LAST_WORDS_MS = 250;

/** Runs every region of this machine as a process of its own, and starts again what dies. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #regions: readonly SupervisedRegion[];
  readonly #gaveUp = Promise.withResolvers<number>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { plans, args, isDemo, clock } = options;
    const mode = ['--supervised', isDemo ? 'demo' : 'plain'];
    this.#regions = plans.map(
      (plan): SupervisedRegion =>
        new SupervisedRegion({
          plan,
          args: ['start', ...args, ...startArguments(plan, plans), ...mode],
          clock,
          onEvent: (event) => this.#hear(event),
          onMessage: (message) => {
            if (isDemo && isDemoQuestion(message)) this.#answer(plan.region, message);
          },
        }),
    );
  }

  start(): void {
    for (const region of this.#regions) region.start();
  }

  status(): DemoRegion[] {
    return this.#regions.map(({ status }) => status);
  }

  /** Resolves once every region has come up, or died for the first time. */
  async begun(): Promise<void> {
    await Promise.all(this.#regions.map(({ begun }) => begun));
  }

  /** Resolves with an exit code when no region can come up before somebody mends something. */
  get gaveUp(): Promise<number> {
    return this.#gaveUp.promise;
  }

  /** Stops all in good order; resolves to the exit code, 0 when every one ended so. */
  async stop(): Promise<number> {
    const exits = await Promise.all(this.#regions.map((region) => region.stop()));
    return exits.find((exit) => exit !== 0) ?? 0;
  }

  killAtOnce(): void {
    for (const region of this.#regions) region.killAtOnce();
  }

  #hear(event: SupervisorEvent): void {
    this.#options.onEvent(event);
    if (event.event !== 'died') return;
    const deaths = this.#regions.map(({ wasEverUp, lastDeath }) => (wasEverUp ? undefined : lastDeath));
    const [first] = deaths;
    const isHopeless = deaths.every((death) => death !== undefined && needsMending(death));
    if (isHopeless && typeof first?.exit === 'number') this.#gaveUp.resolve(first.exit);
  }

  #answer(asker: string, { question, ask, region: name }: DemoQuestion): void {
    const region = this.#regions.find(({ plan }) => plan.region === name);
    if (ask === 'restart') region?.restart();
    if (ask === 'kill') region?.kill(HOLD_MS, name === asker ? LAST_WORDS_MS : 0);
    const answer: DemoAnswer = { question, regions: this.status() };
    this.#regions.find(({ plan }) => plan.region === asker)?.send(answer);
  }
}
