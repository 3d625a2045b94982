import { AdtallyError } from '../../../base/errors.ts';
import type { CommandDefinition } from '../../command.ts';
import { addSettingOptions, readSpec } from '../../settings-options.ts';
import { listenForStop } from '../../stop-signal.ts';
import {
  addServerOptions,
  brokersFor,
  chooseRegion,
  clusterOf,
  regionIn,
  type ServerFlags,
} from '../region-servers.ts';

/** The settings that an enricher heeds. */
const SETTINGS = /^(enrichment\.|regions$|attribution\.models$)/;

export const enricherCommand: CommandDefinition = {
  usage: 'enricher',
  about: 'Ask the order service for the orders of a cluster’s region, and write its answers to Kafka',
  more: 'It keeps nothing. A second one of the same region takes over, and the first one ends. SIGTERM or Ctrl-C stops it.',
  configure: (command) => addSettingOptions(addServerOptions(command), (path) => SETTINGS.test(path)),
  run: async (command, terminal) => {
    const stop = listenForStop();
    const spec = await readSpec(command);
    if (spec.enrichment.url === '') {
      throw new AdtallyError(
        'config_invalid',
        'enrichment.url is not set: there is no order service to ask. Set it, for the jobs of the cluster, too.',
      );
    }
    const flags = command.opts<ServerFlags>();
    const region = chooseRegion(spec, flags.region);
    const brokers = brokersFor(flags, regionIn(clusterOf(flags), region));
    const { runEnricher } = await import('./enricher-process.ts');
    const running = await runEnricher({ spec, region, brokers });
    terminal.result(
      { event: 'started', region, url: spec.enrichment.url, kafka: brokers, pid: process.pid },
      `The enricher of region ${region} asks ${spec.enrichment.url} and writes to Kafka at ${brokers.join(', ')}.`,
    );
    try {
      await Promise.race([stop.asked, running.failed]);
    } finally {
      await running.close();
    }
    const status = running.status();
    const { results, pending } = status;
    terminal.result(
      { event: 'stopped', region, ...status },
      `The enricher of region ${region} has stopped: ${results.ok} orders have details, ${results.unavailable} have none, ${pending} wait.`,
    );
    return 0;
  },
};
