import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { MAIN } from './adtally-process.ts';

test('a process ends with its command, whatever would still go on in it', async () => {
  const endless = 'data:text/javascript,setInterval(() => {}, 1000)';
  const args = ['--import', endless, MAIN];
  const options = { timeout: 30_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--help'], options);
  expect(stdout).toContain('adtally');
  const failed = promisify(execFile)(process.execPath, [...args, 'nonsense'], options);
  await expect(failed).rejects.toMatchObject({ code: 2, killed: false });
});
