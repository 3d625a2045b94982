/** What a YAML file holds; an undefined field is left out. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | YamlFields;
export interface YamlFields {
  readonly [name: string]: YamlValue | undefined;
}

/** Texts that need no quotes: no number, no date, nothing that begins like something else. */
const PLAIN = /^[A-Za-z_/][\w/.-]*$/;
/** Words that some reader or other takes for a boolean or for nothing. */
const WORDS = /^(true|false|yes|no|on|off|y|n|null)$/i;
/** Lines that stand as they are: the first has no blank before it, none has one behind it, the last one is not empty. */
const BLOCK = /^(?=\S)([^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}]\n|\n)*[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}]\n$/u;

/** A YAML document. */
export function yamlText(value: YamlFields): string {
  const lines = fieldLines(value);
  return `${lines.length === 0 ? '{}' : lines.join('\n')}\n`;
}

/** Several documents in one file. */
export function yamlDocuments(documents: readonly YamlFields[]): string {
  return documents.map((document) => yamlText(document)).join('---\n');
}

function fieldLines(fields: YamlFields): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : linesOf(`${scalar(name)}:`, value),
  );
}

/** `head` and the value behind or below it. */
function linesOf(head: string, value: YamlValue): string[] {
  if (isList(value))
    return value.length === 0 ? [`${head} []`] : [head, ...indented(value.flatMap(itemLines))];
  if (typeof value === 'object') {
    const lines = fieldLines(value);
    return lines.length === 0 ? [`${head} {}`] : [head, ...indented(lines)];
  }
  if (typeof value === 'string' && BLOCK.test(value))
    return [`${head} |`, ...indented(value.slice(0, -1).split('\n'))];
  return [`${head} ${scalar(value)}`];
}

function itemLines(item: YamlValue): string[] {
  const lines = typeof item === 'object' && !isList(item) ? fieldLines(item) : linesOf('', item);
  const [first = '{}', ...others] = lines;
  return [`- ${first.trimStart()}`.trimEnd(), ...(typeof item === 'object' ? indented(others) : others)];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}

function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) && !WORDS.test(value) ? value : JSON.stringify(value);
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}
