import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAddresses } from '../../src/cli/cluster/state/address-file.ts';
import { freePort } from '../free-port.ts';
import { Workplace } from './adtally-process.ts';

const ADDRESSES = {
  regions: {
    eu: {
      kafka: 'kafka-1.eu:9092,kafka-2.eu:9092',
      pinotController: 'https://pinot.eu:9000/',
      pinotBroker: 'https://pinot.eu:8099',
    },
    us: { kafka: '[::1]:9092' },
  },
  flink: 'http://flink-rest:8081',
  sqlGateway: 'http://sql-gateway:8083/',
  warehouse: 'file:///flink-data/warehouse',
};
type Addresses = Omit<typeof ADDRESSES, 'regions'> & { regions: Record<string, object> };

let place: Workplace;
let data = '';

beforeEach(() => {
  place = new Workplace();
  data = join(place.folder, 'cluster');
  mkdirSync(data);
});

afterEach(() => place.remove());

function write(addresses: unknown): void {
  writeFileSync(join(data, 'addresses.json'), JSON.stringify(addresses));
}

describe('the addresses of a cluster', () => {
  test('may say no more than where its servers are', () => {
    write(ADDRESSES);
    expect(readAddresses(data)).toEqual({
      ...ADDRESSES,
      regions: {
        ...ADDRESSES.regions,
        eu: { ...ADDRESSES.regions.eu, pinotController: 'https://pinot.eu:9000' },
      },
      sqlGateway: 'http://sql-gateway:8083',
      checkpointIntervalMs: 1000,
      pinotDialect: '0.11',
      pinotReplication: 1,
    });
  });

  test('keep the order of the regions and all that is said', () => {
    const { eu, us } = ADDRESSES.regions;
    const more = {
      hive: 'hive:10000',
      postgres: 'postgresql://adtally:secret@db:5432/ads',
      checkpointIntervalMs: 10_000,
      pinotDialect: '1.x',
      pinotReplication: 3,
    };
    write({ ...ADDRESSES, regions: { us, eu }, ...more });
    expect(readAddresses(data)).toMatchObject(more);
    expect(Object.keys(readAddresses(data).regions)).toEqual(['us', 'eu']);
  });

  test.for<[string, (addresses: Addresses) => unknown, string]>([
    ['no object', () => [], 'expected object'],
    ['no region', (given) => ({ ...given, regions: {} }), 'regions: name one region or two'],
    [
      'three regions',
      (given) => ({
        ...given,
        regions: { a: given.regions['us'], b: given.regions['us'], c: given.regions['us'] },
      }),
      'regions: name one region or two',
    ],
    [
      'a region that is no name',
      (given) => ({ ...given, regions: { 'e u': given.regions['us'] } }),
      'regions: names have letters',
    ],
    [
      'a Kafka without a port',
      (given) => ({ ...given, regions: { us: { kafka: 'a:9092,kafka' } } }),
      'regions.us.kafka: write HOST:PORT, several with commas',
    ],
    [
      'half a Pinot',
      (given) => ({ ...given, regions: { us: { kafka: 'a:1', pinotBroker: 'http://a:2' } } }),
      'regions.us: Pinot has both',
    ],
    [
      'an unknown part of a region',
      (given) => ({ ...given, regions: { us: { kafak: 'a:1' } } }),
      'regions.us: "kafak" is unknown (did you mean "kafka"?)',
    ],
    ['no Flink', (given) => ({ ...given, flink: undefined }), 'flink: '],
    [
      'a Flink that is no URL',
      (given) => ({ ...given, flink: 'flink:8081' }),
      'flink: write http://HOST:PORT',
    ],
    ['an unknown part', (given) => ({ ...given, hiv: 'hive:10000' }), '"hiv" is unknown'],
    [
      'a warehouse elsewhere',
      (given) => ({ ...given, warehouse: 's3://bucket/w' }),
      'warehouse: write file:///',
    ],
    [
      'another kind of PostgreSQL',
      (given) => ({ ...given, postgres: 'mysql://a/b' }),
      'postgres: write postgresql:',
    ],
    ['another Pinot', (given) => ({ ...given, pinotDialect: '2' }), 'pinotDialect: '],
    [
      'no pause between checkpoints',
      (given) => ({ ...given, checkpointIntervalMs: 0 }),
      'checkpointIntervalMs: ',
    ],
  ])('that are wrong are refused, with what and where: %s', ([, change, message]) => {
    write(change(ADDRESSES));
    expect(() => readAddresses(data)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(message) }),
    );
  });

  test('that are no JSON, no file or not there are told apart', () => {
    const path = join(data, 'addresses.json');
    expect(() => readAddresses(data)).toThrow(expect.objectContaining({ code: 'not_found' }));
    writeFileSync(path, '{');
    expect(() => readAddresses(data)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    expect(() => readAddresses(path)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining('cannot be read') }),
    );
  });
});

describe('a cluster whose servers run elsewhere', () => {
  test('is not started, stopped or looked at by what does so on this machine', async () => {
    write(ADDRESSES);
    const before = readFileSync(join(data, 'addresses.json'), 'utf8');
    for (const args of [['up'], ['down'], ['down', '--purge', '--yes'], ['status'], ['logs']]) {
      const { exit, stderr } = await place.run(['cluster', ...args, '--data', data]);
      expect([args, exit, stderr]).toEqual([
        args,
        2,
        expect.stringContaining('names servers that run elsewhere'),
      ]);
    }
    expect(readdirSync(data)).toEqual(['addresses.json']);
    expect(readFileSync(join(data, 'addresses.json'), 'utf8')).toBe(before);
  });

  test('is told of when it does not answer, by name', async () => {
    const [kafka, hive] = [await freePort(), await freePort()];
    write({ ...ADDRESSES, regions: { us: { kafka: `127.0.0.1:${kafka}` } }, hive: `127.0.0.1:${hive}` });
    const gatewayKeys = join(place.folder, 'keys');
    for (const [args, exit, message] of [
      [['cluster', 'plan', '--data', data], 7, `127.0.0.1:${kafka}`],
      [['audit', '--cluster', data], 7, `127.0.0.1:${kafka}`],
      [['sql', '--cluster', data, 'SELECT 1'], 7, `127.0.0.1:${hive}`],
      [
        ['gateway', '--cluster', data, '--regions', 'eu', '--data', gatewayKeys],
        2,
        'The cluster has no region eu; it has us',
      ],
      [['budget', 'serve', '--cluster', data, '--regions', 'us'], 2, 'Say where PostgreSQL is'],
      [['cluster', 'compact', '--data', data], 2, 'There is no warehouse in /flink-data/warehouse'],
    ] as const) {
      const run = await place.run(args);
      expect([args, run.exit, run.stderr]).toEqual([args, exit, expect.stringContaining(message)]);
    }
  }, 120_000);
});
