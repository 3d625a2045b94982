import { DAY_MS, HOUR_MS, KIB, MIB, MINUTE_MS } from '../base/units.ts';
import { ATTRIBUTION_MODELS, type AttributionModel } from '../model/attributed-order.ts';
import { resolveSpec } from '../pipeline/pipeline-spec.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { SeededPlan, type DiskPlan, type DiskTemper } from './disk/disk-plan.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { PowerCut } from './disk/simulated-file.ts';

/** How a process ends that does not end by itself: killed, with the machine living on, or without power. */
export type Death = 'killed' | PowerCut;

/** Everything about a world that its seed decides before it begins. */
export interface WorldPlan {
  readonly clients: number;
  /** Requests sent in all; then the world comes to rest. */
  readonly requests: number;
  readonly eventsPerRequestMax: number;
  /** How many of the requests are of orders. */
  readonly ordersShare: number;
  readonly spec: PipelineSpec;
  readonly disk: DiskPlan;
  /** How the processes die, one after the other; drawn from all the ways when there is none left. */
  readonly deaths?: readonly Death[] | undefined;
  /** Bits flipped at the end, one at a time. */
  readonly flips: number;
  /** Probabilities, for each request sent, of things that happen to the region beside it. */
  readonly hazards: Hazards;
}

export interface Hazards {
  readonly clockJump: number;
  readonly snapshot: number;
  readonly restart: number;
  readonly replay: number;
  /** The order service says something of some orders, if there is one. */
  readonly answer: number;
  /** An hour passes: orders close, later they are dropped. */
  readonly hour: number;
  /** Probability that a start finds other rules in the configuration. */
  readonly newRules: number;
}

export const NO_HAZARDS: Hazards = {
  clockJump: 0,
  snapshot: 0,
  restart: 0,
  replay: 0,
  answer: 0,
  hour: 0,
  newRules: 0,
};

export const DEATHS: readonly Death[] = [
  'killed',
  'nothing_survives',
  'all_survives',
  'any_mix',
  'last_is_torn',
];

/** A world for a seed: some are calm, some are haunted. */
export function planWorld(random: SeededRandom): WorldPlan {
  // Drawn apart, so that what worlds were before there were orders changes as little as can be.
  const orders = random.fork('orders');
  const isHaunted = random.chance(0.4);
  const temper: DiskTemper = {
    delayMs: random.pick([0.05, 1, 20]),
    stall: random.pick([0, 0.01, 0.05]),
    stallMs: 2000,
    crash: random.pick([0, 0.002, 0.01, 0.03]),
    fault: isHaunted ? random.pick([0.002, 0.01]) : 0,
  };
  return {
    clients: random.between(1, 5),
    requests: random.between(20, 70),
    eventsPerRequestMax: random.pick([3, 10, 30]),
    flips: 3,
    ordersShare: orders.pick([0, 0.3, 0.6]),
    spec: planOrders(planSpec(random), orders),
    disk: new SeededPlan(random.fork('disk plan'), temper),
    hazards: {
      clockJump: random.pick([0, 0, 0.02, 0.05]),
      snapshot: random.pick([0, 0.02, 0.1]),
      restart: random.pick([0, 0.01, 0.05]),
      replay: random.pick([0, 0.03]),
      answer: orders.pick([0.1, 0.5]),
      hour: orders.pick([0, 0.05, 0.1]),
      newRules: random.pick([0, 0.3]),
    },
  };
}

/** Small enough segments, snapshots and windows that everything turns over many times within a short life. */
function planSpec(random: SeededRandom): PipelineSpec {
  const spec = smallSpec();
  const maxEventAge = random.pick([10 * MINUTE_MS, HOUR_MS, DAY_MS]);
  return {
    ...spec,
    maxEventAge,
    maxClockSkew: random.pick([0, MINUTE_MS, 10 * MINUTE_MS]),
    dedupeWindow: maxEventAge + random.pick([0, MINUTE_MS, 2 * HOUR_MS]),
    retention: {
      log: maxEventAge + random.pick([HOUR_MS, DAY_MS]),
      records: maxEventAge + random.pick([HOUR_MS, DAY_MS]),
      orders: 30 * DAY_MS,
    },
    commitInterval: random.pick([0, 2, 10]),
    logSegment: random.pick([500, 4000, 30_000]),
    snapshotAfter: random.pick([1500, 8000, 60_000, 1e9]),
    limits: {
      ...spec.limits,
      problemsPerRequest: random.pick([0, 2, 100]),
      quarantineEntries: random.pick([0, 5, 1000]),
      // The least is full with one touch while others are being written.
      touchMemory: random.fork('touches').chance(0.1) ? 300 * KIB : MIB,
      pendingBytes: random.pick([4000, 1_000_000]),
      eventsPerRequest: random.pick([30, 1000]),
      // Reached in a few worlds: then only what brings nothing new is taken in.
      records: random.chance(0.05) ? 60 : spec.limits.records,
      rememberedIds: random.chance(0.05) ? 150 : spec.limits.rememberedIds,
    },
  };
}

/** Windows of all sizes, so that orders have all sorts of touches; jumps of the clock close and drop them soon. */
function planOrders(spec: PipelineSpec, random: SeededRandom): PipelineSpec {
  const models: readonly AttributionModel[] = random.pick([
    ['last_touch'],
    ATTRIBUTION_MODELS,
    ['time_decay', 'first_touch'],
  ]);
  return {
    ...spec,
    attribution: {
      clickWindow: random.pick([MINUTE_MS, HOUR_MS, 7 * DAY_MS]),
      viewWindow: random.pick([0, MINUTE_MS, MINUTE_MS, HOUR_MS]),
      maxOrderAge: random.pick([MINUTE_MS, HOUR_MS, DAY_MS]),
      merchantMatch: random.pick(['any', 'any', 'same']),
      models,
      timeDecayHalfLife: random.pick([MINUTE_MS, HOUR_MS]),
      touchesMax: random.pick([1, 3, 100]),
    },
    retention: { ...spec.retention, orders: random.pick([HOUR_MS, 3 * HOUR_MS, DAY_MS, 30 * DAY_MS]) },
    enrichment: { ...spec.enrichment, url: random.pick(['', 'http://orders.test', 'http://orders.test']) },
  };
}

export function smallSpec(): PipelineSpec {
  const spec = resolveSpec({}, { environment: {}, flags: {} });
  const limits = { ...spec.limits, touchMemory: MIB };
  const enrichment = { ...spec.enrichment, url: 'http://orders.test' };
  return { ...spec, enrichment, logSegment: 2000, snapshotAfter: 6000, limits };
}
