import { expectEqual, type Checker } from './checker.ts';

const LISTED_MAX = 50;

/** Whatever was neither counted nor a duplicate is held, newest first, with its verdict and its very bytes. */
export function trueQuarantine(): Checker {
  return {
    name: 'the quarantine holds what was not counted',
    atRest: async ({ truth, again }) => {
      const { entries } = await again.quarantine({ limit: LISTED_MAX });
      for (const { id, arrival, verdict, code, eventId } of entries) {
        // Ids count from 1, in the order in which events were put there.
        const { bytes, ...expected } = truth.uncounted[id - 1];
        expectEqual(`quarantine entry ${id}`, { arrival, verdict, code, eventId }, expected);
        const raw = await again.quarantineRaw(id);
        expectEqual(`bytes of quarantine entry ${id}`, [...raw], [...bytes]);
      }
    },
  };
}
