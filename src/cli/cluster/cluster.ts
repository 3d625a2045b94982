import type { CommandGroup } from '../command.ts';
import { applyCommand } from './changes/apply.ts';
import { compactCommand } from './compact.ts';
import { downCommand } from './down.ts';
import { fetchCommand } from './fetch.ts';
import { rescaleCommand } from './jobs/rescale.ts';
import { resumeCommand } from './jobs/resume.ts';
import { stopJobsCommand } from './jobs/stop-jobs.ts';
import { logsCommand } from './logs.ts';
import { planCommand } from './changes/plan.ts';
import { renderCommand } from './render.ts';
import { statusCommand } from './status.ts';
import { upCommand } from './up.ts';
import { watchCommand } from './watch/watch.ts';

export const clusterCommands: CommandGroup = {
  usage: 'cluster',
  about: 'The same pipeline on Kafka, Flink and Pinot: run a cluster on this machine',
  commands: [
    fetchCommand,
    upCommand,
    planCommand,
    applyCommand,
    watchCommand,
    stopJobsCommand,
    resumeCommand,
    rescaleCommand,
    compactCommand,
    statusCommand,
    downCommand,
    logsCommand,
    renderCommand,
  ],
};
