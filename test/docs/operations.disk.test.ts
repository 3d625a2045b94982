import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Stage, click, impression } from '../../docs/tour/stage.ts';

const PAGE = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

test('a state whose snapshot is gone comes back from the log, as docs/operations.md says', async () => {
  await using stage = await Stage.open();
  await stage.send(impression('e-1'));
  await stage.region.snapshot();
  await stage.send(click('e-2'));
  const before = stage.records();
  const wreck = await stage.pullThePlug();
  await rm(join(wreck, 'snapshot'), { recursive: true });
  await expect(stage.startFrom(wreck)).rejects.toMatchObject({ code: 'data_corrupt' });

  expect(await readdir(join(wreck, 'log'))).toContain('0000000000000001.log');
  const [, command] = /```sh\n( *node --input-type[\s\S]*?)```/.exec(PAGE)!;
  execFileSync('bash', ['-c', command], { cwd: wreck });

  await stage.startFrom(wreck);
  expect(stage.records()).toEqual(before);
});
