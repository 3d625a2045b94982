import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoData, regionDirectories } from '../../../src/cli/regions/region-directories.ts';
import { writeRunningFile } from '../../../src/cli/running-file.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'adtally-directories-'));
});
afterEach(() => rmSync(data, { recursive: true }));

function make(path: string, isRunning = false): void {
  const directory = join(data, path);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'MANIFEST'), '');
  if (!isRunning) return;
  writeRunningFile(directory, { region: 'x', url: '', pid: process.pid, startedAt: 0, settings: {} });
}

const found = (regions: readonly string[] = ['a', 'b']): string[] =>
  regionDirectories(data, regions).map((directory) => directory.slice(data.length));

describe('the data directories of regions', () => {
  it('are none where there is nothing', () => {
    mkdirSync(join(data, 'log'));
    expect(found()).toEqual([]);
    expect(regionDirectories(join(data, 'missing'), ['a'])).toEqual([]);
  });

  it('are the one that is named', () => {
    for (const path of ['', 'demo/a', 'demo/b']) make(path);
    expect(found()).toEqual(['']);
  });

  it('are those in it, the first of the spec first', () => {
    for (const path of ['east', 'west', 'demo']) make(path);
    expect(found(['west', 'east'])).toEqual(['/west', '/east']);
    expect(found(['a'])).toEqual(['/east', '/west']);
  });

  it('are the demo’s where there is no other', () => {
    for (const path of ['demo/b', 'demo/a']) make(path);
    expect(found()).toEqual(['/demo/a', '/demo/b']);
    expect(demoData(data)).toBe(join(data, 'demo'));
  });

  it('are rather those of which one runs', () => {
    for (const path of ['', 'demo/a', 'demo']) make(path);
    make('demo/b', true);
    expect(found()).toEqual(['/demo/a', '/demo/b']);
  });
});
