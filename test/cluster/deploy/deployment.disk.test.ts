import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readAddresses } from '../../../src/cli/cluster/state/address-file.ts';
import { renderTarget } from '../../../src/cli/cluster/render.ts';
import { containerLayout, IMAGE_RUNTIME } from '../../../src/cluster/deploy/images.ts';
import type { ClusterLayout } from '../../../src/cluster/local/cluster-layout.ts';
import { portsFrom } from '../../../src/cluster/local/port-layout.ts';
import { processTable } from '../../../src/cluster/local/processes/process-table.ts';
import { topicsOf } from '../../../src/cluster/render/topics.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';

const DEPLOY = join(import.meta.dirname, '../../../deploy');
const REGIONS = ['a', 'b'];
const LAYOUT: ClusterLayout = {
  directory: '/var/lib/adtally',
  regions: REGIONS,
  without: [],
  ports: portsFrom(19_000, REGIONS),
  checkpointIntervalMs: 1000,
  stateBackend: 'rocksdb',
  stateMib: 768,
};
const SPEC = resolveSpec({ regions: REGIONS }, { environment: {}, flags: {} });
const COMPOSE = renderTarget('compose', LAYOUT, SPEC);
const KUBERNETES = renderTarget('kubernetes', LAYOUT, SPEC);
/** Kinds whose pods run something. */
const RUNNING = new Set([
  'StatefulSet',
  'KafkaNodePool',
  'KafkaMirrorMaker2',
  'FlinkDeployment',
  'Deployment',
  'CronJob',
]);
const PLANS = processTable(containerLayout(LAYOUT), IMAGE_RUNTIME);

interface Service {
  readonly image: string;
  readonly user: string;
  readonly entrypoint: readonly [string, string, string];
  readonly configs: readonly { readonly source: string; readonly target: string }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly mem_limit: string;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly topicName?: string };
  readonly data?: Readonly<Record<string, string>>;
}

const composed = parse(COMPOSE[0].text) as ComposeFile;
const resources = KUBERNETES.filter(({ path }) => path.endsWith('.yaml')).flatMap(({ text }) =>
  parseAllDocuments(text).map((one) => one.toJS() as Resource),
);

test('the files in deploy are those that are rendered, and no others are there', async () => {
  for (const { path, text } of [...COMPOSE, ...KUBERNETES])
    await expect(text).toMatchFileSnapshot(join(DEPLOY, path));
  const written = readdirSync(DEPLOY, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && !/artifacts|grafana/.test(one.parentPath))
    .map(({ parentPath, name }) => join(parentPath, name));
  const rendered = [...COMPOSE, ...KUBERNETES].map(({ path }) => join(DEPLOY, path));
  expect(written.toSorted()).toEqual([...new Set(rendered)].toSorted());
});

describe('the file of Compose', () => {
  test.for(PLANS)('has $name, with its configuration, its memory and what it waits for', (plan) => {
    const { configs, depends_on: waits = {}, ...service } = composed.services[plan.name];
    const files = configs.map(({ source, target }) => ({
      path: target,
      text: composed.configs[source].content.replaceAll('$$', '$'),
    }));
    expect(files).toEqual(plan.files);
    expect(Object.keys(waits)).toEqual(plan.waitsFor);
    expect(Number.parseInt(service.mem_limit, 10)).toBeGreaterThanOrEqual(plan.memoryMib);
    expect(service.image).toMatch(/^[a-z/]+:\d+\.\d+\.\d+/);
    expect(service.user).toMatch(/^\$\{ADTALLY_USER:\?/);
  });

  // Hive's image has a script of its own for that.
  test.for(PLANS.filter(({ name }) => name !== 'hive'))(
    'runs what runs $name without containers',
    ({ name, command }) => {
      // As the shell in the container reads it; what would be run is printed instead.
      const script = composed.services[name].entrypoint[2]
        .replaceAll('$$', '$')
        .replaceAll(/^(mkdir|\[).*$/gm, '')
        .replace(/^exec /m, "printf '%s\\n' ");
      const { stdout, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
      const started = /\d{13}/;
      expect([status, stdout.replace(started, '{startedAt}').trimEnd().split('\n')]).toEqual([0, command]);
    },
  );

  test('has the images of a cluster whose regions are named like parts of programs', () => {
    const regions = ['maker', 'gateway'];
    const layout = { ...LAYOUT, regions, ports: portsFrom(19_000, regions) };
    const { services } = parse(renderTarget('compose', layout, SPEC)[0].text) as ComposeFile;
    expect(services['mirror-maker'].image).toBe(services['kafka-maker'].image);
    expect(services['sql-gateway'].image).toBe(services['jobmanager'].image);
  });

  test('has nobody wait for who is never healthy, and no password', () => {
    const names = new Set(Object.keys(composed.services));
    const waits = Object.values(composed.services).flatMap((one) => Object.entries(one.depends_on ?? {}));
    for (const [name, { condition }] of waits)
      expect([names.has(name), condition]).toEqual([true, 'service_healthy']);
    expect(COMPOSE[0].text).not.toMatch(/password/i);
  });
});

describe('what Kubernetes is told', () => {
  test('has every topic of both regions once', () => {
    const topics = resources.filter(({ kind }) => kind === 'KafkaTopic');
    const wanted = REGIONS.flatMap((region) =>
      topicsOf(region, SPEC, { brokers: 3, partitions: 6 }).map(({ name }) => name),
    );
    expect(topics.map(({ spec }) => String(spec.topicName)).toSorted()).toEqual(wanted.toSorted());
  });

  test('keeps the keys of gateways in a secret, and has none itself', () => {
    const gateways = resources.filter(({ metadata }) => metadata.name.startsWith('gateway-'));
    expect(gateways.map(({ kind }) => kind)).toEqual(['Service', 'Deployment', 'Service', 'Deployment']);
    for (const one of gateways.filter(({ kind }) => kind === 'Deployment'))
      expect(JSON.stringify(one)).toContain('"secret":{"secretName":"adtally-keys"}');
    const kinds = new Set(resources.map(({ kind }) => kind));
    expect(kinds.has('Secret')).toBe(false);
  });

  test('names nothing twice', () => {
    const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('says where the servers are, by names that there are', () => {
    const { data } = resources.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'adtally',
    )!;
    const folder = mkdtempSync(join(tmpdir(), 'adtally-addresses-'));
    writeFileSync(join(folder, 'addresses.json'), data!['addresses.json']);
    const addresses = readAddresses(folder);
    rmSync(folder, { recursive: true });
    const named = new Set(
      resources.flatMap(({ kind, metadata: { name } }) => {
        // Operators make a Service of these.
        if (kind === 'Kafka') return [`${name}-kafka-bootstrap`];
        if (kind === 'FlinkDeployment') return [`${name}-rest`];
        return kind === 'Service' ? [name] : [];
      }),
    );
    const { regions, flink, sqlGateway, hive } = addresses;
    const servers = Object.values(regions).flatMap((one) => [
      one.kafka,
      one.pinotController!,
      one.pinotBroker!,
    ]);
    const hosts = [...servers, flink, sqlGateway, hive!].map(
      (text) => text.replace(/^http:\/\//, '').split(':')[0],
    );
    expect(hosts).toHaveLength(9);
    expect(hosts.filter((host) => !named.has(host))).toEqual([]);
  });

  test('limits the memory of every container', () => {
    const running = resources.filter(({ kind }) => RUNNING.has(kind));
    expect(new Set(running.map(({ kind }) => kind))).toEqual(RUNNING);
    for (const one of running)
      expect([one.metadata.name, JSON.stringify(one)]).toEqual([
        one.metadata.name,
        expect.stringMatching(/"limits":\{"memory":"\d+Mi"|"resource":\{"memory":"\d+m"/),
      ]);
  });

  test('refuses a region whose name it does not take', () => {
    const regions = ['EU_1'];
    const layout = { ...LAYOUT, regions, ports: portsFrom(19_000, regions) };
    expect(() => renderTarget('kubernetes', layout, SPEC)).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    );
  });
});
