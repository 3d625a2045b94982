import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Quarantine, type QuarantinedEvent } from '../../../src/embedded/state/quarantine.ts';

const LATE = 3;
const at = (arrival: number): Omit<QuarantinedEvent, 'id'> => ({
  arrival,
  verdict: LATE,
  fault: 0,
  faultField: 0,
  segment: 1,
  offset: arrival * 10,
  length: 7,
});

type Step =
  | { readonly kind: 'add' }
  | { readonly kind: 'release'; readonly id: number }
  | { readonly kind: 'expire'; readonly before: number }
  | { readonly kind: 'limit'; readonly limit: number }
  | { readonly kind: 'restart' };

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>({ kind: 'add' }) },
    fc.record({ kind: fc.constant('release' as const), id: fc.nat(80) }),
    fc.record({ kind: fc.constant('expire' as const), before: fc.nat(60) }),
    fc.record({ kind: fc.constant('limit' as const), limit: fc.nat(20) }),
    fc.constant<Step>({ kind: 'restart' }),
  ),
  { maxLength: 300 },
);

describe('the quarantine', () => {
  test('holds what a plain list would hold, through limits, expiry, release and restarts', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let quarantine = new Quarantine(20);
        let limit = 20;
        let model: { id: number; arrival: number; gone: boolean }[] = [];
        let [next, dropped] = [1, 0];
        const drop = (): void => {
          if (!model.shift()!.gone) dropped++;
        };
        for (const step of all) {
          if (step.kind === 'add') {
            quarantine.add(at(next));
            model.push({ id: next, arrival: next, gone: false });
            next++;
            while (model.length > limit) drop();
          } else if (step.kind === 'release') {
            quarantine.release(step.id);
            model = model.map((event) => (event.id === step.id ? { ...event, gone: true } : event));
          } else if (step.kind === 'expire') {
            quarantine.expire(step.before);
            while (model.length > 0 && model[0].arrival < step.before) drop();
          } else if (step.kind === 'limit') {
            limit = step.limit;
            quarantine.setLimit(limit);
            while (model.length > limit) drop();
          } else {
            const dump = quarantine.dump();
            quarantine = new Quarantine(limit);
            quarantine.load(dump);
          }
          const held = model.filter(({ gone }) => !gone).map(({ id }) => id);
          expect([...quarantine.newest()].map(({ id }) => id)).toEqual(held.toReversed());
          expect([quarantine.held, quarantine.dropped]).toEqual([held.length, dropped]);
        }
      }),
    );
  });

  test('gives back what was put in, and nothing for ids it does not hold', () => {
    const quarantine = new Quarantine(3);
    for (let n = 1; n <= 5; n++) quarantine.add(at(n));
    expect(quarantine.get(4)).toEqual({ id: 4, ...at(4) });
    expect([2, 6, 0, -1, 1.5, Number.NaN].map((id) => quarantine.get(id))).toEqual(Array(6).fill(undefined));
  });
});
