/** Four bytes of text at a time, as a 32-bit word: the first byte lowest, as DataView reads it little-endian. */
const ONES = 0x01010101;
const HIGHS = -0x7f7f7f80; // 0x80808080
const NIBBLES = 0x0f0f0f0f;
const ZEROS = 0x30303030;
const SPACES = 0x20202020;
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;

/** The text of at most four ASCII characters as a word. */
export function asciiWord(text: string): number {
  let word = 0;
  for (let index = 0; index < text.length; index++) word |= text.charCodeAt(index) << (index * 8);
  return word;
}

/**
 * Marks the bytes that end or spoil a simple string with their high bit: quote, backslash, control, 0x7f and up.
 * Only the lowest mark is sure: carries may set marks above it.
 */
export function specialBytes(word: number): number {
  const quote = word ^ QUOTES;
  const backslash = word ^ BACKSLASHES;
  return (
    (((quote - ONES) & ~quote) |
      ((backslash - ONES) & ~backslash) |
      ((word - SPACES) & ~word) |
      (word + ONES) |
      word) &
    HIGHS
  );
}

/** Marks the bytes of `digits` (a word of text ^ 0x30303030) that are no decimal digits. Only the lowest mark is sure. */
export function nonDigits(digits: number): number {
  return ((digits + 0x76767676) | digits) & HIGHS;
}

export function digitsOf(word: number): number {
  return word ^ ZEROS;
}

/** How many bytes stand below the lowest mark, 0 to 3; `marks` is not 0. */
export function bytesBelow(marks: number): number {
  return (31 - Math.clz32(marks & -marks)) >>> 3;
}

/** The number that four digits make, the first one in the lowest byte: 0 to 9999. */
export function fourDigits(digits: number): number {
  const pairs = Math.imul(digits, 10) + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}

/** What four hexadecimal characters are worth, each in its byte; hexFault says whether they are. */
export function hexNibbles(word: number): number {
  return (word & NIBBLES) + Math.imul((word >>> 6) & ONES, 9);
}

/** 0 when `word` is four lower-case hexadecimal characters and `nibbles` their values. */
export function hexFault(word: number, nibbles: number): number {
  const isLetter = ((nibbles + 0x06060606) >>> 4) & ONES;
  const text = nibbles + ZEROS + Math.imul(isLetter, 0x27);
  return (text ^ word) | (nibbles & ~NIBBLES);
}

/** Four nibbles, the first in the lowest byte, as the 16 bits that their text writes. */
export function packNibbles(nibbles: number): number {
  const bytes = (nibbles << 4) | (nibbles >>> 8);
  return ((bytes & 0xff) << 8) | ((bytes >>> 16) & 0xff);
}
