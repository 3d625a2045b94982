import type { Mutation } from '../mutation.ts';

const PEER_EVENTS = 'embedded/peer/peer-events.ts';
const PEER_PAGES = 'embedded/peer/peer-pages.ts';
const PEER_SHELF = 'embedded/peer/peer-shelf.ts';
const PEER_PULLER = 'embedded/peer/peer-puller.ts';
const MARKS = 'embedded/peer/marks.ts';
const STATE = 'embedded/state/aggregation.ts';
const SCALARS = 'embedded/snapshot/state-scalars.ts';
const ORDERS = 'embedded/state/attribution.ts';
const RULES = 'pipeline/aggregation.ts';
const TOUCHES = 'embedded/touches/touch-store.ts';
const REGION = 'embedded/region-engine.ts';

/** Breakages that worlds of two regions must catch. */
export const PEER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'keeps counting what the first region has counted, too',
    file: PEER_EVENTS,
    from: 'this.#uncount(source, row);\n        ids.reown',
    to: 'ids.reown',
  },
  {
    name: 'sends nothing back that is to be withdrawn',
    file: PEER_EVENTS,
    from: 'marks.add(this.#isFirst() && isOther);',
    to: 'marks.add(false);',
  },
  {
    name: 'keeps the touch of an event that is withdrawn',
    file: PEER_EVENTS,
    from: 'this.#addTouch(source, this.#rows[n], WITHDRAWN);',
    to: '',
  },
  {
    name: 'keeps no touches of the other region',
    file: PEER_EVENTS,
    from: 'this.#addTouch(source, row, PEER);\n      } else',
    to: '} else',
  },
  {
    name: 'shows a touch twice that both regions have',
    file: TOUCHES,
    from: 'byId.set(identity, touch);\n    }\n    return [...byId.values()];',
    to: 'byId.set(identity, touch);\n    }\n    return [...touches];',
  },
  {
    name: 'takes a page in again',
    file: STATE,
    from: 'if (isKnown && page.after < before.block) return;',
    to: '',
  },
  {
    name: 'lets the second region have what came there first',
    file: STATE,
    from: 'return seen === SAME_CONTENT && this.isFirst && this.ids.seenOwner === PEERS;',
    to: 'return false;',
  },
  {
    name: 'tells the peer of events that did not count',
    file: STATE,
    from: 'this.#markBits.add(verdict === counted);',
    to: 'this.#markBits.add(true);',
  },
  {
    name: 'forgets at a restart what the peer must hear of',
    file: SCALARS,
    from: 'marks: state.marks.between(0, state.scalars.block),',
    to: 'marks: [],',
  },
  {
    name: 'writes down twice what the peer must hear of',
    file: MARKS,
    from: 'this.#blocks.clear();\n',
    to: '',
  },
  {
    name: 'does not wait for the peer before it forgets',
    file: RULES,
    from: 'return Math.max(latestArrival - rules.holdMaxMs, Math.min(latestArrival, through, ack));',
    to: 'return latestArrival;',
  },
  {
    name: 'removes what the peer has yet to fetch',
    file: REGION,
    from: '!this.#peerPages.isOwed(lastBlock, lastArrival),',
    to: 'true,',
  },
  {
    name: 'says that a page holds all there is',
    file: PEER_PAGES,
    from: 'const isAll = this.#shelf.after(last, 1).length === 0;',
    to: 'const isAll = true;',
  },
  {
    name: 'keeps bytes for the peer that somebody else may change',
    file: PEER_SHELF,
    from: 'this.#parts.push(copyShipment(shipmentOf(block, [entry], [marks])));',
    to: 'this.#parts.push(shipmentOf(block, [entry], [marks]));',
  },
  {
    name: 'passes over a page that does not arrive',
    file: PEER_PULLER,
    from: 'if (count === 0 && !isLater &&',
    to: 'if (!isLater &&',
  },
  {
    name: 'credits an order in both regions',
    file: ORDERS,
    from: 'if (takenHere === 0 || takenThere === 0) return takenHere > 0;',
    to: 'return takenHere > 0;',
  },
  {
    name: 'hears nothing of the orders of the peer',
    file: ORDERS,
    from: 'if (reading.ok) this.#takeFromPeer(reading.order, arrival);',
    to: '',
  },
];
