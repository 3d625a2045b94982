import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A line of the table. */
export interface Finding {
  /** What was measured, and at which size. */
  readonly measurement: string;
  readonly value: string;
  /** Empty when it is only told. */
  readonly goal: string;
  /** Null without a goal. */
  readonly isMet: boolean | null;
}

export interface Outcome {
  readonly findings: readonly Finding[];
  /** All that was measured, round by round, for bench/raw. */
  readonly raw: unknown;
}

/** What a measurement is given; it comes as JSON on its command line. */
export interface Run {
  readonly isQuick: boolean;
  /** For temporary data, on the disk that is to be measured. */
  readonly scratch: string;
}

/** Runs `measure` in this process, which bench/main.ts has started for it alone, and sends back what came out. */
export async function answer(measure: (run: Run) => Promise<Outcome>): Promise<void> {
  const run = JSON.parse(process.argv[2] ?? '{"isQuick":true,"scratch":"bench/raw/scratch"}') as Run;
  const outcome = await measure(run);
  if (process.send === undefined) console.log(JSON.stringify(outcome, null, 2));
  else await new Promise((resolve) => process.send!(outcome, resolve));
  // A region left open on purpose must not keep the process.
  process.exit(0);
}

/** Calls `use` with a directory of its own, which is removed afterwards. */
export async function withDirectory<T>({ scratch }: Run, use: (directory: string) => Promise<T>): Promise<T> {
  await mkdir(scratch, { recursive: true });
  const directory = await mkdtemp(join(scratch, 'region-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Tells the one who waits; the table alone goes to standard output. */
export function progress(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

/** `value` at least `least`. */
export function atLeast(measurement: string, value: number, least: number, unit = ''): Finding {
  return { measurement, value: show(value) + unit, goal: `≥ ${least}${unit}`, isMet: value >= least };
}

/** `value` at most `most`. */
export function atMost(measurement: string, value: number, most: number, unit = ''): Finding {
  return { measurement, value: show(value) + unit, goal: `≤ ${most}${unit}`, isMet: value <= most };
}

/** Something to know, without a goal. */
export function told(measurement: string, value: number | string, unit = ''): Finding {
  return {
    measurement,
    value: (typeof value === 'number' ? show(value) : value) + unit,
    goal: '',
    isMet: null,
  };
}

function show(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
