import { isLoopback } from "@thruway/sdk";

/** Whether a secret may travel there: over TLS, or to this machine. */
export function isSafe(url: URL): boolean {
  const isPlain = url.protocol === "http:" && isLoopback(url.hostname);
  return (url.protocol === "https:" || isPlain) && url.username === "" && url.password === "";
}

/**
 * The address that a pointer names, where it may be fetched. A pointer comes from outside: without a list of origins it could
 * send the gateway, and its token, anywhere.
 */
export function allowed(pointer: string, origins: readonly string[]): URL | undefined {
  if (!URL.canParse(pointer)) return undefined;
  const url = new URL(pointer);
  const isListed = origins.some((origin) => URL.canParse(origin) && new URL(origin).origin === url.origin);
  return isListed && isSafe(url) ? url : undefined;
}
