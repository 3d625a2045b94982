import { describe, expect, test } from 'vitest';
import { addressesOf, type ClusterLayout } from '../../../../src/cluster/local/cluster-layout.ts';
import { portCount, portsAmong, portsFrom } from '../../../../src/cluster/local/port-layout.ts';
import { taskManagerParts } from '../../../../src/cluster/local/processes/flink-configuration.ts';
import {
  PROCESS_MEMORY,
  TASK_MANAGER_PARTS,
  taskManagerMemory,
} from '../../../../src/cluster/local/processes/process-memory.ts';
import { processTable } from '../../../../src/cluster/local/processes/process-table.ts';
import { stopWaves } from '../../../../src/cluster/local/stop-cluster.ts';

const RUNTIME = {
  java: 'java',
  jars: {
    kafka: '/jars/kafka',
    flink: '/jars/flink',
    'flink-gateway': '/jars/flink-gateway',
    pinot: '/jars/pinot',
    hive: '/jars/hive',
    'hive-last': '/jars/hive-last',
  },
  postgres: { programs: '/postgresql/bin', user: null },
};
const MIB_MAX = 14 * 1024;

function layoutOf(regions: readonly string[], more: Partial<ClusterLayout> = {}): ClusterLayout {
  return {
    directory: '/somewhere',
    regions,
    without: [],
    ports: portsFrom(19_000, regions),
    checkpointIntervalMs: 1000,
    stateBackend: 'rocksdb',
    stateMib: 768,
    ...more,
  };
}

const TWO = processTable(layoutOf(['a', 'b']), RUNTIME);
const names = (layout: ClusterLayout): string[] => processTable(layout, RUNTIME).map(({ name }) => name);

describe('the table of processes', () => {
  test('has a Kafka and a Pinot for each region, one Flink for all, and a mirror between two', () => {
    expect(names(layoutOf(['a', 'b']))).toEqual([
      'zookeeper',
      'kafka-a',
      'kafka-b',
      'mirror-maker',
      'jobmanager',
      'taskmanager',
      'sql-gateway',
      'pinot-a',
      'pinot-b',
      'hive',
      'postgres',
    ]);
    expect(names(layoutOf(['a'], { without: ['pinot', 'hive', 'postgres'] }))).toEqual([
      'zookeeper',
      'kafka-a',
      'jobmanager',
      'taskmanager',
      'sql-gateway',
    ]);
  });

  test('gives no port, no file and no folder of data to two', () => {
    const ports = TWO.flatMap((plan) => plan.ports.map(({ number }) => number));
    expect(new Set(ports).size).toBe(ports.length);
    const files = Map.groupBy(
      TWO.flatMap((plan) => plan.files),
      ({ path }) => path,
    );
    for (const [path, same] of files)
      expect([path, new Set(same.map(({ text }) => text)).size]).toEqual([path, 1]);
    const [a, b] = ['a', 'b'].map((region) => TWO.find(({ name }) => name === `kafka-${region}`)!.folders);
    expect(a).not.toEqual(b);
  });

  test('is planned with what a machine of 16 GiB has, and says so to each JVM', () => {
    expect(TWO.reduce((sum, { memoryMib }) => sum + memoryMib, 0)).toBeLessThanOrEqual(MIB_MAX);
    for (const [kind, { heap, metaspace, direct, planned }] of Object.entries(PROCESS_MEMORY))
      expect([kind, planned >= heap + Math.min(direct, 128) + metaspace / 2]).toEqual([kind, true]);
    for (const { name, command } of TWO.filter((plan) => plan.name !== 'postgres'))
      expect([name, command.some((flag) => /^-Xmx\d+m$/.test(flag))]).toEqual([name, true]);
  });

  test.each([
    ['rocksdb', 896, 832],
    ['hashmap', 1664, 64],
  ] as const)(
    'gives Flink’s TaskManager the parts that its JVM has, with state in %s',
    (kind, heap, managed) => {
      const layout = layoutOf(['a'], { stateBackend: kind, stateMib: 768 });
      const memory = taskManagerMemory(layout);
      const { frameworkHeap, overhead } = TASK_MANAGER_PARTS;
      const parts = taskManagerParts(layout);
      expect(parts['taskmanager.memory.task.heap.size']).toBe(`${heap - frameworkHeap}m`);
      expect(parts['taskmanager.memory.managed.size']).toBe(`${managed}m`);
      expect(memory.heap).toBe(heap);
      const { metaspace, direct, planned } = memory;
      expect(heap + metaspace + direct + managed + overhead).toBeLessThanOrEqual(planned);
    },
  );

  test('gives each Kafka an id of its own, and none that its tool takes for an option', () => {
    const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
    const regions = letters.flatMap((one) => letters.map((other) => one + other));
    const plans = regions.map((region) => processTable(layoutOf([region]), RUNTIME));
    const ids = plans.flatMap((plan) => {
      const { command } = plan.find(({ name }) => name.startsWith('kafka-'))!.preparation!;
      return command[command.indexOf('-t') + 1];
    });
    expect(ids.filter((id) => !/^\w[\w-]{21}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has nobody wait for a later one or for nobody, so no circle', () => {
    for (const [at, { waitsFor }] of TWO.entries()) {
      const before = new Set(TWO.slice(0, at).map(({ name }) => name));
      expect(waitsFor.filter((name) => !before.has(name))).toEqual([]);
    }
    expect(
      stopWaves(
        TWO,
        TWO.map(({ name }) => name),
      ).at(-1),
    ).toContain('zookeeper');
  });

  test('is written into configuration files as it is in the golden ones', async () => {
    const files = new Map(TWO.flatMap((plan) => plan.files).map(({ path, text }) => [path, text]));
    for (const [path, text] of files) {
      const name = path.replace('/somewhere/config/', '').replaceAll('/', '-');
      await expect(text).toMatchFileSnapshot(`golden/${name}`);
    }
    const commands = TWO.map(({ name, command, preparation }) =>
      [name, ...command, ...(preparation?.command ?? [])].join('\n  '),
    );
    await expect(`${commands.join('\n\n')}\n`).toMatchFileSnapshot('golden/commands.txt');
  });
});

test('PostgreSQL is never root, and its storage comes into its place whole', () => {
  const asRoot = { ...RUNTIME, postgres: { programs: '/postgresql/bin', user: 'postgres' } };
  const { command, preparation, stopSignal } = processTable(layoutOf(['a']), asRoot).at(-1)!;
  const user = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
  expect(command.slice(0, 5)).toEqual([...user, '/postgresql/bin/postgres']);
  expect(preparation!.command.at(-1)!.split('; ')).toEqual([
    'rm -rf /somewhere/data/postgres.new',
    'install -d -m 700 -o postgres -g postgres /somewhere/data/postgres.new',
    expect.stringContaining(`${user.join(' ')} /postgresql/bin/initdb -D /somewhere/data/postgres.new `),
    'mv /somewhere/data/postgres.new /somewhere/data/postgres',
  ]);
  expect(stopSignal).toBe('SIGINT');
});

describe('ports', () => {
  test('of the first region stay where they are when there is a second one', () => {
    expect(portsFrom(19_000, ['a', 'b'])).toMatchObject(portsFrom(19_000, ['a']));
  });

  test('are taken from a list as they are from a base', () => {
    const count = portCount(['a', 'b']);
    const free = Array.from({ length: count }, (_, index) => 30_000 + index);
    const { regions, ...shared } = portsAmong(free, ['a', 'b']);
    const all = [
      ...Object.values(shared),
      ...Object.values(regions).flatMap((region) => Object.values(region)),
    ];
    expect(all.toSorted((x, y) => x - y)).toEqual(free);
  });

  test('past the last one are refused', () => {
    expect(() => portsFrom(65_500, ['a', 'b'])).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

test('the addresses are those of the processes', () => {
  const layout = layoutOf(['a', 'b']);
  const { regions, flink, sqlGateway, warehouse, hive, postgres } = addressesOf(layout);
  expect([flink, sqlGateway]).toEqual(['jobmanager', 'sql-gateway'].map(urlOf));
  expect(`jdbc:hive2://${hive}`).toBe(urlOf('hive'));
  expect(addressesOf(layoutOf(['a'], { without: ['hive'] }))).not.toHaveProperty('hive');
  expect(regions['b'].kafka).toBe(urlOf('kafka-b'));
  expect(regions['b'].pinotController).toBe(urlOf('pinot-b'));
  expect(regions['b'].pinotBroker).toBe('http://127.0.0.1:19043');
  expect(postgres).toBe(`postgresql://adtally@${urlOf('postgres')}/postgres`);
  expect(addressesOf({ ...layout, without: ['postgres'] }).postgres).toBeUndefined();
  expect(addressesOf({ ...layout, without: ['pinot'] }).regions['b']).toEqual({ kafka: urlOf('kafka-b') });
  expect(warehouse).toBe('file:///somewhere/data/warehouse');
});

function urlOf(name: string): string {
  return TWO.find((plan) => plan.name === name)!.url;
}
