const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]); // [ {
const CLOSING = new Set([0x5d, 0x7d]); // ] }

/**
 * The events of a request body, as bytes without the white space around them.
 * `ndjson`: one event a line; lines of only spaces, tabs and carriage returns are none.
 * `json`: the elements of an array; anything else is one event. Of an array that is never closed, or with something behind
 * its end, what follows the last complete element is one event more, with the comma or bracket before it: broken for sure.
 */
export function splitOracleBody(body: Uint8Array, format: 'json' | 'ndjson'): Uint8Array[] {
  return (format === 'ndjson' ? splitLines(body) : splitJson(body)).map(trim);
}

function splitLines(body: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start <= body.length) {
    const newline = body.indexOf(0x0a, start);
    const end = newline === -1 ? body.length : newline;
    const line = body.subarray(start, end);
    if (!isBlank(line)) lines.push(line);
    start = end + 1;
  }
  return lines;
}

function splitJson(body: Uint8Array): Uint8Array[] {
  const open = body.findIndex((byte) => !isSpace(byte));
  if (open === -1 || body[open] !== 0x5b) return [body];
  const elements: Uint8Array[] = [];
  let start = open + 1;
  let depth = 1;
  let position = open + 1;
  while (position < body.length && depth > 0) {
    const byte = body[position];
    if (byte === QUOTE) {
      position = endOfString(body, position);
      continue;
    }
    if (OPENING.has(byte)) depth++;
    if (CLOSING.has(byte)) depth--;
    if (byte === COMMA && depth === 1) {
      elements.push(body.subarray(start, position));
      start = position + 1;
    }
    position++;
  }
  if (depth > 0) return [...elements, body.subarray(start - 1)];
  const last = body.subarray(start, position - 1);
  if (elements.length > 0 || !isBlank(last)) elements.push(last);
  if (!isBlank(body.subarray(position))) elements.push(body.subarray(position - 1));
  return elements;
}

/** The position behind the string that begins at `start`, or the end of the body when it is never closed. */
function endOfString(body: Uint8Array, start: number): number {
  let position = start + 1;
  while (position < body.length && body[position] !== QUOTE) position += body[position] === BACKSLASH ? 2 : 1;
  return Math.min(position + 1, body.length);
}

function trim(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => !isSpace(byte));
  const last = bytes.findLastIndex((byte) => !isSpace(byte));
  return start === -1 ? bytes.subarray(0, 0) : bytes.subarray(start, last + 1);
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => isSpace(byte));
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
