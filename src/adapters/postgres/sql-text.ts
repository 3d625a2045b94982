/** A statement without values, as a template. */
export function asTemplate(text: string): TemplateStringsArray {
  return Object.assign([text], { raw: [text] });
}
