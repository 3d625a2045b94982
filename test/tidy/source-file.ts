import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A file of the repository, as the house rules look at it. */
export class SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly sizeBytes: number;

  constructor(path: string, text: string, sizeBytes = Buffer.byteLength(text)) {
    this.path = path;
    this.text = text;
    this.sizeBytes = sizeBytes;
  }

  get isCode(): boolean {
    return /\.(ts|js)$/.test(this.path);
  }

  /** The text without its comments. */
  get code(): string {
    return this.text.replace(COMMENT_OR_STRING, (match) => (match.startsWith('/') ? '' : match));
  }

  /** What the file imports, as written: statically, dynamically or as a type. */
  get imports(): string[] {
    return [...this.code.matchAll(IMPORT)].map((match) => match[1] ?? match[2]);
  }

  /** The path, from the root, that a relative import of this file means. */
  resolve(specifier: string): string {
    return normalize(join(dirname(this.path), specifier));
  }
}

const COMMENT_OR_STRING =
  /\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
const IMPORT =
  /(?:^|[;}\n])\s*(?:import|export)\s+(?:[\w$*\s{},]+?\s+from\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g;

/** Every file of the repository that is not ignored, whether committed yet or not. */
export function repositoryFiles(): SourceFile[] {
  const listing = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const paths = [...new Set(listing.split('\0'))].filter(
    (path) => path !== '' && existsSync(join(ROOT, path)),
  );
  return paths.toSorted().map((path) => {
    const { size } = statSync(join(ROOT, path));
    const isText = size < 5_000_000 && !/\.(gz|zst|png|jpg|ico|woff2)$/.test(path);
    return new SourceFile(path, isText ? readFileSync(join(ROOT, path), 'utf8') : '', size);
  });
}
