import type { Clock } from '../../../base/clock.ts';
import type { Budget } from '../../../budget/budget.ts';
import type { BudgetDesk } from '../../../budget/budget-desk.ts';
import { formatTime } from '../../../model/event-time.ts';
import { adMinuteRecordId } from '../../../model/record-id.ts';
import { advertiserScope } from '../../access/advertiser-scope.ts';
import { exactJson } from '../../exact-json.ts';
import { budget, budgetAudit, budgetList, daySpend, ledgerPage } from '../../openapi/budget-schemas.ts';
import { countParameter, readParameters, textParameter } from '../../parameters.ts';
import { type BudgetContext, EVENT_STREAM_TYPE, type Route, sendJson } from '../../route.ts';
import { answerEnd } from '../../stream/change-wait.ts';
import { EventStream } from '../../stream/event-stream.ts';
import { CAMPAIGN_PATH, budgetOf, campaignIdOf } from './campaigns.ts';

const LIMIT_DEFAULT = 100;
const HEARTBEAT_MS = 15_000;
/** News that a slow client may have waiting; one that is further behind is let go and comes back for the present. */
const WAITING_MAX = 1000;

const LIST_QUERY = {
  limit: countParameter('Most budgets in the answer.', [1, 1000], LIMIT_DEFAULT),
  after: textParameter('Only campaigns with a greater id: the next page.', 'spring', 256),
};

const LEDGER_QUERY = {
  limit: countParameter('Most entries in the answer.', [1, 1000], LIMIT_DEFAULT),
  before: countParameter('Only entries with a smaller id: the next page.', [1, Number.MAX_SAFE_INTEGER]),
};

const EXAMPLE = {
  campaignId: 'spring',
  merchantId: 'shop-7',
  placement: 'search',
  currency: 'EUR',
  day: '2026-01-31',
  dayStart: '2026-01-31T00:00:00+01:00',
  dayEnd: '2026-02-01T00:00:00+01:00',
  dailyBudgetMicros: 250_000_000,
  spentMicros: 110_000_000,
  remainingMicros: 140_000_000,
  forecastMicros: 241_000_000,
  pacingIndex: 0.88,
  state: 'active',
  asOf: '2026-01-31T12:00:00+01:00',
  otherCurrencies: {},
};

const FEED_EXAMPLE = {
  region: 'a',
  state: 'running',
  error: null,
  caughtUp: true,
  lagMs: 0,
  cursorKeptAt: 1_769_860_812_345,
  restartedAt: null,
  charged: 40,
  refused: 0,
  refusal: null,
};

export const getBudget: Route<BudgetContext> = {
  method: 'GET',
  url: '/v1/campaigns/:campaignId/budget',
  access: 'advertiser',
  operation: {
    id: 'getBudget',
    tag: 'Budgets',
    summary: 'How a campaign’s budget stands today',
    description:
      'Spend by the minute of the events, on the campaign’s present day in its time zone. A correction that comes after midnight ' +
      'goes to the day it corrects.',
    path: CAMPAIGN_PATH,
    answer: {
      about: 'The budget.',
      content: [{ type: 'application/json', schema: budget, example: EXAMPLE }],
    },
    errors: ['unknown_campaign'],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const service = budgetOf(context);
    const scope = advertiserScope(request);
    const found = await service.book.budget(campaignIdOf(request), context.clock.now(), scope);
    return sendJson(reply, exactJson(wireBudget(service, found)));
  },
};

export const getBudgets: Route<BudgetContext> = {
  method: 'GET',
  url: '/v1/budgets',
  access: 'advertiser',
  operation: {
    id: 'getBudgets',
    tag: 'Budgets',
    summary: 'How all budgets stand today',
    description: 'Each on its campaign’s own day.',
    query: LIST_QUERY,
    answer: {
      about: 'A page of budgets.',
      content: [
        {
          type: 'application/json',
          schema: budgetList,
          example: { budgets: [EXAMPLE], next: null, feeds: [FEED_EXAMPLE] },
        },
      ],
    },
    errors: [],
  },
  handler: (context) => async (request, reply) => {
    const { limit = LIMIT_DEFAULT, after } = readParameters(request.query, LIST_QUERY);
    const service = budgetOf(context);
    const scope = advertiserScope(request);
    const found = await service.book.budgets(context.clock.now(), limit + 1, after, scope);
    const budgets = found.slice(0, limit);
    const next = found.length > limit ? budgets.at(-1)!.campaignId : null;
    // Why a feed fails is the operator's: it names addresses and records.
    const words = scope === undefined ? {} : { error: null, refusal: null };
    const feeds = service.status().feeds.map((feed) => ({ ...feed, ...words }));
    return sendJson(
      reply,
      exactJson({ budgets: budgets.map((each) => wireBudget(service, each)), next, feeds }),
    );
  },
};

export const getDaySpend: Route<BudgetContext> = {
  method: 'GET',
  url: '/v1/campaigns/:campaignId/spend',
  access: 'advertiser',
  operation: {
    id: 'getDaySpend',
    tag: 'Budgets',
    summary: 'A campaign’s spend today, minute by minute',
    description: 'What its budget is summed from, and the part of the day that its pacing line spans.',
    path: CAMPAIGN_PATH,
    answer: {
      about: 'The budget and its minutes.',
      content: [
        {
          type: 'application/json',
          schema: daySpend,
          example: {
            budget: EXAMPLE,
            runFrom: 1_769_814_000_000,
            runTo: 1_769_900_400_000,
            minutes: [{ minute: 1_769_850_000_000, spentMicros: 110_000_000 }],
          },
        },
      ],
    },
    errors: ['unknown_campaign'],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const service = budgetOf(context);
    const now = context.clock.now();
    const campaignId = campaignIdOf(request);
    const scope = advertiserScope(request);
    const { from: runFrom, to: runTo, minutes } = await service.book.daySpend(campaignId, now, scope);
    const spent = minutes.map(({ minute, micros }) => ({ minute, spentMicros: micros }));
    const answer = {
      budget: wireBudget(service, await service.book.budget(campaignId, now, scope)),
      runFrom,
      runTo,
    };
    return sendJson(reply, exactJson({ ...answer, minutes: spent }));
  },
};

export const getCampaignLedger: Route<BudgetContext> = {
  method: 'GET',
  url: '/v1/campaigns/:campaignId/ledger',
  access: 'advertiser',
  operation: {
    id: 'getCampaignLedger',
    tag: 'Budgets',
    summary: 'The entries of a campaign',
    description:
      'Each has a counter-entry on its advertiser. A record is charged the difference to what it was last charged. Also of a ' +
      'campaign that was never set; for an advertiser, those of its own campaigns and records. Entries older than ' +
      'budget.retention are part of a closing balance.',
    path: CAMPAIGN_PATH,
    query: LEDGER_QUERY,
    answer: {
      about: 'Entries, newest first.',
      content: [
        {
          type: 'application/json',
          schema: ledgerPage,
          example: {
            entries: [
              {
                id: 41,
                recordId: adMinuteRecordId('a', 'ad-42', 1_769_860_800_000, 'EUR'),
                revision: 3,
                account: 'campaign:spring',
                amountMicros: 250_000,
                currency: 'EUR',
                minute: 1_769_860_800_000,
                postedAt: 1_769_860_812_345,
              },
            ],
            closings: [],
          },
        },
      ],
    },
    errors: ['unknown_campaign'],
  },
  handler: (context) => async (request, reply) => {
    const { limit = LIMIT_DEFAULT, before } = readParameters(request.query, LEDGER_QUERY);
    const { book } = budgetOf(context);
    const [campaignId, scope] = [campaignIdOf(request), advertiserScope(request)];
    const entries = await book.entries(campaignId, limit, before, scope);
    return sendJson(reply, exactJson({ entries, closings: await book.closings(campaignId, scope) }));
  },
};

export const getBudgetChanges: Route<BudgetContext> = {
  method: 'GET',
  url: '/v1/budgets/changes',
  access: 'advertiser',
  operation: {
    id: 'getBudgetChanges',
    tag: 'Budgets',
    summary: 'Hear when a budget’s state changes',
    description:
      'Server-sent events ("event: budget"): first every campaign as it stands, then each whose state changes, within a second. ' +
      'A client that comes back misses nothing that still holds.',
    answer: {
      about: 'A stream of budgets.',
      content: [
        {
          type: EVENT_STREAM_TYPE,
          schema: budget,
          example: `event: budget\ndata: ${JSON.stringify(EXAMPLE)}\n\n`,
        },
      ],
    },
    errors: [],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const service = budgetOf(context);
    const scope = advertiserScope(request);
    const news = new BudgetNews(service);
    try {
      news.begin(await service.book.budgets(context.clock.now(), undefined, undefined, scope));
      const ended = answerEnd(reply, context.stopping);
      const events = new EventStream(reply, ended);
      if (request.method === 'HEAD') return events.end();
      ended.addEventListener('abort', () => news.wake());
      while (events.open && !news.isTooMuch) {
        for (let next = news.next(); next !== undefined && events.open; next = news.next()) {
          if (!(await service.book.belongs(next.campaignId, scope))) continue;
          await events.send({ event: 'budget', data: exactJson(wireBudget(service, next)) });
        }
        if (events.open && (await news.wait(context.clock)) === 'silence') await events.heartbeat();
      }
      events.end();
    } finally {
      news.stop();
    }
  },
};

export const getBudgetAudit: Route = {
  method: 'GET',
  url: '/v1/audit/budget',
  access: 'operator',
  operation: {
    id: 'getBudgetAudit',
    tag: 'Books',
    summary: 'Prove that every record was charged once',
    description:
      'Every entry has its counter-entry, entries and closing balances sum to charges and to the spend that days are summed from, ' +
      'and every record the region holds is charged exactly what it costs; so is every record of the other region, if that one ' +
      'answers. Records that have left their region (retention.records) are held against the ledger only.',
    answer: {
      about: 'What was compared, and what differs.',
      content: [
        {
          type: 'application/json',
          schema: budgetAudit,
          example: {
            exact: true,
            entries: 82,
            charges: 40,
            recordsEqual: 40,
            recordsWaiting: 0,
            peers: [],
            comparedFrom: 1_769_860_800_000,
            differenceCount: 0,
            differences: [],
            service: {
              state: 'running',
              error: null,
              restartedAt: null,
              caughtUp: true,
              lagMs: 0,
              entries: 82,
              charged: 40,
              feeds: [FEED_EXAMPLE],
              campaigns: null,
            },
          },
        },
      ],
    },
    errors: [],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const service = budgetOf(context);
    const audit = await service.audit();
    return sendJson(reply, JSON.stringify({ ...audit, service: service.status() }));
  },
};

/** What one listener is yet to hear. Heard from the start: what changes while the present is read comes after it, perhaps twice. */
class BudgetNews {
  readonly stop: () => void;
  readonly #waiting: Budget[] = [];
  #most = WAITING_MAX;
  #wake = (): void => {};
  /** Whether more came than a listener may have waiting. */
  isTooMuch = false;

  constructor(desk: BudgetDesk) {
    this.stop = desk.onStateChange((changed) => {
      this.isTooMuch ||= this.#waiting.length >= this.#most;
      if (!this.isTooMuch) this.#waiting.push(changed);
      this.wake();
    });
  }

  begin(present: readonly Budget[]): void {
    this.#waiting.unshift(...present);
    this.#most += present.length;
  }

  next(): Budget | undefined {
    return this.#waiting.shift();
  }

  wake(): void {
    this.#wake();
  }

  wait(clock: Clock): Promise<'news' | 'silence'> {
    if (this.#waiting.length > 0 || this.isTooMuch) return Promise.resolve('news');
    return new Promise((resolve) => {
      const cancel = clock.after(HEARTBEAT_MS, () => resolve('silence'));
      this.#wake = () => {
        cancel();
        resolve('news');
      };
    });
  }
}

function wireBudget({ book }: BudgetDesk, { day, timezone, asOf, ...figures }: Budget): object {
  return {
    ...figures,
    day: day.date,
    dayStart: book.format(day.start, { timezone }),
    dayEnd: book.format(day.end, { timezone }),
    asOf: formatTime(asOf),
  };
}
