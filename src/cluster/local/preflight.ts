import { AdtallyError } from '../../base/errors.ts';
import type { ProcessPlan } from './process-plan.ts';

const JAVA_MIN = 17;

/** What the check before a start looks at. */
export interface MachineFacts {
  /** First line of `java -version`; undefined when there is no such program. */
  readonly javaVersion: string | undefined;
  readonly availableMib: number;
  /** Undefined where no PostgreSQL is to be started. */
  readonly postgres?: PostgresFacts;
  /** Of the ports asked for, those that somebody listens on. */
  readonly takenPorts: readonly number[];
}

export interface PostgresFacts {
  /** Where its programs are; undefined when it is not installed. */
  readonly programs: string | undefined;
  /** Who it runs as; null for the user of the command. */
  readonly user: string | null;
  /** The first folder on the way to its data that this user may not enter. */
  readonly closedFolder: string | undefined;
}

/** Throws AdtallyError cluster_preflight when `plans`, those that are to be started, cannot be. */
export function checkMachine(plans: readonly ProcessPlan[], facts: MachineFacts): void {
  const faults = [
    javaFault(facts),
    postgresFault(facts),
    memoryFault(plans, facts),
    ...portFaults(plans, facts),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new AdtallyError('cluster_preflight', faults.join('\n'));
}

function javaFault({ javaVersion }: MachineFacts): string | undefined {
  if (javaVersion === undefined)
    return `There is no java: install JDK ${JAVA_MIN} or newer, or name its folder in JAVA_HOME.`;
  const [, major] = /version "(\d+)/.exec(javaVersion) ?? [];
  if (major !== undefined && Number(major) >= JAVA_MIN) return undefined;
  return `Java ${JAVA_MIN} or newer is needed; this one says: ${javaVersion}`;
}

function postgresFault({ postgres }: MachineFacts): string | undefined {
  if (postgres === undefined) return undefined;
  const { programs, user, closedFolder } = postgres;
  if (programs === undefined)
    return 'There is no PostgreSQL: install it (Debian: "apt-get install postgresql"), put its programs in PATH, or leave it out ("--without postgres").';
  if (closedFolder === undefined) return undefined;
  return `PostgreSQL does not run as root, and user ${user ?? ''} may not enter ${closedFolder}: choose another --data, let others enter that folder ("chmod o+x"), or leave PostgreSQL out ("--without postgres").`;
}

function memoryFault(plans: readonly ProcessPlan[], { availableMib }: MachineFacts): string | undefined {
  const neededMib = plans.reduce((sum, { memoryMib }) => sum + memoryMib, 0);
  if (neededMib <= availableMib) return undefined;
  return `${plans.length} processes take up to ${neededMib} MiB of memory, and ${Math.floor(availableMib)} MiB are available: start one region ("--regions a"), or leave out some of it ("--without pinot hive").`;
}

function portFaults(plans: readonly ProcessPlan[], { takenPorts }: MachineFacts): string[] {
  return plans
    .flatMap(({ ports }) => ports)
    .filter(({ number }) => takenPorts.includes(number))
    .map(
      ({ number, use }) =>
        `Port ${number}, for ${use}, is taken by another program: end that one, or choose others with --port-base (0 takes free ones).`,
    );
}
