import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { readArtifactLock, type ArtifactGroup } from '../../adapters/artifact-store/artifact-lock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { adtallyDockerfile } from '../../cluster/deploy/adtally-dockerfile.ts';
import { composeFile } from '../../cluster/deploy/compose.ts';
import { flinkDockerfile, type PinnedJar } from '../../cluster/deploy/flink-dockerfile.ts';
import { kubernetesFiles } from '../../cluster/deploy/kubernetes/kubernetes-files.ts';
import type { RenderedFile } from '../../cluster/deploy/rendered-file.ts';
import type { ClusterLayout } from '../../cluster/local/cluster-layout.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { CommandDefinition } from '../command.ts';
import { addSettingOptions, readSpec } from '../settings-options.ts';
import { readClusterState } from './cluster-state.ts';
import { addClusterDirectory, clusterDirectory } from './local-cluster.ts';
import { wishedLayout } from './wished-layout.ts';

const TARGETS = ['compose', 'kubernetes'] as const;
type Target = (typeof TARGETS)[number];

export const renderCommand: CommandDefinition = {
  usage: 'render <target>',
  about: 'Write the files that bring up the same cluster in containers',
  more: 'TARGET is compose or kubernetes. compose: one machine, with the addresses, the data and the directory of the local cluster. kubernetes: for the operators of Strimzi and Flink.',
  configure: (command) => {
    addClusterDirectory(command).option('--out <dir>', 'folder to write them to (default: standard output)');
    addSettingOptions(command, (path) => path === 'regions' || path.startsWith('retention'));
  },
  run: async (command, terminal) => {
    const { out } = command.opts<{ readonly out?: string }>();
    const target = readTarget(command.processedArgs[0] as string);
    const files = renderTarget(target, await readLayout(command), await readSpec(command));
    if (out !== undefined) writeFiles(out, files);
    const paths = files.map(({ path }) => path);
    const shown = out === undefined ? files.map(headed).join('') : `Written to ${out}: ${paths.join(', ')}.`;
    terminal.result(out === undefined ? { files } : { out, files: paths }, shown.trimEnd());
    return 0;
  },
};

function readTarget(name: string): Target {
  const target = TARGETS.find((one) => one === name);
  if (target !== undefined) return target;
  throw new AdtallyError('usage', `There is no target ${name}: they are ${TARGETS.join(', ')}.`);
}

/** The cluster of --data, or one that could be there. */
async function readLayout(command: Command): Promise<ClusterLayout> {
  const directory = clusterDirectory(command);
  return wishedLayout(command, directory, readClusterState(directory));
}

function writeFiles(folder: string, files: readonly RenderedFile[]): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** All files of a deployment. */
export function renderTarget(target: Target, layout: ClusterLayout, spec: PipelineSpec): RenderedFile[] {
  const flink = {
    path: 'flink.Dockerfile',
    text: flinkDockerfile(pinnedJars('flink'), pinnedJars('flink-gateway')),
  };
  if (target === 'compose') return [{ path: 'compose.yaml', text: composeFile(layout) }, flink];
  return [...kubernetesFiles(spec, layout), flink, { path: 'adtally.Dockerfile', text: adtallyDockerfile() }];
}

/** Those that the official image has not. */
function pinnedJars(group: ArtifactGroup): PinnedJar[] {
  return readArtifactLock(group).jars.filter(({ origin }) => origin === 'maven');
}

function headed({ path, text }: RenderedFile): string {
  return `# ${path}\n${text}\n`;
}
