import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LOADER = new URL('../../src/cli/config-file.ts', import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Loads in a process of its own: the test runner would replace Node's own import of TypeScript. */
async function load(path?: string): Promise<{ path?: string; config?: unknown; failure?: string }> {
  const program = `
    import { loadConfigFile } from ${JSON.stringify(LOADER)};
    const [path, folder] = ${JSON.stringify([path ?? null, folder])};
    const result = await loadConfigFile(path ?? undefined, folder).catch((error) => ({ failure: error.code + ': ' + error.message }));
    console.log(JSON.stringify(result));`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    program,
  ]);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Awaited<ReturnType<typeof load>>;
}

function write(text: string, name = 'adtally.config.ts'): void {
  writeFileSync(join(folder, name), text);
}

describe('loadConfigFile', () => {
  it('gives an empty configuration where there is no file', async () => {
    expect(await load()).toEqual({ config: {} });
  });

  it('refuses a named file that is missing', async () => {
    const { failure } = await load('mine.ts');
    expect(failure).toBe(`config_invalid: There is no configuration file ${folder}/mine.ts.`);
  });

  it("loads TypeScript that imports 'adtally', outside of any package", async () => {
    write(
      "import { defineConfig } from 'adtally';\nexport default defineConfig({ maxEventAge: '2h' as string });",
    );
    const { path, config } = await load();
    expect(path).toBe(join(folder, 'adtally.config.ts'));
    expect(config).toEqual({ maxEventAge: '2h' });
  });

  it('says where the syntax is wrong', async () => {
    write('export default {\n  maxEventAge: 5,,\n};');
    expect((await load()).failure).toMatch(/does not load: [^]*adtally\.config\.ts:2[^]*5,,/);
  });

  it('says what a failing import or statement said', async () => {
    write("import './nowhere.ts';\nexport default {};");
    expect((await load()).failure).toMatch(/does not load: .*nowhere\.ts/);
  });

  it('asks for a default export', async () => {
    write("export const config = { maxEventAge: '2h' };", 'mine.ts');
    expect((await load('mine.ts')).failure).toContain('has no default export');
  });
});
