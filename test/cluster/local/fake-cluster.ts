import type {
  ProcessHost,
  ReadinessProbe,
  StartedProcess,
  StopSignal,
} from '../../../src/cluster/local/ports.ts';
import type { ProcessPlan, Readiness } from '../../../src/cluster/local/process-plan.ts';
import type { Clock } from '../../../src/base/clock.ts';

/** A plan that nothing but its name and what it waits for matters of; ready when `probe` says so of its name. */
export function plan(
  name: string,
  waitsFor: readonly string[] = [],
  more: Partial<ProcessPlan> = {},
): ProcessPlan {
  return {
    name,
    waitsFor,
    memoryMib: 100,
    command: ['true'],
    environment: {},
    files: [],
    folders: [],
    ports: [],
    readiness: { kind: 'tcp', address: name },
    url: name,
    ...more,
  };
}

/** A clock whose pauses are over at once, and take as long as they should by its own time. */
export class HastyClock implements Clock {
  #ms = 0;

  now(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = setImmediate(() => {
      this.#ms += delayMs;
      action();
    });
    return () => clearImmediate(timer);
  }

  turn(): Promise<void> {
    return Promise.resolve();
  }
}

/** Processes in memory: what happened to them is in `story`. */
export class FakeHost implements ProcessHost, ReadinessProbe {
  readonly story: string[] = [];
  readonly log: string[] = [];
  readonly alive = new Map<string, StartedProcess>();
  readonly booked = new Set<string>();
  /** End when they are next asked, once; die as soon as they are started; never answer; ignore SIGTERM. */
  readonly doomed = new Set<string>();
  readonly mortal = new Set<string>();
  readonly mute = new Set<string>();
  readonly deaf = new Set<string>();
  #nextPid = 100;

  names(): string[] {
    return [...this.booked];
  }

  find(name: string): StartedProcess | undefined {
    return this.alive.get(name);
  }

  start({ name }: ProcessPlan): Promise<StartedProcess> {
    const process = { pid: this.#nextPid++, birth: '1', startedAt: 0 };
    this.story.push(`start ${name}`);
    this.booked.add(name);
    if (!this.mortal.has(name)) this.alive.set(name, process);
    return Promise.resolve(process);
  }

  signal(name: string, signal: StopSignal): void {
    this.story.push(`${signal} ${name}`);
    if (signal === 'SIGKILL' || !this.deaf.has(name)) this.alive.delete(name);
  }

  forget(name: string): void {
    this.booked.delete(name);
  }

  residentBytes(): number {
    return 1;
  }

  lastLines(): string[] {
    return this.log;
  }

  isReady(readiness: Readiness): Promise<boolean> {
    const name = readiness.kind === 'http' ? '' : readiness.address;
    if (this.doomed.delete(name)) this.alive.delete(name);
    const isReady = this.alive.has(name) && !this.mute.has(name);
    if (isReady) this.story.push(`ready ${name}`);
    return Promise.resolve(isReady);
  }
}
