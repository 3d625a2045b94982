import type { Mutation } from '../mutation.ts';

const LEDGER = 'budget/ledger.ts';
const BOOK = 'budget/budget-book.ts';

/** Breakages of the ledger that the simulation must catch: its consumer dies anywhere, and hears things twice. */
export const LEDGER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'charges a lower revision again',
    file: LEDGER,
    from: 'record.revision <= last.revision) continue;',
    to: 'record.revision === last.revision) continue;',
  },
  {
    name: 'charges the full cost instead of the difference',
    file: LEDGER,
    from: 'micros: next.micros - (last?.micros ?? 0)',
    to: 'micros: next.micros',
  },
  {
    name: 'skips the counter-entry',
    file: LEDGER,
    from: 'writes.addEntry({ ...side, account: advertiserAccount(advertiserId), amountMicros: -micros });',
    to: '',
  },
  {
    name: 'does not credit a record where it was before it moved',
    file: LEDGER,
    from: '{ charge: last, micros: -last.micros },',
    to: '',
  },
  {
    name: 'does not remember what it has charged',
    file: LEDGER,
    from: 'writes.putCharge(next);',
    to: '',
  },
  {
    name: 'lets the spend of a day only grow',
    file: LEDGER,
    from: 'if (micros !== 0n) writes.addSpend(',
    to: 'if (micros > 0n) writes.addSpend(',
  },
  {
    name: 'forgets the cursor in the transaction',
    file: BOOK,
    from: 'writes.putPosition(region, position);',
    to: '',
  },
  {
    name: 'keeps the cursor before the rows',
    file: BOOK,
    from: 'const applied = this.#store.transaction((writes) => {',
    to: 'this.#store.transaction((writes) => writes.putPosition(region, position));\n    const applied = this.#store.transaction((writes) => {',
  },
];
