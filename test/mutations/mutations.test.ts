import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LEDGER_MUTATIONS } from './budget/ledger-mutation.ts';
import { MUTATIONS, type Mutation } from './mutation.ts';
import { PEER_MUTATIONS } from './peer/peer-mutation.ts';

/** The rooms that a simulated world is made of. */
const ROOMS = [
  'base',
  'model',
  'pipeline',
  'embedded',
  'oracle',
  'reporting',
  'budget',
  'union-load',
  'simulation',
];
const SOURCE = new URL('../../src/', import.meta.url).pathname;
const HUNT = new URL('hunt.ts', import.meta.url).pathname;
/** The engine as it is survives many more: see test/simulation/world.test.ts. */
const SEEDS = 150;
const HUNT_MS_MAX = 240_000;

interface Catch {
  readonly where: string;
  readonly what: string;
}

let copies: string;

beforeAll(async () => {
  copies = await mkdtemp(join(tmpdir(), 'adtally-mutations-'));
});

afterAll(async () => {
  await rm(copies, { recursive: true, force: true });
});

/** A copy of the rooms with the mutation in it; returns the directory. */
async function mutate({ file, from, to }: Mutation, index: number): Promise<string> {
  const directory = join(copies, String(index));
  for (const room of ROOMS) await cp(join(SOURCE, room), join(directory, 'src', room), { recursive: true });
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  const path = join(directory, 'src', file);
  const text = await readFile(path, 'utf8');
  expect(text.split(from).length - 1, `times that the text to replace stands in ${file}`).toBe(1);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
  return directory;
}

async function hunt(directory: string, kind = 'one'): Promise<Catch | null> {
  const { stdout } = await promisify(execFile)(process.execPath, [HUNT, directory, String(SEEDS), kind], {
    timeout: HUNT_MS_MAX,
  });
  return JSON.parse(stdout) as Catch | null;
}

test.concurrent(
  'the engine as it is keeps every promise in the same worlds',
  { timeout: HUNT_MS_MAX },
  async () => {
    const unchanged = {
      name: 'nothing',
      file: 'embedded/region-engine.ts',
      from: 'export async function openRegion',
      to: '',
    };
    const directory = await mutate({ ...unchanged, to: unchanged.from }, -1);
    expect(await hunt(directory)).toBeNull();
  },
);

test.concurrent.each([...MUTATIONS, ...LEDGER_MUTATIONS].map((mutation, index) => ({ ...mutation, index })))(
  'an engine that $name is caught',
  { timeout: HUNT_MS_MAX },
  async ({ index, ...mutation }) => {
    const directory = await mutate(mutation, index);
    expect(await hunt(directory)).not.toBeNull();
    await rm(directory, { recursive: true });
  },
);

test.concurrent.each(PEER_MUTATIONS.map((mutation, index) => ({ ...mutation, index: 1000 + index })))(
  'an engine of two regions that $name is caught',
  { timeout: HUNT_MS_MAX },
  async ({ index, ...mutation }) => {
    const directory = await mutate(mutation, index);
    expect(await hunt(directory, 'pair')).not.toBeNull();
    await rm(directory, { recursive: true });
  },
);
