import { downCommand } from './down.ts';
import { logsCommand } from './logs.ts';
import { statusCommand } from './status.ts';
import { upCommand } from './up.ts';
import type { CommandGroup } from '../command.ts';

export const clusterCommands: CommandGroup = {
  usage: 'cluster',
  about: 'The same pipeline on Kafka, Flink and Pinot: run a cluster on this machine',
  commands: [upCommand, statusCommand, downCommand, logsCommand],
};
