import { randomInt } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import type { RegionTraffic } from '../../client/failover.ts';
import { SECOND_MS } from '../../base/units.ts';
import {
  DEFAULT_TRAFFIC,
  KIND_VERDICTS,
  KINDS,
  TrafficGenerator,
  type Kind,
} from '../../generator/traffic.ts';
import { VERDICTS } from '../../model/verdict.ts';
import { gather, wholeNumber, type CommandDefinition } from '../command.ts';
import { addRegionsOptions, findRegions } from '../region-address.ts';
import { listenForStop } from '../stop-signal.ts';
import { formatCount, renderTable } from '../table.ts';
import { sendTraffic, type SentTraffic } from '../traffic/event-sender.ts';
import { describeTraffic } from '../traffic/region-traffic.ts';

interface Flags {
  readonly count?: number;
  readonly rate?: number;
  readonly seed?: number;
  readonly ads: number;
  readonly users: number;
  readonly share?: (readonly [Exclude<Kind, 'impression'>, number])[];
  readonly fieldOrders: number;
  readonly batch: number;
  readonly parallel: number;
}

const PROGRESS_EVERY_MS = 1000;

export const generateCommand: CommandDefinition = {
  usage: 'generate',
  about: 'Send made-up traffic whose right verdicts are known: duplicates, late, malformed events and all',
  more: 'It ends after --count events or at Ctrl-C, and then compares what the region said with what was due.',
  configure: (command) => {
    command
      .option('--count <events>', 'events in all (default: until Ctrl-C)', wholeNumber(1, 1e12))
      .option(
        '--rate <events>',
        'events a second (default: as fast as the region answers)',
        wholeNumber(1, 1e7),
      )
      .option(
        '--seed <number>',
        'the same seed makes the same ids (default: by chance)',
        wholeNumber(0, 2 ** 53 - 1),
      )
      .option('--ads <number>', 'ads, popular by Zipf’s law', wholeNumber(1, 1e7), DEFAULT_TRAFFIC.ads)
      .option('--users <number>', 'users', wholeNumber(1, 4e9), DEFAULT_TRAFFIC.users)
      .option(
        '--share <kind=share>',
        `share of a kind, from 0 to 1; may be repeated (${describeShares()})`,
        gather(parseShare),
      )
      .option('--field-orders <number>', 'different orders of the fields', wholeNumber(1, 1000), 1)
      .option('--batch <events>', 'most events in one request', wholeNumber(1, 10_000), 1000)
      .option('--parallel <requests>', 'requests under way at a time', wholeNumber(1, 1000), 4);
    addRegionsOptions(command, 'maxEventAge', 'maxClockSkew', 'defaultCurrency');
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const flags = command.opts<Flags>();
    const { sender, urls, spec } = await findRegions(command);
    const seed = flags.seed ?? randomInt(2 ** 47);
    const generator = new TrafficGenerator({
      ...DEFAULT_TRAFFIC,
      seed,
      ads: flags.ads,
      users: flags.users,
      shares: { ...DEFAULT_TRAFFIC.shares, ...Object.fromEntries(flags.share ?? []) },
      fieldOrders: flags.fieldOrders,
      currency: spec.defaultCurrency,
      maxEventAgeMs: spec.maxEventAge,
      maxClockSkewMs: spec.maxClockSkew,
    });
    terminal.remark(`Sending to ${urls.join(' or ')} with seed ${seed} ...`);
    let toldMs = 0;
    const sent = await sendTraffic({
      generator,
      sender,
      clock: nodeClock,
      count: flags.count ?? Infinity,
      eventsPerSecond: flags.rate,
      batchEvents: flags.batch,
      connections: flags.parallel,
      stop: stop.signal,
      onProgress: ({ events, durationMs }) => {
        if (!terminal.interactive || durationMs - toldMs < PROGRESS_EVERY_MS) return;
        toldMs = durationMs;
        terminal.remark(`  ${formatCount(events)} events, ${formatCount(rateOf(events, durationMs))}/s`);
      },
    });
    const asDue = VERDICTS.every((verdict) => sent.due.verdicts[verdict] === sent.verdicts[verdict]);
    const regions = sender.traffic();
    terminal.result({ url: urls[0], seed, asDue, ...sent, regions }, describeSent(sent, asDue, regions));
    return 0;
  },
};

function describeSent(sent: SentTraffic, asDue: boolean, regions: readonly RegionTraffic[]): string {
  const { events, due, verdicts, isProvisional, durationMs, answersLost } = sent;
  const lines = [
    `${formatCount(events)} events in ${(durationMs / SECOND_MS).toFixed(1)} s: ${formatCount(rateOf(events, durationMs))}/s.`,
    renderTable(
      ['sent', 'events', 'verdict due'],
      KINDS.map((kind) => [kind, due.kinds[kind], KIND_VERDICTS[kind]]),
    ),
    '',
    renderTable(
      ['verdict', 'due', 'received'],
      VERDICTS.map((verdict) => [verdict, due.verdicts[verdict], verdicts[verdict]]),
    ),
  ];
  lines.push(...describeTraffic(regions, answersLost));
  const answering = regions.filter(({ requests, failures }) => requests > failures);
  if (asDue) lines.push('The region said what was due.');
  else if (isProvisional)
    lines.push('A gateway took them in: what is not invalid is judged behind it (adtally audit --cluster).');
  else if (answersLost > 0)
    lines.push('It differs, as it may: what was counted under a lost answer came back as duplicate.');
  else if (answering.length > 1)
    lines.push('It differs, as it may: a region counts what it has not heard of from the other one yet.');
  else lines.push('It differs: has the region seen this seed before, or other limits (--max-event-age)?');
  return lines.join('\n');
}

function rateOf(events: number, durationMs: number): number {
  return Math.round((events * SECOND_MS) / Math.max(1, durationMs));
}

function describeShares(): string {
  return Object.entries(DEFAULT_TRAFFIC.shares)
    .map(([kind, share]) => `${kind}=${share}`)
    .join(', ');
}

function parseShare(text: string): readonly [Exclude<Kind, 'impression'>, number] {
  const [name, value] = text.split('=');
  const kinds = KINDS.filter((kind) => kind !== 'impression');
  const kind = kinds.find((known) => known === name);
  const share = /^[01](\.\d+)?$/.test(value ?? '') ? Number(value) : Number.NaN;
  if (kind === undefined)
    throw new InvalidArgumentError(`The kinds are ${kinds.join(', ')}.${didYouMean(name, kinds)}`);
  if (!(share <= 1)) throw new InvalidArgumentError('The share must be from 0 to 1, such as 0.05.');
  return [kind, share];
}
