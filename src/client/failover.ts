import { RegionHealth } from './region-health.ts';
import { askRegion, strangeAnswer, type RegionAddress, type RequestFailure } from './region-request.ts';
import type { RetryPolicy } from './retry.ts';

export interface FailoverOptions {
  /** The preferred one first. */
  readonly regions: readonly RegionAddress[];
  readonly retry: RetryPolicy;
  /** Longest wait for one answer, ms. */
  readonly timeoutMs: number;
  /** Whether to measure first which region answers fastest, and to prefer that one. */
  readonly measure?: boolean;
}

/** How often a region was asked. */
export interface RegionTraffic {
  readonly url: string;
  requests: number;
  /** Those of them that had gone out before, there or to the other region. */
  resends: number;
  /** Those of them that were not answered, or with a failure. */
  failures: number;
}

interface Effort {
  /** How often the same bytes had to go out again. */
  readonly resends: number;
  /** Attempts after which it is not known whether the region had counted: the next one may say `duplicate`. */
  readonly answersLost: number;
}
export type Delivery<Receipt> =
  | (Effort & { readonly ok: true; readonly receipt: Receipt; readonly url: string })
  | (Effort & { readonly ok: false; readonly failure: RequestFailure });

interface KnownRegion {
  readonly address: RegionAddress;
  readonly health: RegionHealth;
  readonly traffic: RegionTraffic;
  probing: boolean;
}

const PROBE_TIMEOUT_MS = 2000;
/** Browsers allow 64 KiB of requests that outlive their page; headers are left some room. */
const KEEPALIVE_BYTES_MAX = 60_000;
/** These say no to the client or the address, not to what was sent: the other region may say yes. */
const REGION_REFUSALS: ReadonlySet<number | undefined> = new Set([401, 403, 404, 405, 421]);

/**
 * Sends the same bytes until one region has answered: to the preferred one, to the other while that one fails, and back once
 * it says that it is ready. An event is counted once however often and wherever it comes, so every retry is safe.
 */
export class Failover {
  #regions: readonly KnownRegion[];
  readonly #options: FailoverOptions;
  readonly #pauses = new Set<() => void>();
  #measured: Promise<void> | undefined;
  #keepaliveBytes = 0;

  constructor(options: FailoverOptions) {
    this.#options = options;
    this.#regions = options.regions.map(({ url, key }) => {
      const address = { url: url.replace(/\/+$/, ''), key };
      return {
        address,
        health: new RegionHealth(options.retry),
        traffic: { url: address.url, requests: 0, resends: 0, failures: 0 },
        probing: false,
      };
    });
  }

  /** What was sent where, the preferred region first. */
  traffic(): RegionTraffic[] {
    return this.#regions.map(({ traffic }) => ({ ...traffic }));
  }

  /** The region that the next request would go to. */
  get current(): RegionAddress {
    return this.#choose().address;
  }

  /** Whoever waits to send again does it at once: there may be no later. */
  hurry(): void {
    for (const wake of this.#pauses) wake();
  }

  /**
   * Never rejects. `read` takes the receipt out of an answer; undefined when it is none, as something between here and the
   * region may answer in its place. `stop` ends the waiting, never a request under way.
   */
  async send<Receipt>(
    path: string,
    body: Uint8Array<ArrayBuffer>,
    read: (answer: Uint8Array) => Receipt | undefined,
    stop?: AbortSignal,
  ): Promise<Delivery<Receipt>> {
    if (this.#options.measure === true) await (this.#measured ??= this.#measure());
    const begunMs = performance.now();
    const refusedBy = new Set<KnownRegion>();
    const effort = { resends: 0, answersLost: 0 };
    for (let attempts = 0; ;) {
      const region = this.#choose();
      const restMs = region.health.restMs(performance.now());
      if (restMs > 0) {
        const failure = region.health.lastFailure!;
        const isOver = performance.now() - begunMs + restMs > this.#options.retry.patienceMs;
        const awake = isOver ? 'stopped' : await this.#pause(restMs, stop);
        if (awake === 'stopped') return { ok: false, failure, ...effort };
        if (awake === 'rested') continue;
      }
      if (attempts++ > 0) effort.resends++;
      const result = await this.#attempt(region, path, body, read, attempts > 1);
      if (result.ok) return { ok: true, receipt: result.receipt, url: region.address.url, ...effort };
      if (result.answerLost) effort.answersLost++;
      if (result.kind !== 'refused') continue;
      refusedBy.add(region);
      if (!isOfRegion(result) || refusedBy.size === this.#regions.length)
        return { ok: false, failure: result, ...effort };
    }
  }

  async #attempt<Receipt>(
    region: KnownRegion,
    path: string,
    body: Uint8Array<ArrayBuffer>,
    read: (answer: Uint8Array) => Receipt | undefined,
    isResend: boolean,
  ): Promise<{ readonly ok: true; readonly receipt: Receipt } | RequestFailure> {
    const { address, health, traffic } = region;
    const begunMs = performance.now();
    traffic.requests++;
    if (isResend) traffic.resends++;
    const keepalive = IN_A_PAGE && this.#keepaliveBytes + body.length <= KEEPALIVE_BYTES_MAX;
    if (keepalive) this.#keepaliveBytes += body.length;
    const { timeoutMs } = this.#options;
    const result = await askRegion(address, { method: 'POST', path, body, timeoutMs, keepalive });
    if (keepalive) this.#keepaliveBytes -= body.length;
    const receipt = result.ok ? read(result.bytes) : undefined;
    if (receipt !== undefined) {
      health.answered();
      return { ok: true, receipt };
    }
    const failure = result.ok ? strangeAnswer(address.url) : result;
    traffic.failures++;
    // With no other region to go to, a refusal is all there is to say.
    if (failure.kind !== 'refused' || (isOfRegion(failure) && this.#regions.length > 1))
      health.failed(failure, begunMs, performance.now(), Math.random());
    return failure;
  }

  /** The first region that is up; while none is, the one whose rest ends first. */
  #choose(): KnownRegion {
    const up = this.#regions.find(({ health }) => health.isUp);
    const nowMs = performance.now();
    if (up === undefined)
      return this.#regions.toSorted((a, b) => a.health.restMs(nowMs) - b.health.restMs(nowMs))[0];
    for (const region of this.#regions.slice(0, this.#regions.indexOf(up))) {
      if (!region.probing && region.health.restMs(nowMs) === 0) void this.#probe(region);
    }
    return up;
  }

  /** Asks a better region whether it is back, while its requests still go to the other one: none is held up by it. */
  async #probe(region: KnownRegion): Promise<void> {
    region.probing = true;
    const begunMs = performance.now();
    const result = await askRegion({ url: region.address.url }, READY);
    region.probing = false;
    if (result.ok) region.health.wake();
    else region.health.failed(result, begunMs, performance.now(), Math.random());
  }

  async #measure(): Promise<void> {
    const timed = await Promise.all(
      this.#regions.map(async (region) => {
        // The first answer has the connection's beginning in it.
        await askRegion({ url: region.address.url }, READY);
        const begunMs = performance.now();
        const { ok } = await askRegion({ url: region.address.url }, READY);
        return { region, ms: ok ? performance.now() - begunMs : Infinity };
      }),
    );
    this.#regions = timed.toSorted((a, b) => (a.ms === b.ms ? 0 : a.ms - b.ms)).map(({ region }) => region);
  }

  #pause(delayMs: number, stop: AbortSignal | undefined): Promise<'rested' | 'hurried' | 'stopped'> {
    return new Promise((resolve) => {
      const end = (how: 'rested' | 'hurried' | 'stopped'): void => {
        clearTimeout(timer);
        this.#pauses.delete(hurried);
        stop?.removeEventListener('abort', stopped);
        resolve(how);
      };
      const hurried = (): void => end('hurried');
      const stopped = (): void => end('stopped');
      const timer = setTimeout(() => end('rested'), delayMs);
      this.#pauses.add(hurried);
      if (stop?.aborted === true) stopped();
      else stop?.addEventListener('abort', stopped);
    });
  }
}

function isOfRegion({ kind, status }: RequestFailure): boolean {
  return kind !== 'refused' || REGION_REFUSALS.has(status);
}

/** Requests that outlive their page need one, and a browser that knows of them. */
const IN_A_PAGE = typeof document !== 'undefined' && 'keepalive' in Request.prototype;
const READY = { method: 'GET', path: '/readyz', timeoutMs: PROBE_TIMEOUT_MS };
