import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { findPackageJSON, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that is served as it stands in memory. */
export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  /** Strong entity tag, quoted. */
  readonly etag: string;
}

/** The pages' files by URL path, read once at the start: what is not in the table is not there. */
export interface Assets {
  readonly files: ReadonlyMap<string, Asset>;
  /** The page at `/`; undefined when there is no dashboard. */
  readonly page: Asset | undefined;
  /** Content-Security-Policy sources of the page's inline scripts. */
  readonly pageScriptHashes: readonly string[];
}

/** What the browser may load from node_modules: URL name → package, file in the package. */
const VENDOR: Readonly<Record<string, readonly [string, string]>> = {
  'preact.js': ['preact', 'dist/preact.mjs'],
  'preact-hooks.js': ['preact', 'hooks/dist/hooks.mjs'],
  'signals.js': ['@preact/signals', 'dist/signals.mjs'],
  'signals-core.js': ['@preact/signals-core', 'dist/signals-core.mjs'],
  'htm.js': ['htm', 'dist/htm.mjs'],
  'htm-preact.js': ['htm', 'preact/index.mjs'],
  'uplot.js': ['uplot', 'dist/uPlot.esm.js'],
  'uplot.css': ['uplot', 'dist/uPlot.min.css'],
};

const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};

/** The dashboard that comes with adtally. */
export const DASHBOARD = fileURLToPath(new URL('../dashboard/', import.meta.url));

/** Reads the dashboard's directory, with types stripped, and the libraries it needs. */
export function readAssets(dashboard: string = DASHBOARD): Assets {
  const files = new Map<string, Asset>();
  for (const path of readdirSync(dashboard, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const bytes = readFileSync(join(dashboard, path));
    const served = extname(path) === '.ts' ? Buffer.from(stripTypeScriptTypes(bytes.toString())) : bytes;
    files.set(`/assets/dashboard/${path.replaceAll('\\', '/')}`, assetOf(type, served));
  }
  for (const [name, [packageName, file]] of Object.entries(VENDOR)) {
    const path = join(dirname(findPackageJSON(packageName, import.meta.url)!), file);
    files.set(`/assets/vendor/${name}`, assetOf(TYPES[extname(name)], readFileSync(path)));
  }
  const page = files.get('/assets/dashboard/index.html');
  return { files, page, pageScriptHashes: page === undefined ? [] : scriptHashes(page.bytes.toString()) };
}

/** CSP sources ('sha256-…') of the inline scripts of a page. */
export function scriptHashes(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, text]) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
}

/** A file of `type`, tagged by its content. */
export function assetOf(type: string, bytes: Buffer): Asset {
  return { type, bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}
