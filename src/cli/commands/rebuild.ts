import { setTimeout as sleep } from 'node:timers/promises';
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { AdtallyError } from '../../base/errors.ts';
import type { RegionClient } from '../../client/region-client.ts';
import { parseEventTime } from '../../model/event-time.ts';
import { STORES, type StoreName, type UpkeepTask } from '../../union-load/ports.ts';
import type { CommandDefinition } from '../command.ts';
import { addRegionOptions, findRegion } from '../region-address.ts';
import { readRunningFile } from '../running-file.ts';
import { readSpecOfRegion } from '../settings-options.ts';
import { countOf, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const LOOK_MS = 250;

export const rebuildCommand: CommandDefinition = {
  usage: 'rebuild',
  about: 'Make a store anew: the reporting store, the warehouse or the ledger of budgets',
  more:
    'Where the region runs it goes on, and the old store serves until the new one takes its place; where none runs on the data\n' +
    'directory, the files are made there. See docs/operations.md, "When a store is wrong".',
  configure: (command) => {
    command.addArgument(new Argument('<store>', 'which store').choices(STORES));
    addRegionOptions(command, 'reporting.memory', 'reporting.threads');
  },
  run: async (command, terminal) => {
    const store = command.processedArgs[0] as StoreName;
    const client = await runningRegion(command);
    if (client === undefined) return rebuildResting(command, store, terminal);
    const task = await follow(client, `/v1/stores/${store}/rebuild`, terminal);
    terminal.result(task, `${store} was made anew from ${countOf(task.records, 'record')}.`);
    return 0;
  },
};

export const replayCommand: CommandDefinition = {
  usage: 'replay',
  about: 'Read the feeds again and bring every store what it does not hold so',
  more: 'A store that is right is not changed. What only a rebuild can mend is said.',
  configure: (command) => {
    command.requiredOption(
      '--from <time>',
      'records of minutes, and of orders, from this time on (RFC 3339)',
    );
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const { from } = command.opts<{ from: string }>();
    if (parseEventTime(from) === undefined) {
      throw new AdtallyError('usage', `--from is "${from}"; it must be a time such as 2026-01-31T12:00:00Z.`);
    }
    const { client } = await findRegion(command);
    const task = await follow(client, `/v1/stores/replay?from=${encodeURIComponent(from)}`, terminal);
    const rows = (task.counts ?? []).map(({ store, records, changed }) => [store, records, changed]);
    terminal.result(task, renderTable(['store', 'records read', 'not right before'], rows));
    return 0;
  },
};

/** Begins a task in the region and waits for its end. Throws AdtallyError as it ended. */
async function follow(client: RegionClient, path: string, terminal: Terminal): Promise<UpkeepTask> {
  const { startedAt } = await client.post<UpkeepTask>(path);
  let said = '';
  for (;;) {
    const { task } = await client.get<{ task: UpkeepTask | null }>('/v1/stores');
    if (task === null || task.startedAt !== startedAt) {
      throw new AdtallyError(
        'unreachable',
        'The region was started again in the middle: run the command again.',
      );
    }
    const progress = `${task.step}: ${countOf(task.records, 'record')}`;
    if (task.state === 'done') return task;
    if (task.state === 'failed') throw new AdtallyError('store_failed', `${task.task}: ${task.error ?? ''}`);
    if (progress !== said && terminal.interactive) terminal.remark(progress);
    said = progress;
    await sleep(LOOK_MS);
  }
}

/** The region that is named, or that runs on the data directory; undefined where none does. */
async function runningRegion(command: Command): Promise<RegionClient | undefined> {
  const { url } = command.opts<{ url?: string[] }>();
  const directory = resolve((await readSpecOfRegion(command)).data);
  if (url === undefined && readRunningFile(directory) === undefined) return undefined;
  return (await findRegion(command)).client;
}

async function rebuildResting(command: Command, store: StoreName, terminal: Terminal): Promise<number> {
  const spec = await readSpecOfRegion(command);
  const { rebuildStore } = await import('../upkeep/resting-rebuild.ts');
  const records = await rebuildStore(resolve(spec.data), store, spec.reporting);
  const task = { task: `rebuild ${store}`, state: 'done', records };
  const text = `${store} was made anew from ${countOf(records, 'record')}; the region brings what came later when it starts.`;
  terminal.result(task, text);
  return 0;
}
