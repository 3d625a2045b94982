import { assert } from '../../base/assert.ts';
import { compareUtf8 } from '../../base/utf8-order.ts';
import {
  FIGURE_NAMES,
  type FigureName,
  type FigureOrder,
  type FiguresQuery,
  type FigureSums,
  type FoundFigures,
} from '../../reporting/figures.ts';
import type { CampaignAttributes } from '../../union-load/ports.ts';
import type { FigureColumn, FiguresStatement } from './figures-sql.ts';
import type { PinotCell } from './ports.ts';

type Sums = Record<FigureName, bigint>;

/** One period of a row, while it is added up. */
interface Part {
  readonly sums: Sums;
  /** Orders that are known by their id. */
  readonly orderIds: Set<string>;
}

interface Row {
  readonly id: string | null;
  readonly currency: string;
  readonly start: number;
  readonly now: Part;
  readonly before: Part;
}

/** Puts the answers to the statements of a query together: figures of ads and of orders, of now and of before. */
export class FiguresSum {
  readonly #query: FiguresQuery;
  readonly #idOf: (key: string | undefined) => string | null;
  readonly #rows = new Map<string, Row>();

  constructor(query: FiguresQuery, campaigns: readonly CampaignAttributes[]) {
    this.#query = query;
    this.#idOf = idsOf(query, campaigns);
  }

  add({ columns, isPrevious }: FiguresStatement, cells: readonly (readonly PinotCell[])[]): void {
    for (const row of cells) {
      const of = (name: FigureColumn): PinotCell | undefined => row[columns.indexOf(name)];
      const { now, before } = this.#row(of);
      const part = isPrevious ? before : now;
      for (const [at, name] of columns.entries()) {
        if (isFigure(name)) part.sums[name] += exact(row[at]);
        else if (name === 'orderId') part.orderIds.add(String(row[at]));
      }
    }
  }

  /** All rows, in the order asked for. */
  rows(): FoundFigures[] {
    const { order, comparesPrevious } = this.#query;
    const rows = [...this.#rows.values()].map(({ id, currency, start, now, before }) => ({
      id,
      currency,
      start,
      sums: sumsOf(now),
      previous: comparesPrevious ? sumsOf(before) : undefined,
    }));
    return rows.toSorted((a, b) => compareRows(order, a, b));
  }

  #row(of: (name: FigureColumn) => PinotCell | undefined): Row {
    const [key, start] = [of('key'), of('start')];
    const id = this.#idOf(key === undefined ? undefined : String(key));
    const currency = String(of('currency'));
    const found = { id, currency, start: start === undefined ? this.#query.from : Number(start) };
    const name = JSON.stringify(found);
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const row = { ...found, now: emptyPart(), before: emptyPart() };
    this.#rows.set(name, row);
    return row;
  }
}

function idsOf(
  { by }: FiguresQuery,
  campaigns: readonly CampaignAttributes[],
): (key: string | undefined) => string | null {
  if (by !== 'merchant' && by !== 'placement') return (key) => key ?? null;
  const ids = new Map(
    campaigns.map((campaign) => [
      campaign.campaignId,
      by === 'merchant' ? campaign.merchantId : campaign.placement,
    ]),
  );
  return (key) => (key === undefined ? null : (ids.get(key) ?? null));
}

function emptyPart(): Part {
  const sums = { impressions: 0n, clicks: 0n, costMicros: 0n, orders: 0n, revenueMicros: 0n };
  return { sums, orderIds: new Set() };
}

function sumsOf({ sums, orderIds }: Part): FigureSums {
  return { ...sums, orders: sums.orders + BigInt(orderIds.size) };
}

function isFigure(name: FigureColumn): name is FigureName {
  return FIGURE_NAMES.includes(name as FigureName);
}

/** A sum, which comes as decimal digits, or a count, which is a number. */
export function exact(cell: PinotCell): bigint {
  const isWhole =
    typeof cell === 'bigint' || Number.isSafeInteger(cell) || (typeof cell === 'string' && DIGITS.test(cell));
  assert(isWhole, `a sum is a whole number, not ${String(cell)}`);
  return BigInt(cell as string | number | bigint);
}

const DIGITS = /^-?\d+$/;

/** As the reporting store orders them: ids by their bytes, none last. */
function compareRows(order: FigureOrder, a: FoundFigures, b: FoundFigures): number {
  return (
    (order === 'start' ? 0 : compareSums(b.sums[order], a.sums[order])) ||
    a.start - b.start ||
    compareIds(a.id, b.id) ||
    compareUtf8(a.currency, b.currency)
  );
}

function compareSums(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareIds(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareUtf8(a, b);
}
