/** The same JSON as other writers write it, where that is another text. Empty for what is no JSON. */
export function rewritten(json: string): readonly { readonly how: string; readonly text: string }[] {
  try {
    const value: unknown = JSON.parse(json);
    const compact = json.replace(stringOrSpace, "$1");
    const found = [
      { how: "without spaces between its parts", text: compact },
      { how: 'with a space behind each ":" and ","', text: compact.replace(stringOrSeparator, spaced) },
      { how: "on several lines, indented by two spaces", text: JSON.stringify(value, null, 2) },
    ];
    // A line break around it alone is another mistake.
    return found.filter(({ text }) => text !== json.trim());
  } catch {
    // Not JSON, or nested deeper than a writer goes.
    return [];
  }
}

/** Linear for JSON alone, in which every string comes to an end. */
const stringOrSpace = /("(?:[^"\\]|\\.)*")|\s+/g;
const stringOrSeparator = /("(?:[^"\\]|\\.)*")|([:,])/g;

function spaced(found: string, string: string | undefined): string {
  return string ?? `${found} `;
}
