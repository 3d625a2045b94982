import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { AdtallyError } from '../../base/errors.ts';
import { type Asset, assetOf } from '../assets.ts';

const ENTRY = new URL('../../client/adtally-client.ts', import.meta.url);
const IMPORT = /^import\s+([^;]*?)from\s+'([^']+)';\n/gm;

/**
 * The client library as one module without types and imports, for pages and for programs that keep a copy. Its files are
 * joined as they stand, each after those it imports: so no two of them may give two things the same name.
 */
export function clientScript(): Asset {
  const seen = new Set<string>();
  const parts: string[] = [];
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    const source = stripTypeScriptTypes(readFileSync(file, 'utf8'));
    for (const [, names, specifier] of source.matchAll(IMPORT)) {
      if (!specifier.startsWith('.') || names.includes(' as '))
        throw new AdtallyError('internal', `${file.pathname} imports ${names}from ${specifier}.`);
      visit(new URL(specifier, file));
    }
    parts.push(
      source
        .replace(IMPORT, '')
        .replace(/^export /gm, '')
        .replace(/[ \t]+$/gm, '')
        .trim(),
    );
  };
  visit(ENTRY);
  const script = `${parts.join('\n\n').replace(/\n{3,}/g, '\n\n')}\n\nexport { AdtallyClient };\n`;
  return assetOf('text/javascript; charset=utf-8', Buffer.from(script));
}
