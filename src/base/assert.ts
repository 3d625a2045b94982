/** A violated assertion is a bug in adtally, never bad input: assertions stay on in production and stop the process. */
class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws AssertionError with `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(`Assertion failed: ${message}. This is a bug in adtally.`);
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never): never {
  throw new AssertionError(`Assertion failed: unexpected value ${String(value)}. This is a bug in adtally.`);
}
