import type { Case, Side, Step } from './cases.ts';

/** Something that arrives, as its sender wrote it. */
export interface SentStep {
  readonly at: Side;
  readonly kind: 'event' | 'order';
  readonly arrival: number;
  readonly body: string;
  readonly clusterVerdict: string | null;
}

const IDS = ['eventId', 'orderId', 'userId', 'adId'];

/**
 * The steps of a case, in rounds: between two of them both regions hear all there is. Ids begin with the case's number, so
 * that cases do not meet.
 */
export function roundsOf(steps: readonly Step[], number: number, base: number): SentStep[][] {
  const rounds: SentStep[][] = [[]];
  for (const step of steps) {
    if (step.sync === true) rounds.push([]);
    else rounds.at(-1)!.push(sent(step, number, base));
  }
  return rounds;
}

function sent({ at, kind, after, value, cluster }: Step, number: number, base: number): SentStep {
  const body = typeof value === 'string' ? value : JSON.stringify(filled(kind, value, number, base));
  return { at, kind, arrival: base + after, body, clusterVerdict: cluster?.verdict ?? null };
}

function filled(
  kind: Step['kind'],
  value: Readonly<Record<string, unknown>>,
  number: number,
  base: number,
): object {
  const fields: Record<string, unknown> = {
    ...(kind === 'event' ? someEvent(base) : someOrder(base)),
    ...value,
  };
  for (const id of IDS) {
    if (typeof fields[id] === 'string') fields[id] = `${number}.${fields[id]}`;
  }
  return fields;
}

function someEvent(base: number): object {
  return {
    eventId: 'e',
    eventType: 'impression',
    eventTime: base - 1000,
    adId: 'ad-1',
    campaignId: 'c-1',
    advertiserId: 'adv-1',
    userId: 'u-1',
    merchantId: 'm-1',
    costMicros: 1500,
  };
}

function someOrder(base: number): object {
  return { orderId: 'o', orderTime: base, userId: 'u-1', merchantId: 'm-1', amountMicros: 9_000_000 };
}

/** All cases, round by round: what of each is sent before everybody hears everything again. */
export function mergedRounds(cases: readonly Case[], base: number): SentStep[][] {
  const all = cases.map(({ steps }, number) => roundsOf(steps, number, base));
  const count = Math.max(...all.map((rounds) => rounds.length));
  return Array.from({ length: count }, (_, round) => all.flatMap((rounds) => rounds[round] ?? []));
}
