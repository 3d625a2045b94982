import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readArtifactLock } from '../../src/adapters/artifact-store/artifact-lock.ts';
import { ArtifactSource } from '../adapters/artifact-store/artifact-source.ts';
import { Workplace } from './adtally-process.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

test('"cluster fetch" says where the jars are', async () => {
  const lock = readArtifactLock('flink-gateway');
  const directory = join(place.folder, 'cache', 'adtally', 'artifacts', lock.name);
  mkdirSync(directory, { recursive: true });
  for (const { path, bytes } of lock.jars) {
    writeFileSync(join(directory, basename(path)), '');
    truncateSync(join(directory, basename(path)), bytes);
  }
  const environment = { XDG_CACHE_HOME: join(place.folder, 'cache') };
  const { exit, stdout } = await place.run(['cluster', 'fetch', 'flink-gateway', '--json'], environment);
  expect(exit).toBe(0);
  const totalBytes = lock.jars.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(JSON.parse(stdout)).toEqual({
    groups: { 'flink-gateway': directory },
    files: lock.jars.length,
    totalBytes,
    fetchedBytes: 0,
  });
  const text = await place.run(['cluster', 'fetch', 'flink-gateway'], environment);
  expect(text.stdout).toContain(directory);
  expect(text.stdout).toContain('all were there');
});

test('"cluster fetch" names what cannot be fetched, and a group that is none', async () => {
  const source = new ArtifactSource();
  await source.start();
  const directory = join(place.folder, 'artifacts');
  const args = ['cluster', 'fetch', 'flink-gateway', '--json', '--directory', directory];
  const failed = await place.run(args, { ADTALLY_MAVEN_URL: source.url });
  await source.stop();
  expect(failed.exit).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: 'artifact_unreachable' } });
  expect(source.asked.length).toBeGreaterThan(0);
  const unknown = await place.run(['cluster', 'fetch', 'nonsense']);
  expect(unknown.exit).toBe(2);
  expect(unknown.stderr).toContain('kafka, flink');
});
