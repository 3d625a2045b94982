import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readToken } from '../../../src/adapters/order-service/http-order-service.ts';

const directory = mkdtempSync(join(tmpdir(), 'adtally-token-'));
const file = join(directory, 'token');

afterAll(() => rmSync(directory, { recursive: true }));

describe('readToken', () => {
  it('reads the one line', async () => {
    writeFileSync(file, 'abc.DEF-1=\n');
    expect(await readToken(file)).toBe('abc.DEF-1=');
  });

  it.each(['', '\n', 'secret one', 'secret\r\nx-evil: 1', 'secrét'])('refuses %j', async (text) => {
    writeFileSync(file, text);
    const error = await readToken(file).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'config_invalid' });
    expect((error as Error).message).not.toContain('secr');
  });

  it('names a file that is not there', async () => {
    await expect(readToken(join(directory, 'none'))).rejects.toThrow('cannot be read');
  });
});
