/** A deliberate breakage of the engine: in `file`, the text `from`, which must stand there exactly once, becomes `to`. */
export interface Mutation {
  /** What the broken engine does wrong. */
  readonly name: string;
  /** Below src/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const LOG_WRITER = 'embedded/log/log-writer.ts';
const LOG_READER = 'embedded/log/log-reader.ts';
const BLOCK = 'embedded/log/block.ts';
const GROUP_COMMIT = 'embedded/group-commit.ts';
const REGION = 'embedded/region-engine.ts';
const SNAPSHOTTER = 'embedded/snapshot/snapshotter.ts';
const SNAPSHOT_FILE = 'embedded/snapshot/snapshot-file.ts';
const RECOVERY = 'embedded/snapshot/recovery.ts';
const MANIFEST = 'embedded/snapshot/manifest.ts';
const CHANGE_FEED = 'embedded/change-feed.ts';
const TOUCH_STORE = 'embedded/touches/touch-store.ts';
const TOUCH_FILES = 'embedded/touches/touch-files.ts';
const STATE = 'embedded/state/aggregation.ts';
const SCALARS = 'embedded/snapshot/state-scalars.ts';
const RULES = 'pipeline/aggregation.ts';
const ORDERS = 'embedded/state/attribution.ts';
const ORDER_RULES = 'pipeline/attribution.ts';

/** Every one of them must be caught by the simulation. One that is not is a promise that nobody checks. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'skips the fsync of a block',
    file: LOG_WRITER,
    from: 'await file.write(block, start);\n    await file.sync();',
    to: 'await file.write(block, start);',
  },
  {
    name: 'acknowledges a block while its fsync is still under way',
    file: LOG_WRITER,
    from: 'start);\n    await file.sync();\n    this.#block',
    to: 'start);\n    file.sync().catch(() => {});\n    this.#block',
  },
  {
    name: 'swallows the error of a write',
    file: LOG_WRITER,
    from: 'await file.write(block, start);',
    to: 'await file.write(block, start).catch(() => {});',
  },
  {
    name: 'swallows the error of an fsync',
    file: LOG_WRITER,
    from: 'start);\n    await file.sync();\n    this.#block',
    to: 'start);\n    await file.sync().catch(() => {});\n    this.#block',
  },
  {
    name: 'goes on after a failed commit',
    file: GROUP_COMMIT,
    from: '.catch(this.#onFailure)\n      .finally(() => {\n        this.#running = undefined;\n        if (this.#hasFailed) return;',
    to: '.catch(() => {})\n      .finally(() => {\n        this.#running = undefined;',
  },
  {
    name: 'does not make a new segment’s name durable',
    file: LOG_WRITER,
    from: 'await this.#file.sync();\n    await this.#disk.syncDirectory(LOG_DIRECTORY);\n    this.#segment = first;',
    to: 'await this.#file.sync();\n    this.#segment = first;',
  },
  {
    name: 'shows after a restart what was never synced',
    file: LOG_WRITER,
    from: 'await writer.#file.sync();\n    }\n    await disk.syncDirectory(LOG_DIRECTORY);',
    to: '}\n    await disk.syncDirectory(LOG_DIRECTORY);',
  },
  {
    name: 'trusts a last block whose fsync had failed',
    file: LOG_WRITER,
    from: 'await writer.#file.write(end.unsynced, end.segmentBytes - end.unsynced.length);',
    to: '',
  },
  {
    name: 'names a snapshot in a directory that may be lost',
    file: SNAPSHOTTER,
    from: "await this.#disk.syncDirectory('.');\n    const before",
    to: 'const before',
  },
  {
    name: 'does not cut off a torn write',
    file: LOG_WRITER,
    from: 'if (end.tornBytes > 0) await writer.#file.truncate(end.segmentBytes);',
    to: 'if (end.tornBytes > 0) writer.#end += end.tornBytes;',
  },
  {
    name: 'cuts one block too many at recovery',
    file: LOG_READER,
    from: 'if (number >= from) yield { number, entries };\n    number++;',
    to: 'if (isLast && at >= bytes.length) break;\n    if (number >= from) yield { number, entries };\n    number++;',
  },
  {
    name: 'cuts acknowledged blocks behind a damaged one',
    file: LOG_READER,
    from: 'if (end.tornBytes > 0) refuseDamage(',
    to: 'if (end.tornBytes > bytes.length) refuseDamage(',
  },
  {
    name: 'ignores the checksum of a block',
    file: BLOCK,
    from: 'return end <= bytes.length && crc32(bytes.subarray(start, end)) === header.payloadCrc;',
    to: 'return end <= bytes.length;',
  },
  {
    name: 'ignores the checksum of a snapshot’s section',
    file: SNAPSHOT_FILE,
    from: '!== header.readUInt32LE(12)',
    to: '!== header.readUInt32LE(12) && length === 0',
  },
  {
    name: 'ignores the checksum of the manifest',
    file: MANIFEST,
    from: 'if (line === undefined || checksum !== checksumOf(line)) {',
    to: 'if (line === undefined) {',
  },
  {
    name: 'skips the tail of the log behind a snapshot',
    file: RECOVERY,
    from: 'for (const entry of entries) {\n      const answer = state.apply(entry, 0);',
    to: 'for (const entry of snapshotBlock > 0 ? [] : entries) {\n      const answer = state.apply(entry, 0);',
  },
  {
    name: 'applies the block of the snapshot a second time',
    file: RECOVERY,
    from: "readLog(disk, Buffer.from(manifest.dataId, 'hex'), snapshotBlock + 1);",
    to: "readLog(disk, Buffer.from(manifest.dataId, 'hex'), Math.max(1, state.scalars.block--));",
  },
  {
    name: 'forgets the ids of a snapshot’s last part',
    file: RECOVERY,
    from: 'for await (const section of readSnapshotFile(disk, file)) loadSection(state, section);',
    to: 'for await (const section of readSnapshotFile(disk, file)) {\n      if (section.kind !== SECTION.ids || file === manifest.snapshot!.parts[0].file) loadSection(state, section);\n    }',
  },
  {
    name: 'drops the last partition of ids from a snapshot',
    file: SNAPSHOTTER,
    from: 'if (words.length === 0) continue;',
    to: "if (words.length === 0 || (cut.mode === 'full' && n > 1000)) continue;",
  },
  {
    name: 'loses the counters of a snapshot',
    file: RECOVERY,
    from: 'state.counters.load(new Float64Array(payload.buffer));',
    to: 'state.counters.load(new Float64Array(payload.buffer.slice(0, 14 * 8)));',
  },
  {
    name: 'loses the quarantine of a snapshot',
    file: RECOVERY,
    from: 'state.quarantine.load(new Float64Array(payload.buffer));',
    to: '',
  },
  {
    name: 'writes cells into a delta only when they are new',
    file: SNAPSHOTTER,
    from: "filter(({ isDirty }) => mode === 'full' || isDirty)",
    to: "filter(({ isDirty }) => mode === 'full' || (isDirty && this.taken === 0))",
  },
  {
    name: 'names a snapshot before it is durable',
    file: SNAPSHOT_FILE,
    from: 'await this.#file.sync();\n    await this.#file.close();',
    to: 'await this.#file.close();',
  },
  {
    name: 'replaces the manifest before it is durable',
    file: MANIFEST,
    from: 'await file.sync();\n',
    to: '',
  },
  {
    name: 'removes segments that the snapshot does not cover',
    file: REGION,
    from: 'lastBlock <= this.#snapshotter.block &&\n        lastArrival < expiredBefore &&\n        !this.#peerPages.isOwed(lastBlock, lastArrival),',
    to: 'lastArrival < expiredBefore || lastArrival > 0,',
  },
  {
    name: 'leaves requests of a large group uncounted',
    file: REGION,
    from: 'const answer = await this.#applyEntry(entry);',
    to: 'const answer = await this.#applyEntry(entry);\n      if (n === 2) break;',
  },
  {
    name: 'does not log a change of rules',
    file: REGION,
    from: 'await this.#submit(ENTRY_KIND.rules, Buffer.from(JSON.stringify(rules)), 0);',
    to: 'if (isNew) await this.#submit(ENTRY_KIND.rules, Buffer.from(JSON.stringify(rules)), 0);\n    else this.#state.setRules(rules);',
  },
  {
    name: 'counts a conflict',
    file: STATE,
    from: 'if (seen !== 0 && !takesOver) verdicts[row] = seen === 1 ? duplicate : conflict;',
    to: 'if (seen === 1 && !takesOver) verdicts[row] = duplicate;',
  },
  {
    name: 'takes a conflict for a duplicate',
    file: STATE,
    from: 'seen === 1 ? duplicate : conflict',
    to: 'duplicate',
  },
  {
    name: 'forgets the ids of an hour that another request began',
    file: STATE,
    from: 'this.ids.add(n, generation);',
    to: 'if (n > 0 || generation % 2 === 0) this.ids.add(n, generation);',
  },
  {
    name: 'remembers the id of an event it refused',
    file: STATE,
    from: 'words[row * ROW_WORDS + FAULT] = SUM_OUT_OF_RANGE;',
    to: 'this.ids.add(n, generation);\n        words[row * ROW_WORDS + FAULT] = SUM_OUT_OF_RANGE;',
  },
  {
    name: 'lets a sum of money pass 2^53 − 1',
    file: STATE,
    from: '+ costMicros > Number.MAX_SAFE_INTEGER) return false;',
    to: '+ costMicros > Number.MAX_SAFE_INTEGER * 2) return false;',
  },
  {
    name: 'shows the last campaign instead of the greatest',
    file: 'embedded/state/cells.ts',
    from: 'this.#dimensions.isGreater(dimension, shown)',
    to: 'dimension > 0',
  },
  {
    name: 'gives a cursor that skips what did not fit on the page',
    file: CHANGE_FEED,
    from: 'const next = format(dataId, { change: last, since: cursor.since });\n      return { records, cursor: next, caughtUp: false, ...end };\n    }\n    records.push(cells',
    to: 'const next = format(dataId, { change: last + 1, since: cursor.since });\n      return { records, cursor: next, caughtUp: false, ...end };\n    }\n    records.push(cells',
  },
  {
    name: 'keeps a cursor alive that has missed retired records for ever',
    file: CHANGE_FEED,
    from: 'const next = format(dataId, { change: last, since: cursor.since });\n      return { records, cursor: next, caughtUp: false, ...end };\n    }\n    records.push(cells',
    to: 'const next = format(dataId, { change: last, since: 0 });\n      return { records, cursor: next, caughtUp: false, ...end };\n    }\n    records.push(cells',
  },
  {
    name: 'keeps a cell’s old place in the change feed',
    file: STATE,
    from: 'if (values[cell + CHANGE] <= changeBefore) this.changed(cells, cellRow);',
    to: 'if (values[cell + CHANGE] === 0) this.changed(cells, cellRow);',
  },
  {
    name: 'takes an event for late one millisecond too soon',
    file: RULES,
    from: 'if (eventTime < arrival - rules.maxEventAgeMs ||',
    to: 'if (eventTime <= arrival - rules.maxEventAgeMs ||',
  },
  {
    name: 'takes an event for future one millisecond too late',
    file: RULES,
    from: 'if (eventTime > arrival + rules.maxClockSkewMs)',
    to: 'if (eventTime > arrival + rules.maxClockSkewMs + 1)',
  },
  {
    name: 'forgets ids an hour too early',
    file: RULES,
    from: 'generationOf(settled - rules.dedupeWindowMs) - 1,',
    to: 'generationOf(settled - rules.dedupeWindowMs),',
  },
  {
    name: 'brings retired records back when the clock goes back',
    file: STATE,
    from: 'const now = advanceHorizon(before, latestArrival, settled, rules);',
    to: 'const now = advanceHorizon(FIRST_HORIZON, arrival, arrival, rules);',
  },
  {
    name: 'counts into a record that is retired',
    file: RULES,
    from: ' || eventTime < horizon.retiredBefore) return',
    to: ') return',
  },
  {
    name: 'loses sight of touches while they are being written',
    file: TOUCH_STORE,
    from: 'this.#frozen?.find(user, first, to, take);',
    to: '',
  },
  {
    name: 'forgets the touches of the log’s tail',
    file: RECOVERY,
    from: 'const replay = await replayLog(disk, manifest, state);',
    to: 'const replay = await replayLog(disk, manifest, state);\n  state.touches.freeze();\n  state.touches.adopt(state.touches.runs);',
  },
  {
    name: 'names only the newest run of touches',
    file: TOUCH_FILES,
    from: 'if (added !== undefined) runs.push(added);',
    to: 'if (added !== undefined) runs.splice(0, runs.length, added);',
  },
  {
    name: 'removes a run of touches once the oldest of them is over',
    file: TOUCH_FILES,
    from: 'run.newest >= expiredBefore ||',
    to: 'run.oldest >= expiredBefore ||',
  },
  {
    name: 'removes merged runs of touches before the manifest that does without them is durable',
    file: SNAPSHOTTER,
    from: 'await writeManifest(this.#disk, { ...this.#manifest, snapshot });',
    to: 'await this.#touches.adopt(state.touches, runs);\n    await writeManifest(this.#disk, { ...this.#manifest, snapshot });',
  },
  {
    name: 'names a run of touches before it is durable',
    file: 'embedded/touches/touch-run-writer.ts',
    from: 'await this.#file.sync();\n',
    to: '',
  },
  {
    name: 'ignores the checksum of a block of touches',
    file: 'embedded/touches/touch-run.ts',
    from: '!== words[start + BLOCK_CRC] >>> 0)',
    to: '!== words[start + BLOCK_CRC] >>> 0 && start < 0)',
  },
  {
    name: 'shows touches that are over',
    file: TOUCH_STORE,
    from: 'const first = Math.max(from, this.#expiredBefore);',
    to: 'const first = from;',
  },
  {
    name: 'accepts a stale version of an order',
    file: ORDER_RULES,
    from: "if (order.orderVersion < known.orderVersion) return 'stale';",
    to: "if (order.orderVersion < known.orderVersion) return 'accepted';",
  },
  {
    name: 'takes a contradicting version of an order for a duplicate',
    file: ORDER_RULES,
    from: "return orderContentKey(order) === orderContentKey(known) ? 'duplicate' : 'conflict';",
    to: "return 'duplicate';",
  },
  {
    name: 'counts a touch after the order',
    file: ORDER_RULES,
    from: "if (ageMs < 0) return 'after_order';",
    to: '',
  },
  {
    name: 'does not decide an order anew after a late touch',
    file: STATE,
    from: 'for (const userId of this.#touched) this.attribution.touched(userId);',
    to: '',
  },
  {
    name: 'takes an order for open that is over',
    file: ORDERS,
    from: 'if (!isOpen(order, this.#settled, this.#rules)) return touches;',
    to: '',
  },
  {
    name: 'writes orders into a delta only when they are new',
    file: ORDERS,
    from: 'this.#dirty.set(state.order.orderId, settled);',
    to: 'if (state.records.length === 0) this.#dirty.set(state.order.orderId, settled);',
  },
  {
    name: 'loses sight of open orders at a restart',
    file: ORDERS,
    from: 'deadlineOf(a) - deadlineOf(b))) this.#file(state);',
    to: "deadlineOf(a) - deadlineOf(b))) if (state.enrichment?.status === 'pending') this.#pending.add(state.order.orderId);",
  },
  {
    name: 'decides open orders in the order in which they were opened',
    file: ORDERS,
    from: 'this.#open.of(userId).toSorted()',
    to: 'this.#open.of(userId)',
  },
  {
    name: 'takes what the order service said of another version',
    file: ORDERS,
    from: "state.order.orderVersion !== answer.orderVersion || state.enrichment.status === 'ok'",
    to: "state.enrichment.status === 'ok'",
  },
  {
    name: 'lets a worse answer of the order service replace a good one',
    file: ORDERS,
    from: "state.order.orderVersion !== answer.orderVersion || state.enrichment.status === 'ok'",
    to: 'state.order.orderVersion !== answer.orderVersion',
  },
  {
    name: 'begins the change numbers of orders anew after a snapshot',
    file: SCALARS,
    from: 'state.attribution.loadScalars(orders);',
    to: 'state.attribution.loadScalars({ ...orders, change: 0 });',
  },
  {
    name: 'writes counts of orders into a snapshot that are newer than its cut',
    file: SCALARS,
    from: 'orders: state.attribution.dumpScalars(),',
    to: 'orders: Object.assign(state.attribution.scalars, { droppedChanges: state.attribution.dumpScalars().droppedChanges }),',
  },
  {
    name: 'holds on to orders that are to be dropped',
    file: ORDERS,
    from: 'last = Math.max(last, this.#drop(state));',
    to: 'this.#open.close(state.order);',
  },
  {
    name: 'gives a touch that lost its place its credit still',
    file: 'embedded/orders/order-records.ts',
    from: '{ ...content, creditMicros: 0 };',
    to: '{ ...content };',
  },
  {
    name: 'gives an order the touches of another user',
    file: ORDERS,
    from: 'known?.order.userId === now.order.userId ? known.touches : []',
    to: 'known?.touches ?? []',
  },
  {
    name: 'keeps a cursor of the orders alive that has missed dropped ones',
    file: CHANGE_FEED,
    from: 'if (droppedChanges.lastSince(cursor.since) > cursor.change) {',
    to: 'if (droppedChanges.lastSince(cursor.since) > cursor.change && limit < 0) {',
  },
  {
    name: 'gives a cursor of the orders that skips what did not fit on the page',
    file: CHANGE_FEED,
    from: 'const next = format(dataId, { change: last, since: cursor.since });\n      return { records, cursor: next, caughtUp: false, ...end };\n    }\n    records.push(content',
    to: 'const next = format(dataId, { change: last + 1, since: cursor.since });\n      return { records, cursor: next, caughtUp: false, ...end };\n    }\n    records.push(content',
  },
];
