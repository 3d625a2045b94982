import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../base/units.ts';
import { ATTRIBUTION_MODELS } from '../../model/attributed-order.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { type DiskTemper, SeededPlan } from '../disk/disk-plan.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { smallSpec } from '../world-plan.ts';
import type { NetworkTemper } from './network.ts';
import type { SinkTemper } from './union-sink.ts';

/** Everything about a world of two regions that its seed decides before it begins. */
export interface PairPlan {
  readonly clients: number;
  readonly requests: number;
  readonly eventsPerRequestMax: number;
  readonly ordersShare: number;
  readonly spec: PipelineSpec;
  /** Of each region: its disk, and how far its wall clock is ahead, ms. */
  readonly disks: readonly [SeededPlan, SeededPlan];
  readonly skewsMs: readonly [number, number];
  /** Of each region's questions to the other one. */
  readonly ways: readonly [NetworkTemper, NetworkTemper];
  /** Of the sinks, one beside each region. */
  readonly sinks: SinkTemper;
  /** Whether the windows are so long that no id is forgotten: then every event counts once in both regions together. */
  readonly isRemembered: boolean;
  /** Probabilities for each request sent. */
  readonly hazards: PairHazards;
}

export interface PairHazards {
  /** A client turns to the other region though its own one is there. */
  readonly stray: number;
  readonly snapshot: number;
  readonly restart: number;
  readonly hour: number;
  readonly clockJump: number;
  /** The answer of a region gets lost. */
  readonly lostAnswer: number;
  /** The process of a sink dies. */
  readonly sinkCrash: number;
}

export function planPair(random: SeededRandom): PairPlan {
  const isRemembered = random.chance(0.7);
  const wayOf = (): NetworkTemper => ({
    delayMsMax: random.pick([2, 20, 300]),
    loss: random.pick([0, 0.05, 0.3]),
    repeat: random.pick([0, 0.05, 0.2]),
    closes: random.pick([0, 0.01, 0.05]),
    closedMsMax: random.pick([500, 20_000]),
  });
  const diskOf = (name: string): SeededPlan =>
    new SeededPlan(random.fork(`disk of ${name}`), temperOf(random));
  const skew = (): number => random.pick([0, 0, 1500, -90_000, 20 * MINUTE_MS]);
  return {
    clients: random.between(2, 5),
    requests: random.between(20, 60),
    eventsPerRequestMax: random.pick([3, 10]),
    ordersShare: random.pick([0, 0.3, 0.5]),
    spec: specOf(random, isRemembered),
    disks: [diskOf('a'), diskOf('b')],
    skewsMs: [skew(), skew()],
    ways: [wayOf(), wayOf()],
    // Drawn apart, so that worlds stay what they were before there were sinks.
    sinks: sinkOf(random.fork('sinks')),
    isRemembered,
    hazards: {
      stray: random.pick([0.1, 0.5]),
      snapshot: random.pick([0, 0.05, 0.2]),
      restart: random.pick([0, 0.02, 0.05]),
      hour: random.pick([0, 0.05]),
      clockJump: random.pick([0, 0, 0.02]),
      lostAnswer: random.fork('lost answers').pick([0, 0.1, 0.3]),
      sinkCrash: random.fork('sink crashes').pick([0, 0.05, 0.2]),
    },
  };
}

function sinkOf(random: SeededRandom): SinkTemper {
  return { delayMsMax: random.pick([1, 30, 400]), fault: random.pick([0, 0.02, 0.2]) };
}

function temperOf(random: SeededRandom): DiskTemper {
  return {
    delayMs: random.pick([0.05, 1, 10]),
    stall: random.pick([0, 0.01]),
    stallMs: 500,
    crash: random.pick([0, 0.003, 0.01]),
    fault: random.chance(0.2) ? 0.005 : 0,
  };
}

function specOf(random: SeededRandom, isRemembered: boolean): PipelineSpec {
  const spec = smallSpec();
  const maxEventAge = random.pick([HOUR_MS, DAY_MS]);
  const dedupeWindow = maxEventAge + (isRemembered ? 20 * DAY_MS : 0);
  return {
    ...spec,
    regions: ['a', 'b'],
    replication: { ...spec.replication, holdMax: isRemembered ? 60 * DAY_MS : 3 * HOUR_MS },
    maxEventAge,
    maxClockSkew: random.pick([MINUTE_MS, HOUR_MS]),
    dedupeWindow,
    attribution: {
      ...spec.attribution,
      clickWindow: random.pick([HOUR_MS, 7 * DAY_MS]),
      viewWindow: random.pick([MINUTE_MS, HOUR_MS]),
      maxOrderAge: random.pick([HOUR_MS, DAY_MS]),
      merchantMatch: random.pick(['any', 'same']),
      models: random.pick([['last_touch'], ATTRIBUTION_MODELS]),
      touchesMax: random.pick([1, 3, 100]),
    },
    retention: {
      // A region would refuse so short a time; here it lets segments leave, of which a peer may have need.
      log: isRemembered ? random.fork('log').pick([HOUR_MS, dedupeWindow + HOUR_MS]) : dedupeWindow + HOUR_MS,
      records: maxEventAge + dedupeWindow + 2 * HOUR_MS,
      orders: 30 * DAY_MS,
    },
    enrichment: { ...spec.enrichment, url: random.fork('order service').pick(['', 'http://orders.test']) },
    commitInterval: random.pick([0, 2]),
    logSegment: random.pick([700, 4000, 30_000]),
    snapshotAfter: random.pick([2000, 8000, 1e9]),
    limits: { ...spec.limits, problemsPerRequest: 100, pendingBytes: random.pick([8000, 1_000_000]) },
  };
}
