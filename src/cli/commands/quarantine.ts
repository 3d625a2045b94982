import { AdtallyError } from '../../base/errors.ts';
import type { RegionClient } from '../../client/region-client.ts';
import type { QuarantineList } from '../../embedded/ports.ts';
import { formatTime } from '../../model/event-time.ts';
import { noVerdicts, VERDICTS, type EventProblem, type IngestReceipt } from '../../model/verdict.ts';
import { wholeNumber, type CommandDefinition, type CommandGroup } from '../command.ts';
import { addRegionOptions, findRegion } from '../region-address.ts';
import { formatCount, formatSize, renderTable } from '../table.ts';

const PAGE = 1000;
const PROBLEMS_SHOWN = 10;

const listQuarantine: CommandDefinition = {
  usage: 'list',
  about: 'List the events that were not counted, newest first',
  configure: (command) => {
    command
      .option('--limit <entries>', 'most entries', wholeNumber(1, PAGE), 20)
      .option('--before <id>', 'only entries with a smaller id: the next page', wholeNumber(0, 2 ** 53 - 1));
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const { limit, before } = command.opts<{ limit: number; before?: number }>();
    const { client } = await findRegion(command);
    const list = await client.get<QuarantineList>('/v1/quarantine', { limit, before });
    const table = renderTable(
      ['id', 'arrival', 'verdict', 'code', 'event id', 'size', 'message'],
      list.entries.map((entry) => [
        String(entry.id),
        formatTime(entry.arrival),
        entry.verdict,
        entry.code,
        entry.eventId ?? '–',
        formatSize(entry.sizeBytes),
        entry.message,
      ]),
    );
    const dropped = list.dropped === 0 ? '' : `; ${formatCount(list.dropped)} older ones have been dropped`;
    const held = `${formatCount(list.held)} held${dropped}.`;
    terminal.result(list, list.entries.length === 0 ? `Nothing to list: ${held}` : `${table}\n\n${held}`);
    return 0;
  },
};

const showQuarantined: CommandDefinition = {
  usage: 'show <id>',
  about: 'Show the bytes of an event as they were received',
  configure: (command) => addRegionOptions(command),
  run: async (command, terminal) => {
    const id = readId(command.processedArgs[0] as string);
    const { client } = await findRegion(command);
    const bytes = Buffer.from(await client.getBytes(`/v1/quarantine/${id}/raw`));
    if (terminal.json) terminal.result({ id, base64: bytes.toString('base64'), text: bytes.toString() }, '');
    else process.stdout.write(Buffer.concat([bytes, Buffer.from('\n')]));
    return 0;
  },
};

const replayQuarantined: CommandDefinition = {
  usage: 'replay [id...]',
  about: 'Judge events again, as if they arrived now',
  more: 'Events leave the quarantine; those that are refused again come back under new ids.',
  configure: (command) => {
    command.option('--all', 'all that are held').option('--code <code>', 'all of this code, such as late');
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const { all, code } = command.opts<{ all?: true; code?: string }>();
    const named = (command.processedArgs[0] as string[]).map(readId);
    if (named.length > 0 === (all === true || code !== undefined)) {
      throw new AdtallyError('usage', 'Name the ids to replay, or --all, or --code CODE.');
    }
    const { client } = await findRegion(command);
    const ids = named.length > 0 ? named : await heldIds(client, code);
    const receipt = await replay(client, ids);
    const lines = [
      `${formatCount(receipt.received)} events judged again.`,
      renderTable(
        ['verdict', 'events'],
        VERDICTS.map((verdict) => [verdict, receipt.verdicts[verdict]]),
      ),
      ...receipt.problems.map(({ eventId, message }) => `  ${eventId ?? '(no id)'}: ${message}`),
    ];
    terminal.result(receipt, lines.join('\n'));
    return 0;
  },
};

export const quarantineCommands: CommandGroup = {
  usage: 'quarantine',
  about: 'Look at the events that were not counted, and judge them again',
  commands: [listQuarantine, showQuarantined, replayQuarantined],
};

/** Ids of all that is held now, oldest first. */
async function heldIds(client: RegionClient, code: string | undefined): Promise<number[]> {
  const ids: number[] = [];
  for (let before: number | undefined; ;) {
    const { entries } = await client.get<QuarantineList>('/v1/quarantine', { limit: PAGE, before });
    ids.push(...entries.filter((entry) => code === undefined || entry.code === code).map(({ id }) => id));
    if (entries.length < PAGE) return ids.toReversed();
    before = entries.at(-1)!.id;
  }
}

async function replay(client: RegionClient, ids: readonly number[]): Promise<IngestReceipt> {
  const verdicts = noVerdicts();
  const problems: EventProblem[] = [];
  let received = 0;
  for (let start = 0; start < ids.length; start += PAGE) {
    const receipt = await client.post<IngestReceipt>('/v1/quarantine/replay', {
      ids: ids.slice(start, start + PAGE),
    });
    received += receipt.received;
    for (const verdict of VERDICTS) verdicts[verdict] += receipt.verdicts[verdict];
    problems.push(...receipt.problems.slice(0, PROBLEMS_SHOWN - problems.length));
  }
  return { received, verdicts, problems };
}

function readId(text: string): number {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new AdtallyError('usage', `"${text}" is no id of the quarantine; see "adtally quarantine list".`);
}
