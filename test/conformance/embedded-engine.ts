import { randomBytes } from 'node:crypto';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { openRegion } from '../../src/embedded/region-engine.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import { MemoryDisk } from '../embedded/memory-disk.ts';
import type { PipelineConfig } from '../../src/pipeline/settings.ts';
import {
  configOf,
  type ConformanceCase,
  type ConformanceOutcome,
  type ConformanceStep,
} from './conformance-case.ts';

const REGIONS = ['a', 'b'] as const;
type Name = (typeof REGIONS)[number];

/** Runs a case on two regions of the embedded engine that are empty, in memory, under the clock of the case. */
export async function runEmbedded(one: ConformanceCase): Promise<ConformanceOutcome> {
  const run = new EmbeddedRun();
  await run.open(configOf(one));
  for (const step of one.steps) await run.take(step);
  await run.hearAll();
  return run.close();
}

class EmbeddedRun {
  readonly #regions = new Map<Name, Region>();
  readonly #verdicts: Record<string, Record<string, number>> = {};
  readonly #orderVerdicts: Record<string, Record<string, number>> = {};
  readonly #codes: Record<string, Record<string, number>> = {};
  #now = 0;

  async open(config: PipelineConfig): Promise<void> {
    const spec = resolveSpec({ ...config, regions: [...REGIONS] }, { environment: {}, flags: {} });
    const clock = { ...nodeClock, now: () => this.#now };
    for (const name of REGIONS) {
      const disk = new MemoryDisk();
      this.#regions.set(
        name,
        await openRegion({ name, spec, disk, clock, entropy: (bytes) => randomBytes(bytes) }),
      );
    }
  }

  async take({ atMs, to = 'a', events, orders, lines, answers, hear }: ConformanceStep): Promise<void> {
    this.#now = atMs;
    const region = this.#regions.get(to)!;
    if (hear === true) await this.hearAll();
    const body = lines?.join('\n') ?? events?.map((event) => JSON.stringify(event)).join('\n');
    if (body !== undefined) {
      const { verdicts, problems } = await region.ingest(Buffer.from(body), 'ndjson');
      add(this.#verdicts, to, verdicts);
      for (const { verdict, code } of problems)
        if (verdict === 'invalid') add(this.#codes, to, { [code]: 1 });
    }
    if (orders !== undefined) {
      const body2 = orders.map((order) => JSON.stringify(order)).join('\n');
      const { verdicts } = await region.ingestOrders(Buffer.from(body2), 'ndjson');
      add(this.#orderVerdicts, to, verdicts);
    }
    for (const answer of answers ?? []) await region.enrich(answer);
  }

  /** What was heard may change what the other one hears next: three rounds are enough for anything. */
  async hearAll(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.#hear('a', 'b');
      await this.#hear('b', 'a');
    }
  }

  async #hear(to: Name, from: Name): Promise<void> {
    const [hearer, other] = [this.#regions.get(to)!, this.#regions.get(from)!];
    for (let isOver = false; !isOver;) {
      const { page, isEmpty } = await other.peerPage(hearer.peerPosition());
      await hearer.takePeerPage(page);
      isOver = isEmpty;
    }
  }

  async close(): Promise<ConformanceOutcome> {
    const adMinutes = new Map<string, Record<string, unknown>>();
    const orders = new Map<string, Record<string, unknown>>();
    for (const region of this.#regions.values()) {
      for (const record of region.changedAdMinutes(undefined, 1e6).records)
        adMinutes.set(record.recordId, { ...record });
      for (const record of region.changedOrders(undefined, 1e6).records)
        orders.set(record.recordId, { ...record });
      await region.close();
    }
    return {
      verdicts: this.#verdicts,
      orderVerdicts: this.#orderVerdicts,
      codes: this.#codes,
      adMinutes,
      orders,
    };
  }
}

function add(
  to: Record<string, Record<string, number>>,
  region: string,
  counts: Readonly<Record<string, number>>,
): void {
  const sums = (to[region] ??= {});
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}
