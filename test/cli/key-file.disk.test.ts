import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyFile, type StoredKey } from '../../src/cli/key-file.ts';
import { formatKey, hashSecret, parseKey } from '../../src/server/keys.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeKey(id: string): { readonly text: string; readonly stored: StoredKey } {
  const text = formatKey(id, new Uint8Array(32).fill(7));
  const secretHash = hashSecret(parseKey(text)!.secret);
  return { text, stored: { id, name: `name of ${id}`, role: 'publisher', secretHash, createdAt: 5 } };
}

describe('KeyFile', () => {
  it('is empty where there is no file', () => {
    expect(new KeyFile(join(folder, 'nowhere')).empty).toBe(true);
  });

  it('sees at once what another process does to the keys', () => {
    const used = new KeyFile(folder);
    const other = new KeyFile(folder);
    const [one, two] = [makeKey('aaaa'), makeKey('bbbb')];
    expect(used.verify(one.text)).toBeUndefined();
    other.save([one.stored]);
    expect(used.empty).toBe(false);
    expect(used.verify(one.text)).toEqual({ id: 'aaaa', name: 'name of aaaa', role: 'publisher' });
    other.save([one.stored, two.stored]);
    expect(used.verify(two.text)?.id).toBe('bbbb');
    other.save([two.stored]);
    expect(used.verify(one.text)).toBeUndefined();
    expect(used.list()).toEqual([two.stored]);
  });

  it.each([
    ['{', 'data_corrupt'],
    ['{"format":3,"keys":[]}', 'data_format'],
    ['{"format":1,"keys":[{"id":"a"}]}', 'data_corrupt'],
    ['{"format":1}', 'data_corrupt'],
  ])('refuses %s rather than be open to all', (text, code) => {
    writeFileSync(join(folder, 'keys.json'), text);
    expect(() => new KeyFile(folder)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
