import type { CommandGroup } from '../../command.ts';
import { serveCommand } from './serve.ts';

export const budgetCommands: CommandGroup = {
  usage: 'budget',
  about: 'Budgets of a cluster; a region of its own has them built in',
  commands: [serveCommand],
};
