import { text as readAll } from 'node:stream/consumers';
import { AdtallyError } from '../../base/errors.ts';
import type { CommandDefinition } from '../command.ts';
import { addRegionOptions } from '../region-address.ts';
import { openSqlSource, type SqlSource } from '../sql/sql-source.ts';
import { SqlPrompt } from '../sql/sql-prompt.ts';
import { sqlCsv, sqlTable } from '../sql/sql-text.ts';
import type { SqlAnswer } from '../../reporting/sql-answer.ts';
import type { Terminal } from '../terminal.ts';

export const sqlCommand: CommandDefinition = {
  usage: 'sql [query]',
  about: 'Ask the reporting store (reporting.*) and the warehouse (warehouse.*) in SQL',
  more:
    'A region that runs is asked; where none runs on the data directory the files are read. Without a query, on a terminal, there is a\n' +
    'prompt; otherwise the query is read from standard input. Nothing can be changed. Example:\n' +
    '  adtally sql "SELECT start_time, SUM(clicks) FROM warehouse.ad_hours GROUP BY ALL ORDER BY 1"',
  configure: (command) => {
    command
      .option('--csv', 'write CSV instead of a table')
      .option('--cluster <dir>', 'ask the Hive of a cluster, in its SQL (warehouse.*)');
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const isCsv = command.getOptionValue('csv') === true;
    if (isCsv && terminal.json) throw new AdtallyError('usage', 'Give --csv or --json, not both.');
    const source = await openSqlSource(command);
    const write = (answer: SqlAnswer): void => tell(answer, terminal, isCsv);
    try {
      const [query] = command.args;
      if (query === undefined && process.stdin.isTTY) await prompt(source, terminal, write);
      else write(await source.run(query ?? (await readAll(process.stdin))));
      return 0;
    } finally {
      await source.close();
    }
  },
};

async function prompt(
  source: SqlSource,
  terminal: Terminal,
  write: (answer: SqlAnswer) => void,
): Promise<void> {
  terminal.remark(`Asking ${source.place}. End a query with ";"; .help tells more, Ctrl-D leaves.`);
  const run = async (sql: string): Promise<void> => {
    try {
      write(await source.run(sql));
    } catch (error) {
      terminal.failure(error);
    }
  };
  const actions = { run, tables: () => run(source.tables), write: (text: string) => terminal.remark(text) };
  await new SqlPrompt(process.stdin, process.stdout, actions).run();
}

function tell(answer: SqlAnswer, terminal: Terminal, isCsv: boolean): void {
  if (!isCsv) return terminal.result(answer, sqlTable(answer));
  terminal.result(answer, sqlCsv(answer));
  if (answer.truncated) terminal.remark(`There are more than these ${answer.rows.length} rows.`);
}
