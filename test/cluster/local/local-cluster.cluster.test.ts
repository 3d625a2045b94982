import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { ProcessStatus } from '../../../src/cluster/local/process-status.ts';
import { Workplace, type Ended } from '../../cli/adtally-process.ts';

interface ClusterAnswer {
  readonly processes: readonly ProcessStatus[];
}

const place = new Workplace();
const data = join(place.folder, 'cluster');

function cluster(command: string, ...args: string[]): Promise<Ended> {
  return place.run(['cluster', command, '--data', data, ...args, '--json']);
}

async function processes(command: string, ...args: string[]): Promise<readonly ProcessStatus[]> {
  const { stdout } = await cluster(command, ...args);
  return (JSON.parse(stdout) as ClusterAnswer).processes;
}

afterAll(async () => {
  await cluster('down');
  await place.remove();
});

test('a cluster of one region comes up, heals after a kill -9 and leaves no process behind', async () => {
  const up = await cluster('up', '--regions', 'a', '--without', 'hive', '--port-base', '0');
  expect([up.exit, up.stderr]).toEqual([0, '']);
  const started = (JSON.parse(up.stdout) as ClusterAnswer).processes;
  expect(started.map(({ name, state }) => [name, state])).toEqual(
    ['zookeeper', 'kafka-a', 'jobmanager', 'taskmanager', 'sql-gateway', 'pinot-a'].map((name) => [
      name,
      'ready',
    ]),
  );
  // Nobody takes more than it was planned with.
  expect(started.filter((one) => one.residentBytes! > one.plannedBytes)).toEqual([]);

  const broker = started.find(({ name }) => name === 'kafka-a')!;
  process.kill(broker.pid!, 'SIGKILL');
  const hurt = await cluster('status');
  expect(hurt.exit).toBe(7);
  expect(
    (JSON.parse(hurt.stdout) as ClusterAnswer).processes.find(({ name }) => name === 'kafka-a'),
  ).toMatchObject({
    state: 'down',
    pid: null,
  });

  const healed = await processes('up');
  expect((await cluster('status')).exit).toBe(0);
  expect(pidsOfOthers(healed)).toEqual(pidsOfOthers(started));

  const other = await cluster('up', '--without', 'pinot');
  expect([other.exit, other.stdout]).toEqual([2, expect.stringContaining('runs with other options')]);

  expect((await cluster('down', '--purge')).exit).toBe(2);
  expect((await cluster('down', '--purge', '--yes')).exit).toBe(0);
  expect(processesOf(data)).toEqual([]);
  expect(readdirSync(place.folder)).toEqual([]);
});

/** Of all but the broker. */
function pidsOfOthers(all: readonly ProcessStatus[]): (number | null)[] {
  return all.filter(({ name }) => name !== 'kafka-a').map(({ pid }) => pid);
}

/** Pids of all processes that were started with something of `directory`. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/config`)
      );
    } catch {
      return false;
    }
  });
}
