declare global {
  interface JSON {
    /** A value that JSON.stringify writes as the given text (ECMAScript 2026). */
    rawJSON(text: string): unknown;
  }
}

/** JSON.stringify that writes a bigint as an exact integer literal, also past 2^53. */
export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? JSON.rawJSON(String(member)) : member,
  );
}
