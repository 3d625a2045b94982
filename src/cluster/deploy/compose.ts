import { DATA_FOLDER, type ClusterLayout } from '../local/cluster-layout.ts';
import { START_MARK, type ProcessPlan, type Readiness } from '../local/process-plan.ts';
import { processTable } from '../local/processes/process-table.ts';
import { containerLayout, FLINK_IMAGE, imageProgram, IMAGE_RUNTIME } from './images.ts';
import { limitOfCommandMib } from './jvm-memory.ts';
import { yamlText, type YamlFields } from './yaml-text.ts';

const HEADER = `# The local cluster in containers: "adtally cluster render compose" writes this file; change that, not this.
# Programs are those of the images; configuration, addresses, memory and data are those of "adtally cluster up".
`;
/** Whose processes these are: who owns the directory. There is no default, since a wrong one writes files nobody can remove. */
const USER = '${ADTALLY_USER:?the uid:gid of who owns the directory of the cluster}';

/** The Compose file of a cluster: a service for each process of its plan, in the network of the host as without containers. */
export function composeFile(layout: ClusterLayout): string {
  const plans = processTable(containerLayout(layout), IMAGE_RUNTIME);
  const files = new Map(plans.flatMap((plan) => plan.files).map(({ path, text }) => [path, text]));
  return (
    HEADER +
    yamlText({
      name: 'adtally',
      services: Object.fromEntries(plans.map((plan) => [plan.name, service(plan, layout)])),
      configs: Object.fromEntries(
        [...files].map(([path, text]) => [configName(path, layout), { content: verbatim(text) }]),
      ),
    })
  );
}

function service(plan: ProcessPlan, layout: ClusterLayout): YamlFields {
  const { name, memoryMib, files, waitsFor } = plan;
  const { image, start } = imageProgram(name, layout);
  const { command, environment: more } = start?.(plan.command) ?? { command: plan.command, environment: {} };
  const environment = { ...plan.environment, ...more };
  const data = `${layout.directory}/${DATA_FOLDER}`;
  return {
    image,
    build: image === FLINK_IMAGE ? { context: '.', dockerfile: 'flink.Dockerfile' } : undefined,
    user: USER,
    network_mode: 'host',
    entrypoint: ['bash', '-c', script({ ...plan, command })],
    environment: Object.keys(environment).length === 0 ? undefined : environment,
    configs: files.map(({ path }) => ({ source: configName(path, layout), target: path })),
    volumes: [{ type: 'bind', source: data, target: data, bind: { create_host_path: false } }],
    depends_on:
      waitsFor.length === 0
        ? undefined
        : Object.fromEntries(waitsFor.map((other) => [other, { condition: 'service_healthy' }])),
    healthcheck: {
      test: [
        'CMD',
        'bash',
        '-c',
        portsOf(plan.readiness)
          .map((port) => `: > /dev/tcp/${port}`)
          .join(' && '),
      ],
      interval: '5s',
      timeout: '5s',
      retries: 6,
      start_period: '3m',
      start_interval: '1s',
    },
    mem_limit: `${limitOfCommandMib(plan.command, memoryMib)}m`,
    restart: 'unless-stopped',
  };
}

/** What the container runs: its folders, what has to be done once, and the program in the place of the shell. */
function script({ command, folders, preparation }: ProcessPlan): string {
  const lines = [
    'set -e',
    ...(folders.length === 0 ? [] : [`mkdir -p ${folders.join(' ')}`]),
    ...(preparation === undefined ? [] : [`[ -e ${preparation.makes} ] || ${words(preparation.command)}`]),
    `exec ${words(command)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A command for the shell; each life of a container has a mark of its own, too. */
function words(command: readonly string[]): string {
  return command
    .map((word) =>
      /^[\w./:=@,+-]+$/.test(word) ? word : `'${verbatim(word).replaceAll("'", String.raw`'\''`)}'`,
    )
    .join(' ')
    .replaceAll(START_MARK, "'$$(date +%s%3N)'");
}

/** Compose puts variables of the environment in place of what begins with a dollar sign. */
function verbatim(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** `HOST/PORT` of everything that must listen. */
function portsOf(readiness: Readiness): string[] {
  const addresses =
    readiness.kind === 'http'
      ? [...new Set(readiness.pages.map(({ url }) => new URL(url).host))]
      : [readiness.address];
  return addresses.map((address) => address.replace(':', '/'));
}

/** "config/flink/config.yaml" as the name of a config. */
function configName(path: string, { directory }: ClusterLayout): string {
  return path.slice(`${directory}/config/`.length).replaceAll('/', '-');
}
