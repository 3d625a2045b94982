import type { UnixMs } from '../../base/clock.ts';

/** How one knows that a process serves, and not only runs. All addresses are `host:port`. */
export type Readiness =
  | { readonly kind: 'tcp' | 'kafka' | 'zookeeper' | 'hive' | 'postgres'; readonly address: string }
  /** Every page must answer 2xx, and show a text where one is asked for. */
  | { readonly kind: 'http'; readonly pages: readonly HttpPage[] };

export interface HttpPage {
  readonly url: string;
  readonly shows?: string;
}

/** A file that is written before a start; an absolute path. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

export interface PlannedPort {
  readonly number: number;
  /** What listens there: "Kafka of a". */
  readonly use: string;
}

/** One process of the local cluster: all there is to know to start it, to see that it is ready and to stop it. */
export interface ProcessPlan {
  /** Its name in logs and commands: "kafka-a". */
  readonly name: string;
  readonly memoryMib: number;
  /** Program and arguments; START_MARK in them stands for when it is started. */
  readonly command: readonly string[];
  /** Added to the environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly files: readonly ConfigFile[];
  /** Folders that are there before it starts, absolute. */
  readonly folders: readonly string[];
  readonly ports: readonly PlannedPort[];
  /** Processes that must be ready before. */
  readonly waitsFor: readonly string[];
  readonly readiness: Readiness;
  /** Where people or programs find it. */
  readonly url: string;
  /** Asks it to stop, where that is not SIGTERM. */
  readonly stopSignal?: 'SIGINT';
  /** Run to its end before the process, until the file `makes` is there. */
  readonly preparation?: { readonly command: readonly string[]; readonly makes: string };
}

/** In a command and in what its pages show: a text that is another one in every life of the process. */
export const START_MARK = '{startedAt}';

export function markStart(text: string, startedAt: UnixMs): string {
  return text.replaceAll(START_MARK, String(startedAt));
}

/** How one knows that the life of a process that began at `startedAt` is ready, and not only the one before. */
export function readinessSince({ readiness }: ProcessPlan, startedAt: UnixMs): Readiness {
  if (readiness.kind !== 'http') return readiness;
  const pages = readiness.pages.map(({ url, shows }) =>
    shows === undefined ? { url } : { url, shows: markStart(shows, startedAt) },
  );
  return { kind: 'http', pages };
}
