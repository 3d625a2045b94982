import { randomBytes } from 'node:crypto';
import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { TrailFile } from './trail-file.ts';

/** Who acted: the role of a key, somebody on this machine where there are no keys, or a command beside the region. */
export type TrailRole = 'operator' | 'publisher' | 'advertiser' | 'peer' | 'loopback' | 'cli';

/** What is about to be done. */
export interface OperatorAction {
  readonly role: TrailRole;
  /** Null where there is no key. */
  readonly keyId: string | null;
  /** Null for a command. */
  readonly requestId: string | null;
  /** Noun and verb: `campaign.put`. */
  readonly action: string;
  /** To what: an id, or a few words. */
  readonly subject: string;
}

/** An action as the trail tells it. */
export interface TrailEntry extends OperatorAction {
  readonly id: string;
  /** When it was begun, Unix ms. */
  readonly time: UnixMs;
  /** When it was over, Unix ms; null while it is under way, and for ever when the process ended in the middle. */
  readonly endedAt: UnixMs | null;
  /** `done`, or the code of the error it ended with; null like endedAt. */
  readonly outcome: string | null;
}

/** A page of the trail, newest first. */
export interface TrailPage {
  readonly entries: readonly TrailEntry[];
  /** What to ask `before` for the next page; null on the last one. */
  readonly next: string | null;
  /** Lines on the way that are none of the trail's: parts that a crash left behind, or damage. */
  readonly unreadableLines: number;
}

type Begun = Omit<TrailEntry, 'endedAt' | 'outcome'>;
interface Ended {
  readonly id: string;
  readonly endedAt: UnixMs;
  readonly outcome: string;
}

/** In characters. What somebody sends ends up here, and a line is one write. */
const SUBJECT_MAX = 500;

/**
 * Who did what and how it ended. Two lines an action: one before it, without which it is not done, and one after it.
 */
export class AuditTrail {
  readonly #file: TrailFile;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(file: TrailFile, clock: Pick<Clock, 'now'>) {
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * Does `work` and keeps what came of it. Throws what `work` throws, and AdtallyError disk_failed when the trail cannot be
   * written: nothing has been done then.
   */
  async run<Result>(action: OperatorAction, work: () => Result | Promise<Result>): Promise<Result> {
    const id = randomBytes(9).toString('base64url');
    this.#begin({ ...action, subject: shorten(action.subject), id, time: this.#clock.now() });
    try {
      const result = await work();
      this.#end(id, 'done');
      return result;
    } catch (error) {
      this.#end(id, error instanceof AdtallyError ? error.code : 'internal');
      throw error;
    }
  }

  /** Entries before the one with the id `before`, or the newest. Throws AdtallyError bad_cursor when there is no such entry. */
  page(limit: number, before?: string): TrailPage {
    const ends = new Map<string, Ended>();
    const entries: TrailEntry[] = [];
    let isReached = before === undefined;
    let unreadableLines = 0;
    for (const line of this.#file.newestFirst()) {
      const read = readLine(line);
      if (read === undefined) {
        unreadableLines++;
      } else if ('endedAt' in read) {
        ends.set(read.id, read);
      } else if (!isReached) {
        isReached = read.id === before;
      } else if (entries.length === limit) {
        return { entries, next: entries.at(-1)!.id, unreadableLines };
      } else {
        const { endedAt = null, outcome = null } = ends.get(read.id) ?? {};
        entries.push({ ...read, endedAt, outcome });
      }
    }
    if (!isReached) throw new AdtallyError('bad_cursor', `The trail has no entry ${JSON.stringify(before)}.`);
    return { entries, next: null, unreadableLines };
  }

  #begin(begun: Begun): void {
    try {
      this.#file.append(JSON.stringify(begun));
    } catch (cause) {
      throw new AdtallyError(
        'disk_failed',
        `The trail of operator actions cannot be written (${(cause as Error).message}), so ${begun.action} was not done.`,
        { cause },
      );
    }
  }

  #end(id: string, outcome: string): void {
    try {
      this.#file.append(JSON.stringify({ id, endedAt: this.#clock.now(), outcome } satisfies Ended));
    } catch {
      // What was done stays done, and its first line says so much; the next action will be refused.
    }
  }
}

function shorten(subject: string): string {
  const text = subject.toWellFormed();
  return text.length <= SUBJECT_MAX ? text : `${text.slice(0, SUBJECT_MAX).toWellFormed()}…`;
}

function readLine(line: string): Begun | Ended | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, endedAt, outcome, time, action } = value as Partial<Record<keyof TrailEntry, unknown>>;
  if (typeof id !== 'string') return undefined;
  if (typeof endedAt === 'number') return typeof outcome === 'string' ? (value as Ended) : undefined;
  return typeof time === 'number' && typeof action === 'string' ? (value as Begun) : undefined;
}
