import { describe, expect, it } from 'vitest';
import { type Doubt, LOOKS_UNMOVED, ROUNDS_MAX, settle } from '../../src/base/settle.ts';

const doubt = (stamp: string): Doubt => ({ stamp, differences: [`it is ${stamp}`] });

/** Settles what `look` gives at each look, counted from 1. */
async function settling(look: (round: number) => Record<string, Doubt>) {
  let rounds = 0;
  const settled = await settle(
    () => Promise.resolve(new Map(Object.entries(look(++rounds)))),
    () => Promise.resolve(),
  );
  return { ...settled, rounds };
}

describe('settle', () => {
  it('looks once when nothing is in doubt', async () => {
    expect(await settling(() => ({}))).toEqual({ differences: [], moving: 0, rounds: 1 });
  });

  it('calls wrong what differs and stands still', async () => {
    expect(await settling(() => ({ a: doubt('old') }))).toEqual({
      differences: ['it is old'],
      moving: 0,
      rounds: LOOKS_UNMOVED,
    });
  });

  it('forgives what moves and then agrees', async () => {
    const settled = await settling((round) => (round < 9 ? { a: doubt(String(round >> 1)) } : {}));
    expect(settled).toEqual({ differences: [], moving: 0, rounds: 9 });
  });

  it('leaves out what never stands still, and still tells of what does', async () => {
    const settled = await settling((round) => ({ a: doubt(String(round)), b: doubt('old') }));
    expect(settled).toEqual({ differences: ['it is old'], moving: 1, rounds: ROUNDS_MAX });
  });
});
