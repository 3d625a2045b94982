import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import type { ProcessStatus } from '../../../src/cluster/local/process-status.ts';
import { LocalCluster } from '../servers/local-cluster.ts';

const cluster = new LocalCluster(join(inject('clusterFolder'), 'healing'));

test('a cluster of one region comes up, heals after a kill -9 and leaves no process behind', async () => {
  const started = await cluster.up('--regions', 'a', '--without', 'pinot', 'hive', '--port-base', '0');
  expect(started.map(({ name, state }) => [name, state])).toEqual(
    ['zookeeper', 'kafka-a', 'jobmanager', 'taskmanager', 'sql-gateway', 'postgres'].map((name) => [
      name,
      'ready',
    ]),
  );

  await cluster.kill('kafka-a');
  expect((await cluster.run('status')).exit).toBe(7);
  const hurt = await cluster.status();
  expect(hurt.find(({ name }) => name === 'kafka-a')).toMatchObject({ state: 'down', pid: null });

  const healed = await cluster.up();
  expect((await cluster.run('status')).exit).toBe(0);
  expect(pidsOfOthers(healed)).toEqual(pidsOfOthers(started));

  const other = await cluster.run('up', '--without', 'hive');
  expect([other.exit, other.stdout]).toEqual([2, expect.stringContaining('runs with other options')]);

  expect((await cluster.run('down', '--purge')).exit).toBe(2);
  expect((await cluster.run('down', '--purge', '--yes')).exit).toBe(0);
  expect(processesOf(cluster.directory)).toEqual([]);
  expect(existsSync(cluster.directory)).toBe(false);
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
