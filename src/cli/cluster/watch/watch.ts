import type { Command } from 'commander';
import { openKafkaInspection } from '../../../adapters/kafka/kafka-inspection.ts';
import { withClusterLock } from '../../../adapters/local-process/cluster-lock.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { AdtallyError, type ErrorCode } from '../../../base/errors.ts';
import { SECOND_MS } from '../../../base/units.ts';
import { brokersOf } from '../../../cluster/addresses.ts';
import { ALARM_CODES, type StandingAlarm } from '../../../cluster/watch/alarm.ts';
import { Healer, type HealingEvent } from '../../../cluster/watch/healer.ts';
import type { Sample } from '../../../cluster/watch/sample.ts';
import { Sampler } from '../../../cluster/watch/sampler.ts';
import { watchCluster } from '../../../cluster/watch/watcher.ts';
import { WatchMetrics, type WatchFigures } from '../../../server/watch/watch-metrics.ts';
import { startWatchServer } from '../../../server/watch/watch-server.ts';
import { wholeNumber, type CommandDefinition } from '../../command.ts';
import { listenForStop } from '../../stop-signal.ts';
import type { Terminal } from '../../terminal.ts';
import { keepTouchDays, lackingTouchDays } from '../changes/touch-change.ts';
import { checkWish, openWishedCluster, type WishedCluster } from '../jobs/wished-cluster.ts';
import { addClusterDirectory, localClusterIn } from '../local-cluster.ts';
import { readJobWish } from '../state/job-wish-file.ts';
import { LossFile } from '../state/loss-file.ts';
import { watchFigures } from './watch-figures.ts';
import { eventLine, eventValue, type WatchEvent } from './watch-lines.ts';
import { NO_PROCESSES, processesOf } from './watched-processes.ts';

const METRICS_PORT = 7090;
const PORT_MAX = 65_535;
const EVERY_SECONDS = 5;
const EVERY_SECONDS_MAX = 3600;

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(['kafka_unreachable', 'cluster_unreachable']);

interface Flags {
  readonly metricsPort: number;
  readonly metricsHost: string;
  readonly every: number;
  readonly repair?: boolean;
}

export const watchCommand: CommandDefinition = {
  usage: 'watch',
  about: 'Keep a cluster running: start again what is gone, and raise alarms, until Ctrl-C',
  more:
    'A process that died is started again, a job that is gone goes on from its newest complete checkpoint. What "down" or\n' +
    '"stop-jobs" stopped stays so. Metrics for Prometheus are at http://HOST:PORT/metrics.',
  configure: (command) =>
    addClusterDirectory(command)
      .option(
        '--metrics-port <port>',
        'port of the metrics, 0 for a free one',
        wholeNumber(0, PORT_MAX),
        METRICS_PORT,
      )
      .option('--metrics-host <host>', 'who reaches it may read the metrics', '127.0.0.1')
      .option(
        '--every <seconds>',
        'seconds between two looks',
        wholeNumber(1, EVERY_SECONDS_MAX),
        EVERY_SECONDS,
      )
      .option('--repair', 'also restart a job that runs, when a transaction of it hangs'),
  run: async (command, terminal) => {
    const stop = listenForStop();
    const { metricsPort: port, metricsHost: host, every } = command.opts<Flags>();
    const jobs = openWishedCluster(command);
    const restarts = new Map<string, number>();
    let figures: WatchFigures | undefined;
    const server = await startWatchServer(new WatchMetrics(() => figures, ALARM_CODES), { host, port });
    const report = (event: WatchEvent): void => {
      if (isRestart(event)) restarts.set(event.subject, (restarts.get(event.subject) ?? 0) + 1);
      terminal.result(eventValue(event, nodeClock.now()), eventLine(event, nodeClock.now()));
    };
    try {
      const metrics = `${server.url}/metrics`;
      const { directory } = jobs;
      terminal.result(
        { event: 'started', directory, metrics, pid: process.pid },
        `Watching the cluster in ${directory}. Metrics are at ${metrics}.`,
      );
      const fault = await faultOfApplied(jobs);
      if (fault !== null) report({ event: 'healing_failed', subject: 'jobs', detail: fault });
      const onSample = (sample: Sample, alarms: readonly StandingAlarm[]): void => {
        figures = watchFigures(sample, alarms, restarts);
      };
      await watchCluster(
        { ...watcherPorts(command, jobs, terminal, report), onSample },
        every * SECOND_MS,
        stop.signal,
      );
    } finally {
      await server.close();
    }
    terminal.result({ event: 'stopped' }, 'Watching has stopped; the cluster runs on.');
    return 0;
  },
};

/** Why what is to be kept running is not fit to; it is watched all the same. Servers that are down are for watch to start. */
async function faultOfApplied(cluster: WishedCluster): Promise<string | null> {
  const wish = readJobWish(cluster.directory);
  if (wish === null) return null;
  try {
    await checkWish(cluster, wish);
    return null;
  } catch (error) {
    if (!(error instanceof AdtallyError)) throw error;
    return UNREACHABLE.has(error.code) ? null : error.message;
  }
}

function isRestart(event: WatchEvent): event is HealingEvent {
  return !('alarm' in event) && event.event !== 'healing_failed' && event.event !== 'days_changed';
}

async function keepDays({ directory, addresses }: WishedCluster): Promise<string[]> {
  const keptMs = readJobWish(directory)?.touchesKeptMs;
  const { postgres } = addresses;
  // Nobody is to be held up to learn that there is nothing to do.
  if (keptMs === undefined || (await lackingTouchDays(postgres, keptMs)).length === 0) return [];
  const steps = await withClusterLock(directory, () => keepTouchDays(postgres, keptMs));
  return steps.map(({ action, name }) => `${action} ${name}`);
}

function watcherPorts(
  command: Command,
  jobs: WishedCluster,
  terminal: Terminal,
  report: (event: WatchEvent) => void,
): Omit<Parameters<typeof watchCluster>[0], 'onSample'> {
  const { directory, addresses, services } = jobs;
  const cluster = localClusterIn(directory);
  const processes = cluster === undefined ? NO_PROCESSES : processesOf(cluster, terminal);
  const wish = () => readJobWish(directory);
  const sampler = new Sampler({
    processes: () => processes.status(),
    jobManager: services.jobManager,
    files: services.files,
    openKafka: (region) =>
      openKafkaInspection({ brokers: brokersOf(addresses.regions[region].kafka), clientId: 'adtally-watch' }),
    clock: nodeClock,
  });
  const healer = new Healer(
    {
      wish,
      startProcesses: () => processes.startDead(),
      check: (wished) => checkWish(jobs, wished),
      keepDays: () => keepDays(jobs),
      locked: (action) => withClusterLock(directory, action),
      services,
      clock: nodeClock,
      report,
    },
    { isRepairing: command.opts<Flags>().repair === true },
  );
  return { sampler, healer, losses: new LossFile(directory), wish, clock: nodeClock, report };
}
