import type { Mutation } from '../mutation.ts';

/** A breakage of the budgets outside the simulation, and the test that must fail for it. */
export interface BudgetMutation extends Mutation {
  /** Below test/. */
  readonly test: string;
  /** Part of its name. */
  readonly caughtBy: string;
}

const BOOK = 'budget/budget-book.ts';
const PEER_TEST = 'budget/peer/peer-follower.disk.test.ts';
const CAMPAIGN_TEST = 'budget/peer/campaign-exchange.disk.test.ts';
const STORE_TEST = 'budget/budget-store.disk.test.ts';

export const BUDGET_MUTATIONS: readonly BudgetMutation[] = [
  {
    name: 'takes the own cursor for the peer’s',
    file: BOOK,
    from: 'return this.#store.position(region);',
    to: 'return this.#store.position(this.#region);',
    test: PEER_TEST,
    caughtBy: 'go on at their cursors after a restart',
  },
  {
    name: 'keeps the peer’s cursor as the own one',
    file: BOOK,
    from: 'writes.putPosition(region, position);',
    to: 'writes.putPosition(this.#region, position);',
    test: PEER_TEST,
    caughtBy: 'each with a cursor of its own',
  },
  {
    name: 'keeps one cursor for all regions',
    file: 'adapters/budget-store/statements.ts',
    from: 'statements.putPosition.run(region, ',
    to: "statements.putPosition.run('a', ",
    test: PEER_TEST,
    caughtBy: 'each with a cursor of its own',
  },
  {
    name: 'lets the peer change the own region’s charges',
    file: 'budget/ledger.ts',
    from: 'record.region !== region || (last !== undefined && last.region !== region)',
    to: 'region.length === 0',
    test: PEER_TEST,
    caughtBy: 'cannot change what the own region has counted',
  },
  {
    name: 'does not begin again when the peer has lost its data',
    file: 'budget/peer/peer-follower.ts',
    from: "code !== 'bad_cursor' && code !== 'cursor_expired'",
    to: 'code !== undefined',
    test: PEER_TEST,
    caughtBy: 'with bad_cursor is read from its beginning',
  },
  {
    name: 'does not look at the state again after a charge',
    file: BOOK,
    from: 'if (this.#states.has(campaignId)) this.#touched.add(campaignId);',
    to: '',
    test: PEER_TEST,
    caughtBy: 'an exhausted campaign is active again',
  },
  {
    name: 'charges a record of the peer by an id that is not its own',
    file: 'budget/peer/peer-record.ts',
    from: 'recordId === adMinuteRecordId(region, adId, minute, currency)',
    to: 'recordId.length > 0',
    test: PEER_TEST,
    caughtBy: 'has it refused, and the rest charged',
  },
  {
    name: 'holds the peer’s charges against the own records',
    file: 'budget/budget-audit.ts',
    from: 'charges.filter((charge) => charge.region === region)',
    to: 'charges',
    test: PEER_TEST,
    caughtBy: 'each with a cursor of its own',
  },
  {
    name: 'takes whatever campaign comes last',
    file: BOOK,
    from: '(held !== undefined && !isLater(campaign, held))',
    to: 'held === campaign',
    test: CAMPAIGN_TEST,
    caughtBy: 'both regions end with the same campaigns',
  },
  {
    name: 'stamps a campaign by the clock alone',
    file: 'budget/campaign.ts',
    from: 'Math.max(now, (seen?.updatedAt ?? 0) + 1)',
    to: 'now',
    test: CAMPAIGN_TEST,
    caughtBy: 'a put wins over what its region has seen',
  },
  {
    name: 'removes entries without a closing balance',
    file: 'adapters/budget-store/closing.ts',
    from: 'for (const balance of balancesOf(oldest)) add(statements, balance);',
    to: '',
    test: STORE_TEST,
    caughtBy: 'become closing balances in small steps',
  },
  {
    name: 'closes one side of a posting',
    file: 'adapters/budget-store/closing.ts',
    from: 'oldest.at(-1)!.id);',
    to: 'oldest.at(-2)!.id);',
    test: STORE_TEST,
    caughtBy: 'become closing balances in small steps',
  },
  {
    name: 'gives the charges of version 1 to any region',
    file: 'adapters/budget-store/schema.ts',
    from: 'ALTER TABLE charges ADD COLUMN region TEXT NOT NULL DEFAULT :region;',
    to: "ALTER TABLE charges ADD COLUMN region TEXT NOT NULL DEFAULT 'x';",
    test: STORE_TEST,
    caughtBy: 'keeps its charges, its cursor and its campaigns',
  },
];
