const SURROGATES_FROM = 0xd800;
const SURROGATES_TO = 0xdfff;

/**
 * Orders two well-formed texts as their UTF-8 bytes would be: negative when `a` comes first. `<` on strings compares UTF-16
 * units, in which what lies past the first 65,536 characters comes too early.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const unitOfA = a.charCodeAt(at);
    const unitOfB = b.charCodeAt(at);
    if (unitOfA === unitOfB) continue;
    const isPairOfA = isSurrogate(unitOfA);
    if (isPairOfA !== isSurrogate(unitOfB)) return isPairOfA ? 1 : -1;
    return unitOfA - unitOfB;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= SURROGATES_FROM && unit <= SURROGATES_TO;
}
