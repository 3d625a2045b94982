/** Letters and digits only: whatever else a text holds is written as its code. */
const PLAIN = /^[\w-]*$/;

/**
 * The text as a literal of Pinot’s SQL. It is plain ASCII whatever is in it, so nothing that looks into the text of a query before
 * it is parsed (for OPTION(…), SET, comments) finds anything in it.
 */
export function textLiteral(text: string): string {
  if (PLAIN.test(text)) return `'${text}'`;
  let escaped = '';
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    escaped += PLAIN.test(unit) ? unit : `\\${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return `U&'${escaped}'`;
}
