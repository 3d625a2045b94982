/**
 * Measures a region against its goals: `npm run bench -- [--quick] [--only NAME] [--json]`. Each measurement runs in a process
 * of its own. The table goes to standard output, all samples to bench/raw/.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Finding, Outcome, Run } from './rig/measurement.ts';

const MEASUREMENTS = [
  'durable-path',
  'remembered-ids',
  'restart',
  'pauses',
  'http',
  'touches',
  'budget',
  'orders',
  'warehouse',
  'union-load',
  'regions',
  'catch-up',
  'pair-simulation',
];
/** Those that need a JDK and a cluster of their own run only when they are asked for. */
const ON_A_CLUSTER = ['flink', 'freshness'];
const RAW = fileURLToPath(new URL('raw/', import.meta.url));

interface Measured extends Outcome {
  readonly name: string;
  readonly seconds: number;
  /** Processes that wanted a core while it ran, on average over the last minute. */
  readonly loadAverage: number;
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: MEASUREMENTS },
    json: { type: 'boolean', default: false },
  },
});

async function measure(name: string, run: Run): Promise<Measured> {
  process.stderr.write(`${name}\n`);
  const startMs = performance.now();
  const script = fileURLToPath(new URL(`measurements/${name}.ts`, import.meta.url));
  const child = fork(script, [JSON.stringify(run)], { stdio: ['ignore', 2, 2, 'ipc'] });
  let outcome: Outcome | undefined;
  child.once('message', (message) => (outcome = message as Outcome));
  const [code] = (await once(child, 'exit')) as [number | null];
  const failed: Finding = { measurement: name, value: `failed with ${code}`, goal: 'runs', isMet: false };
  return {
    name,
    seconds: Math.round((performance.now() - startMs) / 1000),
    loadAverage: loadavg()[0],
    ...(outcome ?? { findings: [failed], raw: null }),
  };
}

function machine(): Record<string, unknown> {
  const [{ model }] = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return {
    cpu: model.trim(),
    cores: cpus().length,
    memoryGib,
    node: process.version,
    platform: process.platform,
  };
}

function table(measured: readonly Measured[]): string {
  const rows = [
    ['measurement', 'value', 'goal', 'met?'],
    ...measured
      .flatMap(({ findings }) => findings)
      .map((finding) => [
        finding.measurement,
        finding.value,
        finding.goal,
        finding.isMet === null ? '' : finding.isMet ? 'yes' : 'NO',
      ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 1 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n');
}

function verdict(measured: readonly Measured[]): string {
  const goals = measured.flatMap(({ findings }) => findings).filter(({ isMet }) => isMet !== null);
  const missed = goals.filter(({ isMet }) => isMet === false);
  if (missed.length === 0) return `All ${goals.length} goals are met.`;
  const list = missed.map(({ measurement, value, goal }) => `  ${measurement}: ${value}, goal ${goal}`);
  return [`Misses ${missed.length} of ${goals.length} goals:`, ...list].join('\n');
}

const known = [...MEASUREMENTS, ...ON_A_CLUSTER];
const unknown = options.only.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}; there are ${known.join(', ')}.\n`);
  process.exit(2);
}
const at = new Date().toISOString();
const scratch = join(RAW, 'scratch');
const measured: Measured[] = [];
for (const name of options.only) measured.push(await measure(name, { isQuick: options.quick, scratch }));
await rm(scratch, { recursive: true, force: true, maxRetries: 10 });
const report = { at, isQuick: options.quick, machine: machine(), measured };
await mkdir(RAW, { recursive: true });
const file = join(RAW, `${at.replaceAll(':', '-')}.json`);
await writeFile(file, JSON.stringify(report, null, 1));
const facts = Object.values(machine()).join(', ');
const text = `${table(measured)}\n\n${verdict(measured)}\n${facts}, ${at}${options.quick ? ', --quick: smaller sizes than the goals name' : ''}`;
console.log(options.json ? JSON.stringify(report) : `${text}\nSamples: ${file}`);
