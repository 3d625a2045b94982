import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mayImportFile, mayImportModule, readRooms, roomOf } from './tidy/room.ts';
import { SourceFile, repositoryFiles } from './tidy/source-file.ts';

/**
 * The house rules that no linter knows. Lengths, names of files, `any`, unfinished business and the like are rules of
 * .oxlintrc.json; unused files, exports and packages are for knip.
 */
const ROOMS = readRooms(readFileSync(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8'));
const isSource = (file: SourceFile): boolean => file.isCode && file.path.startsWith('src/');
const FILES = repositoryFiles();
const SOURCES = FILES.filter(isSource);

/** What a pure room must not touch: the same input must give the same output, today and in a replay. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(\s*\)/, 'new Date() without a time'],
  [/\bTemporal\.Now\b/, 'Temporal.Now'],
  [/\bperformance\b/, 'performance'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\b(getRandomValues|randomUUID|randomBytes)\b/, 'randomness'],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'a timer'],
  [
    /\bprocess\.(env|argv|cwd|exit|exitCode|on|once|pid|platform|nextTick|hrtime|\w+Usage|std\w+)\b/,
    'process',
  ],
  [/\bconsole\./, 'console'],
  [/\bfetch\(/, 'fetch'],
];

const IMPURE_BY_DESIGN = new Map([
  ['src/simulation/simulated-clock.ts', 'its turn() is a real turn of the event loop, which decides nothing'],
]);

/** Words that say nothing about what is in a file. */
const EMPTY_NAMES = /(^|[/-])(utils?|helpers?|manager|misc|common|stuff)([/.-]|$)/;

/** What belongs to the place where somebody worked, and not to the work. */
const FOREIGN_TEXT: readonly (readonly [RegExp, string])[] = [
  [/(^|[\s"'`(=])\/((work|root)|(home|Users)\/(?!somebody)\w+)\//m, 'a path of somebody’s machine'],
  [
    /https?:\/\/[^\s"'/]*(registry|artifactory|nexus|verdaccio)[^\s"'/]*/i,
    'the address of a package registry',
  ],
];

const MEBIBYTE = 1024 * 1024;
const FILES_PER_FOLDER = 14;

/** A house rule: which files it looks at, the faults it finds, and an example of what it refuses. */
interface Rule {
  readonly name: string;
  readonly looksAt: (file: SourceFile) => boolean;
  readonly faults: (file: SourceFile) => string[];
  readonly refuses: readonly SourceFile[];
}

const everyFile = (): boolean => true;

const RULES: readonly Rule[] = [
  {
    name: 'every source file stands in a room of the table',
    looksAt: isSource,
    faults: (file) => (roomOf(file.path, ROOMS) === undefined ? ['is in no room of ARCHITECTURE.md'] : []),
    refuses: [new SourceFile('src/attic/box.ts', ''), new SourceFile('src/loose.ts', '')],
  },
  {
    name: 'a room imports only the rooms its row names',
    looksAt: isSource,
    faults: (file) => importFaults(file),
    refuses: [
      new SourceFile('src/base/x.ts', "import { a } from '../model/a.ts';"),
      new SourceFile('src/model/x.ts', "import type { A } from '../pipeline/a.ts';"),
      new SourceFile('src/oracle/x.ts', "export { a } from '../base/a.ts';"),
      new SourceFile('src/pipeline/x.ts', "const a = await import('../server/a.ts');"),
      new SourceFile('src/adapters/node-disk/x.ts', "import '../node-clock/a.ts';"),
      new SourceFile('src/server/x.ts', "import {\n  a,\n} from '../embedded/log/a.ts';"),
      new SourceFile('src/reporting/x.ts', "import { a } from '../embedded/region-engine.ts';"),
      new SourceFile('src/model/x.ts', "import fs from 'node:fs';"),
      new SourceFile('src/embedded/x.ts', "import fastify from 'fastify';"),
      new SourceFile('src/base/x.ts', "import { a } from '../../bench/a.ts';"),
    ],
  },
  {
    name: 'a pure room reads no clock, no chance and no process, and starts no timer',
    looksAt: (file) => roomOf(file.path, ROOMS)?.isPure === true && !IMPURE_BY_DESIGN.has(file.path),
    faults: (file) => matches(file.code, IMPURE).map((what) => `uses ${what}`),
    refuses: [
      new SourceFile('src/pipeline/x.ts', 'const now = Date.now();'),
      new SourceFile('src/model/x.ts', 'const now = new Date( );'),
      new SourceFile('src/embedded/x.ts', 'const noise = Math.random();'),
      new SourceFile('src/embedded/x.ts', 'setTimeout(() => retry(), 5);'),
      new SourceFile('src/oracle/x.ts', 'if (process.env.DEBUG) log();'),
      new SourceFile('src/base/x.ts', "console.log('here');"),
    ],
  },
  {
    name: 'nothing is re-exported wholesale',
    looksAt: isSource,
    faults: (file) => [
      ...(/(^|\/)index\.(ts|js)$/.test(file.path) ? ['is an index file'] : []),
      ...(/^export \* from/m.test(file.code) ? ['re-exports everything of another file'] : []),
    ],
    refuses: [
      new SourceFile('src/model/index.ts', ''),
      new SourceFile('src/model/all.ts', "export * from './verdict.ts';"),
    ],
  },
  {
    name: 'every source file is imported by another',
    looksAt: (file) => isSource(file) && !ENTRIES.has(file.path),
    faults: (file) => (IMPORTED.has(file.path) ? [] : ['is imported by no other file']),
    refuses: [new SourceFile('src/model/forgotten.ts', "import './forgotten.ts';")],
  },
  {
    name: 'a name says what is in the file',
    looksAt: everyFile,
    faults: (file) => (EMPTY_NAMES.test(file.path) ? ['has a name that says nothing'] : []),
    refuses: [new SourceFile('src/base/string-utils.ts', ''), new SourceFile('test/helpers/clock.ts', '')],
  },
  {
    name: 'nothing of the place where it was written is left in it',
    looksAt: (file) => file.path !== 'test/tidy.test.ts',
    faults: (file) => matches(file.text, FOREIGN_TEXT).map((what) => `holds ${what}`),
    refuses: [
      new SourceFile('docs/x.md', 'cd /home/me/adtally'),
      new SourceFile('.npmrc', 'registry=https://registry.example.com/'),
    ],
  },
  {
    name: 'the lock file names no place to download from',
    looksAt: (file) => file.path === 'package-lock.json',
    faults: (file) => (file.text.includes('"resolved"') ? ['has "resolved" entries'] : []),
    refuses: [new SourceFile('package-lock.json', '{ "resolved": "https://example.com/a.tgz" }')],
  },
  {
    name: 'no file is larger than 2 MiB',
    looksAt: everyFile,
    faults: ({ sizeBytes }) => (sizeBytes > 2 * MEBIBYTE ? [`has ${sizeBytes} bytes`] : []),
    refuses: [new SourceFile('examples/huge.csv', '', 3 * MEBIBYTE)],
  },
];

/** Files that something other than an import begins with: a command, a page, a script. */
const ENTRIES = new Set([
  'src/cli/launcher.js',
  'src/cli/union-load/reporting-worker.ts',
  'src/cli/union-load/warehouse-worker.ts',
  'src/cli/upkeep/rebuild-worker.ts',
  'src/dashboard/main.ts',
  'src/dashboard/theme-early.ts',
]);
const IMPORTED = new Set(
  FILES.filter((file) => file.isCode).flatMap((file) =>
    file.imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => file.resolve(specifier))
      .filter((path) => path !== file.path),
  ),
);

describe('house rules', () => {
  test('there are files to look at', () => {
    expect(SOURCES.length).toBeGreaterThan(20);
    expect(FILES.some((file) => file.path === 'package-lock.json')).toBe(true);
    expect(SOURCES.flatMap((file) => file.imports).length).toBeGreaterThan(SOURCES.length);
  });

  test.for(RULES)('$name', ({ looksAt, faults }) => {
    const looked = FILES.filter((file) => looksAt(file));
    expect(looked).not.toEqual([]);
    expect(looked.flatMap((file) => faults(file).map((fault) => `${file.path} ${fault}`))).toEqual([]);
  });

  const refusals = RULES.flatMap((rule) => rule.refuses.map((file) => ({ rule, file })));
  test.for(refusals)('"$rule.name" refuses $file.path: $file.text', ({ rule, file }) => {
    expect(rule.looksAt(file)).toBe(true);
    expect(rule.faults(file)).not.toEqual([]);
  });

  test(`no folder of src has more than ${FILES_PER_FOLDER} files`, () => {
    const folders = Map.groupBy(SOURCES, (file) => file.path.replace(/\/[^/]*$/, ''));
    const full = [...folders].filter(([, files]) => files.length > FILES_PER_FOLDER);
    expect(full.map(([folder, files]) => `${folder} has ${files.length} files`)).toEqual([]);
  });
});

describe('the table of rooms', () => {
  test('has every room of src, and no other', () => {
    const used = new Set(SOURCES.map((file) => roomOf(file.path, ROOMS)?.name));
    expect(ROOMS.map((room) => room.name).filter((name) => !used.has(name))).toEqual([]);
  });

  test('lets in only rooms and files that exist', () => {
    const known = new Set([
      '*',
      ...ROOMS.map((room) => room.name),
      ...SOURCES.map(({ path }) => path.slice(4, -3)),
    ]);
    const unknown = ROOMS.flatMap((room) => room.mayImport.filter((name) => !known.has(name)));
    expect(unknown).toEqual([]);
  });

  test('has no two rooms that import each other', () => {
    const circles = ROOMS.flatMap((a) =>
      ROOMS.filter((b) => a.mayImport.includes(b.name) && b.mayImport.includes(a.name)).map((b) => [
        a.name,
        b.name,
      ]),
    );
    expect(circles).toEqual([]);
  });
});

function importFaults(file: SourceFile): string[] {
  const room = roomOf(file.path, ROOMS);
  if (room === undefined) return [];
  return file.imports
    .filter((specifier) =>
      specifier.startsWith('.')
        ? !mayImportFile(room, file.resolve(specifier), ROOMS)
        : !mayImportModule(room, specifier),
    )
    .map((specifier) => `imports ${specifier}, which room ${room.name} may not`);
}

function matches(text: string, patterns: readonly (readonly [RegExp, string])[]): string[] {
  return patterns.filter(([pattern]) => pattern.test(text)).map(([, what]) => what);
}
