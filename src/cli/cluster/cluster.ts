import type { CommandGroup } from '../command.ts';
import { fetchCommand } from './fetch.ts';

export const clusterCommands: CommandGroup = {
  usage: 'cluster',
  about: 'The cluster engine on this machine',
  commands: [fetchCommand],
};
