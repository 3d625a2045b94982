import { describe, expect, test } from 'vitest';
import { startCluster } from '../../../src/cluster/local/start-cluster.ts';
import { stopCluster } from '../../../src/cluster/local/stop-cluster.ts';
import { FakeHost, HastyClock, plan } from './fake-cluster.ts';

const PLANS = [plan('keeper'), plan('broker'), plan('job', ['keeper']), plan('task', ['job', 'broker'])];

function start(host: FakeHost, kept: string[] = []): Promise<void> {
  return startCluster(PLANS, {
    host,
    probe: host,
    clock: new HastyClock(),
    onReady: ({ name, isKept }) => {
      if (isKept) kept.push(name);
    },
  });
}

describe('a start', () => {
  test('starts each process only when all it waits for are ready', async () => {
    const host = new FakeHost();
    await start(host);
    const at = (step: string): number => host.story.indexOf(step);
    expect([...host.alive.keys()].toSorted()).toEqual(['broker', 'job', 'keeper', 'task']);
    for (const { name, waitsFor } of PLANS)
      for (const other of waitsFor) expect(at(`start ${name}`)).toBeGreaterThan(at(`ready ${other}`));
    // What waits for nobody does not wait.
    expect(at('start broker')).toBeLessThan(at('start job'));
  });

  test('leaves what runs as it is, and starts only what died', async () => {
    const host = new FakeHost();
    await start(host);
    host.alive.delete('broker');
    host.story.length = 0;
    const kept: string[] = [];
    await start(host, kept);
    expect(host.story.filter((step) => step.startsWith('start'))).toEqual(['start broker']);
    expect(kept.toSorted()).toEqual(['job', 'keeper', 'task']);
  });

  test('starts what ran and ends while it waits for it', async () => {
    const host = new FakeHost();
    await start(host);
    host.alive.delete('job');
    host.doomed.add('task');
    host.story.length = 0;
    const kept: string[] = [];
    await start(host, kept);
    expect(host.story.filter((step) => step.startsWith('start'))).toEqual(['start job', 'start task']);
    expect(kept.toSorted()).toEqual(['broker', 'keeper']);
    expect(host.alive.size).toBe(PLANS.length);
  });

  test('fails with the end of its log when a process dies, and starts nothing that waits for it', async () => {
    const host = new FakeHost();
    host.mortal.add('job');
    host.log.push('Exception in thread "main"', '  at Main');
    await expect(start(host)).rejects.toMatchObject({
      code: 'cluster_failed',
      message:
        'Process job ended while it was starting. The end of its log:\n  Exception in thread "main"\n    at Main',
    });
    expect(host.story).not.toContain('start task');
    expect([...host.alive.keys()].toSorted()).toEqual(['broker', 'keeper']);
  });

  test('fails with the error that its log tells of, however much it says after it', async () => {
    const host = new FakeHost();
    host.mortal.add('job');
    const after = Array.from({ length: 40 }, (_, n) => `INFO stops part ${n}`);
    host.log.push('INFO begins', '12:00 ERROR Main - The disk is full', '  at Main', ...after);
    await expect(start(host)).rejects.toMatchObject({
      message: expect.stringMatching(
        /while it was starting\. The last error in its log:\n {2}12:00 ERROR Main - The disk is full\n {4}at Main\n.*part 17$/s,
      ),
    });
  });

  test('fails when a process runs and does not serve', async () => {
    const host = new FakeHost();
    host.mute.add('broker');
    await expect(start(host)).rejects.toMatchObject({
      code: 'cluster_failed',
      message: expect.stringMatching(
        /^Process broker runs, but was not ready within 18\d s\. Its log is empty\.$/,
      ),
    });
  });

  test('does not take the answer of another process on the same port for that of one that died', async () => {
    const host = new FakeHost();
    host.mortal.add('broker');
    const other = { isReady: () => Promise.resolve(true) };
    const started = startCluster([plan('broker')], { host, probe: other, clock: new HastyClock() });
    await expect(started).rejects.toMatchObject({ code: 'cluster_failed' });
  });
});

describe('a stop', () => {
  test('stops what waits for others before those, and kills what does not listen', async () => {
    const host = new FakeHost();
    await start(host);
    host.deaf.add('job');
    host.story.length = 0;
    const how: string[] = [];
    await stopCluster(PLANS, {
      host,
      clock: new HastyClock(),
      onStopped: (name, end) => how.push(`${name} ${end}`),
    });
    expect(host.story).toEqual([
      'SIGTERM task',
      'SIGTERM broker',
      'SIGTERM job',
      'SIGKILL job',
      'SIGTERM keeper',
    ]);
    expect(how).toEqual(['task stopped', 'broker stopped', 'job killed', 'keeper stopped']);
    expect(host.names()).toEqual([]);
  });

  test('also stops what the plans no longer know, and leaves the dead alone', async () => {
    const host = new FakeHost();
    await start(host);
    await host.start(plan('mirror'));
    host.alive.delete('broker');
    host.story.length = 0;
    await stopCluster(PLANS, { host, clock: new HastyClock() });
    expect(host.story).toEqual(['SIGTERM mirror', 'SIGTERM task', 'SIGTERM job', 'SIGTERM keeper']);
    expect(host.names()).toEqual([]);
  });
});
