#!/usr/bin/env node
// The `adtally` command. Plain JavaScript that an old Node can read, so that it can say what is needed or take the
// newer Node that was installed with the package.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

// Time zones need Temporal, which Node has from 26 on.
const NODE_MIN = 26;

if (Number(process.versions.node.split('.')[0]) >= NODE_MIN) {
  if (import.meta.url.includes('/node_modules/')) stripOwnTypes();
  await import('./main.ts');
} else {
  const newer = installedNode();
  if (newer === undefined) refuse();
  else startWith(newer);
}

/** Node strips types everywhere but under node_modules, where this package stands when it is a dependency. */
function stripOwnTypes() {
  const own = new URL('..', import.meta.url).href;
  nodeModule.registerHooks({
    load(url, context, next) {
      if (!url.startsWith(own) || !url.endsWith('.ts')) return next(url, context);
      const source = nodeModule.stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module', source, shortCircuit: true };
    },
  });
}

/** The Node of the npm package `node`, which this package depends on. */
function installedNode() {
  try {
    const path = nodeModule.createRequire(import.meta.url).resolve('node/bin/node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function startWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; the child decides when it is done.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function refuse() {
  console.error(`adtally needs Node ${NODE_MIN} or newer; this is ${process.version} (${process.execPath}).`);
  console.error(
    'Run "npm ci" in the folder of adtally, which brings a Node of its own, or install a newer one.',
  );
  process.exit(2);
}
