import { PluginError } from "./errors.ts";

/**
 * Checks the address of a source as its sender has it. It is told rather than taken from `Host`, which whoever sends a request
 * chooses: with it, a signature made for somebody else's address would be good here.
 *
 * @throws {PluginError} for anything but an http or https address without query, fragment and credentials
 */
export function checkPublicUrl(publicUrl: string): string {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  if (!isPlain || /[?#\s]/.test(publicUrl)) {
    throw new PluginError(
      `public_url: "${publicUrl}" must be the address that the sender posts to, http or https, without a query`,
    );
  }
  return publicUrl;
}

/** The public address with the query of a request: what a sender that signs its address has signed. */
export function withQueryOf(publicUrl: string, url: string): string {
  const at = url.indexOf("?");
  return at === -1 ? publicUrl : publicUrl + url.slice(at);
}
