import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PAGES } from '../../docs/reference/render.ts';
import { ERRORS } from '../../src/base/errors.ts';
import { environmentName, flagName, listSettings } from '../../src/pipeline/settings.ts';

const REFERENCE = new URL('../../docs/reference/', import.meta.url);
const SOURCES = new URL('../../src/', import.meta.url);

describe('docs/reference is what the code says', () => {
  test.for(Object.entries(PAGES))('%s', async ([name, render]) => {
    const page = readFileSync(new URL(name, REFERENCE), 'utf8');
    expect(page, `${name} is out of date: run "node docs/reference/render.ts"`).toBe(await render());
  });

  test('and has no page besides', () => {
    expect(globSync('*.md', { cwd: REFERENCE }).toSorted()).toEqual(Object.keys(PAGES).toSorted());
  });
});

test('every error of the table is raised somewhere, and every error raised is in the table', () => {
  const raised = new Set<string>();
  for (const path of globSync('**/*.ts', { cwd: SOURCES })) {
    const source = readFileSync(new URL(path, SOURCES), 'utf8');
    // A command may also end with an error's exit code, having said the rest itself.
    for (const [, thrown, ended] of source.matchAll(/AdtallyError\(\s*'(\w+)'|ERRORS\.(\w+)\.exit/g)) {
      raised.add(thrown ?? ended);
    }
  }
  expect([...raised].toSorted()).toEqual(Object.keys(ERRORS).toSorted());
});

test('no two settings share a name in the environment or on the command line', () => {
  const paths = listSettings().map(({ path }) => path);
  expect(new Set(paths.map(environmentName)).size).toBe(paths.length);
  expect(new Set(paths.map(flagName)).size).toBe(paths.length);
});

describe('links', () => {
  const ROOT = new URL('../../', import.meta.url);
  const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: ROOT });

  test.for(pages)('of %s lead to files and headings that exist', (path) => {
    const here = new URL(path, ROOT);
    const broken = linksOf(readFileSync(here, 'utf8')).filter((link) => !leadsSomewhere(link, here));
    expect(broken).toEqual([]);
  });
});

/** Links to places in the repository. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^https?:/.test(link));
}

function leadsSomewhere(link: string, from: URL): boolean {
  const [path, heading] = link.split('#');
  const target = path === '' ? from : new URL(path, from);
  if (!existsSync(target)) return false;
  return heading === undefined || headingsOf(readFileSync(target, 'utf8')).includes(heading);
}

/** As GitHub names them. */
function headingsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
