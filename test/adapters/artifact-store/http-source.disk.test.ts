import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MIB } from '../../../src/base/units.ts';
import { download } from '../../../src/adapters/artifact-store/http-source.ts';
import { ArtifactSource, breakAfter, someBytes, stallAfter } from './artifact-source.ts';

let source: ArtifactSource;
let directory: string;
beforeEach(async () => {
  source = new ArtifactSource();
  await source.start();
  directory = mkdtempSync(join(tmpdir(), 'adtally-download-'));
});
afterEach(async () => {
  await source.stop();
  rmSync(directory, { recursive: true });
});

async function fetched(bytes: Buffer, silenceMs = 60_000): Promise<Buffer> {
  const part = join(directory, 'part');
  const file = source.add('a.jar', bytes);
  const signal = new AbortController().signal;
  await download({ url: `${source.url}/a.jar`, file, part, signal, onBytes: () => {}, silenceMs });
  return readFileSync(part);
}

test('a source that goes silent is asked again', async () => {
  const bytes = someBytes('silent', 5000);
  source.answers.push(stallAfter(2000));
  expect((await fetched(bytes, 2000)).equals(bytes)).toBe(true);
  expect(source.asked).toEqual(['a.jar', 'a.jar bytes=2000-']);
});

test('a source that breaks off again and again is borne while it brings something', async () => {
  const bytes = someBytes('breaks', 8 * MIB);
  for (let n = 0; n < 7; n++) source.answers.push(breakAfter(MIB + n));
  expect((await fetched(bytes)).equals(bytes)).toBe(true);
  expect(source.asked).toHaveLength(8);
});
