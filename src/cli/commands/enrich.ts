import type { CommandDefinition, CommandGroup } from '../command.ts';
import { addRegionOptions, findRegion } from '../region-address.ts';
import { countOf } from '../table.ts';

const retryEnrichment: CommandDefinition = {
  usage: 'retry',
  about: 'Ask the order service again for the orders whose details are unavailable',
  more: 'They are pending again, for enrichment.deadline from now; see GET /v1/orders for how they fare.',
  configure: (command) => addRegionOptions(command),
  run: async (command, terminal) => {
    const { client } = await findRegion(command);
    const answer = await client.post<{ readonly retried: number }>('/v1/enrichment/retry');
    const what =
      answer.retried === 0
        ? 'No order is without its details.'
        : `Asking again for ${countOf(answer.retried, 'order')}.`;
    terminal.result(answer, what);
    return 0;
  },
};

export const enrichCommands: CommandGroup = {
  usage: 'enrich',
  about: 'The details that the order service adds to orders',
  commands: [retryEnrichment],
};
