import { downCommand } from '../cluster/down.ts';
import { logsCommand } from '../cluster/logs.ts';
import { statusCommand } from '../cluster/status.ts';
import { upCommand } from '../cluster/up.ts';
import type { CommandGroup } from '../command.ts';

export const clusterCommands: CommandGroup = {
  usage: 'cluster',
  about: 'The same pipeline on Kafka, Flink and Pinot: run a cluster on this machine',
  commands: [upCommand, statusCommand, downCommand, logsCommand],
};
