/** A token of Flink SQL, as a reader who knows nothing of our templates sees it. */
export interface SqlToken {
  readonly kind: 'text' | 'name' | 'word' | 'hint' | 'sign';
  /** Of a text or name what it stands for. */
  readonly value: string;
}

/** Splits SQL into tokens. Throws where a text, name or comment does not end. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (let at = 0; at < sql.length;) {
    const rest = sql.slice(at);
    const space = /^\s+/.exec(rest)?.[0];
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    if (rest.startsWith('--')) throw new Error(`a comment in the SQL: ${rest.slice(0, 40)}`);
    const [kind, raw] = tokenAt(rest);
    tokens.push({ kind, value: valueOf(kind, raw) });
    at += raw.length;
  }
  return tokens;
}

function tokenAt(rest: string): readonly [SqlToken['kind'], string] {
  const quoted = /^'(?:[^']|'')*'/.exec(rest)?.[0];
  if (quoted !== undefined) return ['text', quoted];
  const named = /^`(?:[^`]|``)*`/.exec(rest)?.[0];
  if (named !== undefined) return ['name', named];
  const hint = /^\/\*\+[^*]*\*\//.exec(rest)?.[0];
  if (hint !== undefined) return ['hint', hint];
  if (/^['`]|^\/\*/.test(rest)) throw new Error(`it does not end: ${rest.slice(0, 40)}`);
  const word = /^[\p{L}\p{N}_$]+/u.exec(rest)?.[0];
  return word === undefined ? ['sign', rest[0]] : ['word', word];
}

function valueOf(kind: SqlToken['kind'], raw: string): string {
  if (kind === 'text') return raw.slice(1, -1).replaceAll("''", "'");
  return kind === 'name' ? raw.slice(1, -1) : raw;
}
