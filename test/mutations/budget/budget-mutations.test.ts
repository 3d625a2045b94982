import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUDGET_MUTATIONS, type BudgetMutation } from './budget-mutation.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const RUN_MS_MAX = 120_000;

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

let copies: string;

beforeAll(async () => {
  copies = await mkdtemp(join(tmpdir(), 'adtally-budget-mutations-'));
});

afterAll(async () => {
  await rm(copies, { recursive: true, force: true });
});

/** A copy of the code and the tests of budgets in a directory of its own. */
async function copy(name: string): Promise<string> {
  const directory = join(copies, name);
  await mkdir(directory);
  for (const part of ['src', 'test/budget', 'package.json', 'tsconfig.json'])
    await cp(join(REPOSITORY, part), join(directory, part), { recursive: true });
  await symlink(join(REPOSITORY, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}

async function mutate(directory: string, { file, from, to }: BudgetMutation): Promise<void> {
  const path = join(directory, 'src', file);
  const text = await readFile(path, 'utf8');
  expect(text.split(from).length - 1, `times that the text to replace stands in ${file}`).toBe(1);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
}

/** Runs the tests of that name. A run that fails ends with a code other than 0, and its report says what failed. */
async function run(directory: string, file: string, name: string): Promise<Report> {
  const output = join(directory, 'report.json');
  const vitest = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
  const flags = ['--reporter=json', `--outputFile=${output}`, '--root', directory, '-t', name];
  await new Promise<void>((resolve) => {
    execFile(process.execPath, [vitest, 'run', `test/${file}`, ...flags], { cwd: directory }, () =>
      resolve(),
    );
  });
  return JSON.parse(await readFile(output, 'utf8')) as Report;
}

function failedTests({ testResults }: Report): string[] {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => fullName);
}

test('the budgets as they are pass the same tests', { timeout: RUN_MS_MAX }, async () => {
  const directory = await copy('unchanged');
  for (const file of new Set(BUDGET_MUTATIONS.map((mutation) => mutation.test))) {
    const report = await run(directory, file, '');
    expect(failedTests(report)).toEqual([]);
    expect(report.numPassedTests).toBeGreaterThan(2);
  }
});

test.each(BUDGET_MUTATIONS.map((mutation, index) => ({ ...mutation, index })))(
  'a budget that $name is caught',
  { timeout: RUN_MS_MAX },
  async ({ index, ...mutation }) => {
    const directory = await copy(String(index));
    await mutate(directory, mutation);
    const failed = failedTests(await run(directory, mutation.test, mutation.caughtBy));
    expect(failed.join('\n')).toContain(mutation.caughtBy);
    await rm(directory, { recursive: true });
  },
);
