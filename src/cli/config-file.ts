import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AdtallyError } from '../base/errors.ts';
import type { PipelineConfig } from '../pipeline/settings.ts';

export const CONFIG_FILE_NAME = 'adtally.config.ts';

export interface ConfigFile {
  /** Absolute path; undefined when there is none and none was asked for. */
  readonly path: string | undefined;
  /** What the file exports, unchecked: resolveSpec judges it. */
  readonly config: PipelineConfig;
}

/**
 * Loads the configuration file: `path`, or adtally.config.ts of `folder` where there is one. Node strips its types.
 * Throws AdtallyError config_invalid when a named file is missing, does not load or exports no configuration.
 */
export async function loadConfigFile(path: string | undefined, folder: string): Promise<ConfigFile> {
  const file = resolve(folder, path ?? CONFIG_FILE_NAME);
  if (!existsSync(file)) {
    if (path === undefined) return { path: undefined, config: {} };
    throw new AdtallyError('config_invalid', `There is no configuration file ${file}.`);
  }
  const module = await importConfig(file);
  if (module.default === undefined) {
    const example =
      "import { defineConfig } from 'adtally';\nexport default defineConfig({ maxEventAge: '24h' });";
    throw new AdtallyError('config_invalid', `${file} has no default export. Write for example:\n${example}`);
  }
  return { path: file, config: module.default as PipelineConfig };
}

async function importConfig(file: string): Promise<{ readonly default?: unknown }> {
  const url = pathToFileURL(file).href;
  const hooks = letConfigImport(url);
  try {
    return (await import(url)) as { default?: unknown };
  } catch (cause) {
    throw new AdtallyError('config_invalid', `${file} does not load: ${describeFailure(cause)}`, { cause });
  } finally {
    hooks.deregister();
  }
}

/** Lets the file import 'adtally' wherever it stands, and be a module whatever package.json stands above it. */
function letConfigImport(url: string): { deregister(): void } {
  const settings = new URL('../pipeline/settings.ts', import.meta.url).href;
  return registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'adtally' ? { url: settings, shortCircuit: true } : next(specifier, context),
    load: (loaded, context, next) =>
      next(
        loaded,
        loaded === url && url.endsWith('.ts') ? { ...context, format: 'module-typescript' } : context,
      ),
  });
}

/** For a syntax error the line and what is wrong with it, as Node prints them above the stack. */
function describeFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (!(cause instanceof SyntaxError)) return cause.message;
  const stack = cause.stack ?? '';
  const place = stack.slice(0, Math.max(0, stack.indexOf(cause.name))).trim();
  return place === '' ? cause.message : `${cause.message}\n${place}`;
}
