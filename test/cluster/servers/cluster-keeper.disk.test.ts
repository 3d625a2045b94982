import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { birthOf } from '../../../src/adapters/local-process/proc-file-system.ts';
import { writeClusterState } from '../../../src/cli/cluster/cluster-state.ts';
import { portsFrom } from '../../../src/cluster/local/port-layout.ts';

const KEEPER = join(import.meta.dirname, 'cluster-keeper.ts');

/** A process in the place of a server, in the books of a cluster of its own. */
async function leaveCluster(directory: string): Promise<ChildProcess> {
  mkdirSync(directory);
  writeClusterState({
    directory,
    regions: ['a'],
    without: [],
    ports: portsFrom(19_000, ['a']),
    checkpointIntervalMs: 1000,
    stateBackend: 'rocksdb',
    stateMib: 768,
  });
  const server = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(server, 'spawn');
  const books = { 'kafka-a': { pid: server.pid, birth: birthOf(server.pid!), startedAt: 0 } };
  writeFileSync(join(directory, 'processes.json'), JSON.stringify(books));
  return server;
}

test('whatever clusters a run has left are down once it has ended, and not before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'adtally-keeper-'));
  const servers = [await leaveCluster(join(folder, 'one')), await leaveCluster(join(folder, 'two'))];
  const dead = servers.map((server) => once(server, 'exit'));
  const keeper = spawn(process.execPath, [KEEPER, folder], { stdio: ['pipe', 'ignore', 'inherit'] });
  await sleep(3000);
  expect(servers.map(({ pid }) => birthOf(pid!))).not.toContain(undefined);
  // As the system does when whoever holds it dies.
  keeper.stdin.destroy();
  const [[exit]] = await Promise.all([once(keeper, 'exit'), ...dead]);
  expect(exit).toBe(0);
  expect(servers.map(({ signalCode }) => signalCode)).toEqual(['SIGTERM', 'SIGTERM']);
  expect(existsSync(folder)).toBe(false);
});
