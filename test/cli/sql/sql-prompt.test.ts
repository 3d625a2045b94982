import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { SqlPrompt } from '../../../src/cli/sql/sql-prompt.ts';

let input: PassThrough;
let done: Promise<void>;
let happened: string[];
beforeEach(() => {
  input = new PassThrough();
  const output = new PassThrough();
  output.resume();
  happened = [];
  const actions = {
    run: async (sql: string) => void happened.push(`run ${sql}`),
    tables: async () => void happened.push('tables'),
    write: (text: string) => void happened.push(`write ${text.slice(0, 20)}`),
  };
  done = new SqlPrompt(input, output, actions).run();
});

/** What is typed, a key after the other. */
async function type(text: string): Promise<void> {
  input.write(text);
  await sleep(5);
}

test('takes a query to its semicolon, over several lines', async () => {
  await type('SELECT 1\n');
  expect(happened).toEqual([]);
  await type('  + 1;\n\n');
  await type('.tables\n.help\n.nonsense\n.exit\n');
  await done;
  expect(happened).toEqual([
    'run SELECT 1\n  + 1;\n',
    'tables',
    'write End a query with ";"',
    'write There is no .nonsens',
    'write ',
  ]);
});

test('Ctrl-C throws away what was typed, Ctrl-D leaves', async () => {
  await type('SELECT wrong\n');
  await type('FROM\u0003');
  await type('SELECT 2;\n');
  await type('\u0004');
  await done;
  expect(happened.filter((one) => one.startsWith('run'))).toEqual(['run SELECT 2;\n']);
});

test('the arrow up brings back what was typed', async () => {
  await type('SELECT 3;\n');
  await type('\u001b[A');
  await type('\n\u0004');
  await done;
  expect(happened.filter((one) => one.startsWith('run'))).toEqual(['run SELECT 3;\n', 'run SELECT 3;\n']);
});
