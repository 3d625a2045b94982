import type { UnixMs } from '../../base/clock.ts';
import type { ProcessPlan, Readiness } from './process-plan.ts';

/** A process of the cluster that was started once, by this command or an earlier one. */
export interface StartedProcess {
  readonly pid: number;
  /** When the kernel started it, as an opaque text: a pid that is used again has another one. */
  readonly birth: string;
  readonly startedAt: UnixMs;
}

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGKILL';

/** The processes of this machine, as far as they belong to one cluster. */
export interface ProcessHost {
  /** Names of all that were started and not stopped, alive or not. */
  names(): string[];
  /** The process of that name; undefined when there is none or it is dead. */
  find(name: string): StartedProcess | undefined;
  /** Writes its files, prepares it once and starts it, detached. Rejects when its preparation fails or its program is not there. */
  start(plan: ProcessPlan): Promise<StartedProcess>;
  /** Sends a signal to it, and to nobody else. */
  signal(name: string, signal: StopSignal): void;
  /** Takes a dead one out of the books. */
  forget(name: string): void;
  /** Resident memory of one that lives, in bytes. */
  residentBytes(process: StartedProcess): number;
  /** What it last wrote to its log. */
  lastLines(name: string, count: number): string[];
}

/** Asks a process whether it serves. Resolves within seconds and never rejects. */
export interface ReadinessProbe {
  isReady(readiness: Readiness): Promise<boolean>;
}
