import { expect, test } from 'vitest';
import { checkMachine, type MachineFacts } from '../../../src/cluster/local/preflight.ts';
import { plan } from './fake-cluster.ts';

const PLANS = [
  plan('broker', [], { memoryMib: 600, ports: [{ number: 19_020, use: 'Kafka of a' }] }),
  plan('task', [], { memoryMib: 2000, ports: [{ number: 19_005, use: 'Flink’s TaskManager' }] }),
];
const FINE: MachineFacts = {
  javaVersion: 'openjdk version "17.0.15" 2025-04-15',
  availableMib: 2600,
  takenPorts: [],
};

test('a machine with Java 17, memory and free ports will do', () => {
  expect(() => checkMachine(PLANS, FINE)).not.toThrow();
  const postgres = { programs: '/usr/bin', user: 'postgres', closedFolder: undefined };
  expect(() =>
    checkMachine(PLANS, { ...FINE, postgres, javaVersion: 'java version "21" 2023-09-19' }),
  ).not.toThrow();
});

test.for<readonly [fault: Partial<MachineFacts>, message: string]>([
  [{ javaVersion: undefined }, 'There is no java: install JDK 17'],
  [
    { javaVersion: 'java version "1.8.0_292"' },
    'Java 17 or newer is needed; this one says: java version "1.8.0_292"',
  ],
  [
    { postgres: { programs: undefined, user: null, closedFolder: undefined } },
    'There is no PostgreSQL: install it (Debian: "apt-get install postgresql"), put its programs in PATH, or leave it out ("--without postgres").',
  ],
  [
    { postgres: { programs: '/usr/bin', user: 'postgres', closedFolder: '/closed' } },
    'user postgres may not enter /closed: choose another --data',
  ],
  [{ availableMib: 2599 }, '2 processes take up to 2600 MiB of memory, and 2599 MiB are available'],
  [{ takenPorts: [19_005] }, 'Port 19005, for Flink’s TaskManager, is taken by another program'],
])('what is missing is told: %j', ([fault, message]) => {
  expect(() => checkMachine(PLANS, { ...FINE, ...fault })).toThrow(
    expect.objectContaining({ code: 'cluster_preflight', message: expect.stringContaining(message) }),
  );
});

test('all faults are told at once', () => {
  const facts = { javaVersion: undefined, availableMib: 1, takenPorts: [19_020] };
  expect(() => checkMachine(PLANS, facts)).toThrow(/no java[^]*MiB[^]*Port 19020, for Kafka of a/);
});
