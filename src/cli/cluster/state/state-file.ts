import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdtallyError } from '../../../base/errors.ts';

/** A file of JSON in format `wanted` that a cluster's directory holds; undefined when it is not there. Throws AdtallyError data_format or data_corrupt. */
export function readStateFile(directory: string, name: string, wanted: number): object | undefined {
  const path = join(directory, name);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const { format, ...content } = parse(text, path);
  if (format !== wanted) throw new AdtallyError('data_format', `${path} has format ${String(format)}.`);
  return content;
}

/** Replaces it by rename, so that a crash leaves the old one or the new one. */
export function writeStateFile(directory: string, name: string, format: number, content: object): void {
  replaceFile(join(directory, name), { format, ...content });
}

export function replaceFile(path: string, value: unknown): void {
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(draft, path);
}

function parse(text: string, path: string): { readonly format?: unknown } {
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw new AdtallyError('data_corrupt', `${path} is not JSON.`, { cause: error });
  }
}
