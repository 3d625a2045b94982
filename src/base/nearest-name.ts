/** The name of `names` that `typed` was probably meant to be; undefined when none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(typed.length * 0.4)) + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return (
    best ?? (wanted.length < 3 ? undefined : names.find((name) => name.toLowerCase().startsWith(wanted)))
  );
}

/** `. Did you mean "x"?` or nothing: the end of a sentence about an unknown name. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const name = nearestName(typed, names);
  return name === undefined ? '' : ` Did you mean "${name}"?`;
}

/** Levenshtein distance. */
function editDistance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const swap = above[column - 1] + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(swap, above[column] + 1, current[column - 1] + 1));
    }
    above = current;
  }
  return above[right.length];
}
