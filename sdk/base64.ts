/**
 * The bytes of standard base64, with its padding or without; `undefined` for anything else, the empty text among it.
 * `Buffer.from` skips what it does not know and drops bits that are left over, so that many texts would give the same bytes.
 */
export function fromBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || (text.endsWith("=") && text.length % 4 !== 0)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return unpadded(bytes.toString("base64")) === unpadded(text) ? bytes : undefined;
}

function unpadded(text: string): string {
  return text.replace(/=+$/, "");
}
