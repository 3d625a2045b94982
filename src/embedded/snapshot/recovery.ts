import { assert } from '../../base/assert.ts';
import { AdtallyError } from '../../base/errors.ts';
import { rulesOf } from '../../pipeline/pipeline-rules.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { listSegments, readLog, type LogEnd } from '../log/log-reader.ts';
import type { OrderState } from '../orders/order-state.ts';
import type { Disk, RecoveryReport } from '../ports.ts';
import { Aggregation, type AggregationOptions } from '../state/aggregation.ts';
import { loadScalars } from './state-scalars.ts';
import { MANIFEST_PATH, readManifest, writeManifest, type Manifest } from './manifest.ts';
import { TouchRun } from '../touches/touch-run.ts';
import { readSnapshotFile, SECTION, type Section } from './snapshot-file.ts';

export interface Recovered {
  readonly manifest: Omit<Manifest, 'format'>;
  readonly state: Aggregation;
  readonly end: LogEnd;
  readonly report: Omit<RecoveryReport, 'durationMs'>;
  /** Words of dimensions that the snapshot holds. */
  readonly snapshotDimensions: number;
  /** Bytes of log behind the snapshot. */
  readonly tailBytes: number;
}

const DATA_ID_BYTES = 16;
const SEED_BYTES = 32;

/**
 * Brings the state back: the snapshot's parts, then the log behind them, through the same code that runs live. Throws
 * data_corrupt, data_format or config_invalid, and then nothing on the disk has been changed.
 */
export async function recover(
  disk: Disk,
  region: string,
  spec: PipelineSpec,
  entropy: (bytes: number) => Uint8Array,
  options: Omit<AggregationOptions, 'expectedIds'> = {},
): Promise<Recovered> {
  const manifest = (await readManifest(disk)) ?? (await createManifest(disk, region, entropy));
  if (manifest.region !== region) {
    throw new AdtallyError(
      'config_invalid',
      `The data directory belongs to region ${manifest.region}, not to ${region}.`,
    );
  }
  // Room for all ids at once: tables that grow while they are loaded take more than twice as long.
  const expectedIds = manifest.snapshot?.ids ?? 0;
  const state = new Aggregation(region, Buffer.from(manifest.seed, 'hex'), rulesOf(spec), {
    expectedIds,
    ...options,
    touches: { memoryBytes: spec.limits.touchMemory, ...options.touches },
  });
  try {
    return await bringBack(disk, manifest, state);
  } catch (error) {
    await state.touches.close();
    throw error;
  }
}

async function bringBack(
  disk: Disk,
  manifest: Omit<Manifest, 'format'>,
  state: Aggregation,
): Promise<Recovered> {
  for (const name of manifest.snapshot?.touches ?? []) {
    state.touches.adopt([...state.touches.runs, await TouchRun.open(disk, name, manifest.dataId)]);
  }
  for (const { file } of manifest.snapshot?.parts ?? []) {
    for await (const section of readSnapshotFile(disk, file)) loadSection(state, section);
  }
  const snapshotBlock = manifest.snapshot?.block ?? 0;
  assert(state.scalars.block === snapshotBlock, 'the parts of a snapshot end where the manifest says');
  state.changes.rebuild();
  state.attribution.rebuild(state.scalars.settled);
  const snapshotIds = state.ids.size;
  const snapshotDimensions = state.dimensions.length;
  const replay = await replayLog(disk, manifest, state);
  return {
    manifest,
    state,
    end: replay.end,
    snapshotDimensions,
    tailBytes: replay.bytes,
    report: {
      snapshotIds,
      replayedBlocks: replay.end.block - snapshotBlock,
      replayedEvents: replay.events,
      tornBytesCut: replay.end.tornBytes,
    },
  };
}

async function replayLog(
  disk: Disk,
  manifest: Omit<Manifest, 'format'>,
  state: Aggregation,
): Promise<{ end: LogEnd; events: number; bytes: number }> {
  const snapshotBlock = state.scalars.block;
  const blocks = readLog(disk, Buffer.from(manifest.dataId, 'hex'), snapshotBlock + 1);
  let events = 0;
  let bytes = 0;
  let next = await blocks.next();
  while (next.done !== true) {
    const { number, entries } = next.value;
    assert(number === state.scalars.block + 1, `block ${number} follows block ${state.scalars.block}`);
    for (const entry of entries) {
      const answer = state.apply(entry, 0);
      if (answer.of !== 'nothing') events += answer.receipt.received;
      bytes += entry.body.length;
    }
    state.endBlock(number);
    next = await blocks.next();
  }
  const end = next.value;
  if (end.block < snapshotBlock) {
    throw new AdtallyError(
      'data_corrupt',
      `The log ends with block ${end.block}, but the snapshot holds block ${snapshotBlock}: segments are missing.`,
    );
  }
  rememberArrivals(end, manifest);
  return { end, events, bytes };
}

/** Segments that were not read again know their latest arrival from the manifest. */
function rememberArrivals(end: LogEnd, manifest: Omit<Manifest, 'format'>): void {
  for (const { first, lastArrival } of manifest.snapshot?.segments ?? []) {
    const segment = end.segments.find((other) => other.first === first);
    if (segment !== undefined) segment.lastArrival = Math.max(segment.lastArrival, lastArrival);
  }
}

async function createManifest(
  disk: Disk,
  region: string,
  entropy: (bytes: number) => Uint8Array,
): Promise<Omit<Manifest, 'format'>> {
  if ((await listSegments(disk)).length > 0) {
    throw new AdtallyError('data_corrupt', `There is a log, but no ${MANIFEST_PATH} to read it with.`);
  }
  const manifest = {
    region,
    dataId: Buffer.from(entropy(DATA_ID_BYTES)).toString('hex'),
    seed: Buffer.from(entropy(SEED_BYTES)).toString('hex'),
    snapshot: null,
  };
  await writeManifest(disk, manifest);
  return manifest;
}

function loadSection(state: Aggregation, { kind, payload }: Section): void {
  switch (kind) {
    case SECTION.begin:
      return;
    case SECTION.scalars:
      loadScalars(state, JSON.parse(Buffer.from(payload).toString()));
      return;
    case SECTION.dimensions:
      state.dimensions.load(new Int32Array(payload.buffer));
      return;
    case SECTION.minute:
      state.cells.load(new Float64Array(payload.buffer));
      return;
    case SECTION.counters:
      state.counters.load(new Float64Array(payload.buffer));
      return;
    case SECTION.quarantine:
      state.quarantine.load(new Float64Array(payload.buffer));
      return;
    case SECTION.orders:
      state.attribution.load(JSON.parse(Buffer.from(payload).toString()) as OrderState[]);
      return;
    case SECTION.ids:
      state.ids.load(new Int32Array(payload.buffer));
      return;
    default:
      throw new AdtallyError('data_format', `A snapshot has a section of unknown kind ${kind}.`);
  }
}
