import { appendFile, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Stage, click, impression } from './stage.ts';

/**
 * Chapter 4. The process dies, in the worst of moments. All it leaves is what its disk holds.
 */
test('what was acknowledged is there after a crash', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'), click('e-2'));
  const before = stage.records();

  await stage.startFrom(await stage.pullThePlug());

  expect(stage.records()).toEqual(before);
  expect((await stage.send(impression('e-1'), click('e-2'))).verdicts).toMatchObject({ duplicate: 2 });
});

/** A snapshot only saves time: the state is made from it and the log behind it, or from the log alone, and is the same. */
test('with a snapshot or without, the state is the same', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'));
  await stage.region.snapshot();
  await stage.send(click('e-2'));
  const before = stage.records();

  await stage.startFrom(await stage.pullThePlug());

  expect(stage.region.status().recovery).toMatchObject({ snapshotIds: 1, replayedEvents: 1 });
  expect(stage.records()).toEqual(before);
});

/** A write that the crash tore in the middle was never acknowledged. It is cut off, and the publisher's retry is counted. */
test('a torn write is cut off', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'));
  const wreck = await stage.pullThePlug();
  await appendFile(await newestSegment(wreck), 'half of a bl');

  await stage.startFrom(wreck);

  expect(stage.region.status().recovery.tornBytesCut).toBe(12);
  expect((await stage.send(impression('e-1'), click('e-2'))).verdicts).toMatchObject({
    counted: 1,
    duplicate: 1,
  });
});

/**
 * Damage in the middle is another matter: blocks behind it prove that it was acknowledged once. adtally does not count what is
 * left and call it exact. It refuses to start, and says which byte of which file is to blame.
 */
test('a damaged log is refused, not counted', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'));
  await stage.send(click('e-2'));
  const wreck = await stage.pullThePlug();
  const segment = await newestSegment(wreck);
  const bytes = await readFile(segment);
  bytes[bytes.indexOf('espresso')] ^= 0x01;
  await writeFile(segment, bytes);

  await expect(stage.startFrom(wreck)).rejects.toMatchObject({
    code: 'data_corrupt',
    message: expect.stringMatching(/^log\/\d+\.log at byte \d+/),
  });
  await rm(wreck, { recursive: true });
});

async function newestSegment(directory: string): Promise<string> {
  const names = await readdir(join(directory, 'log'));
  return join(directory, 'log', names.toSorted().at(-1)!);
}
