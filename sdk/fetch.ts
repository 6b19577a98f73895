import { isLoopback } from "./addresses.ts";

/**
 * Gets what proves a sender: its issuer's keys, a signing certificate. The core hands it to `verify` and to a handshake that
 * comes after authentication, so that no scheme opens a connection of its own. It throws nothing.
 *
 * The core takes `https:` only (`http:` from this machine itself), follows no redirects, bounds time and size, remembers
 * answers and failures, and makes one request of many that ask for the same.
 */
export type Fetch = (request: FetchRequest) => Promise<Fetched>;

export interface FetchRequest {
  readonly url: string;
  /** The only host that may be asked, or what its name must match. */
  readonly host: string | RegExp;
  /** How long, in seconds, an answer is good; 0 asks each time. */
  readonly freshForSeconds: number;
  /** An answer that is not newer than this will not do: it lacked a key. How often that asks again is up to the core. */
  readonly newerThan?: Date;
}

export type Fetched =
  | { readonly ok: true; readonly text: string; readonly at: Date }
  /** Not told to the sender; the core logs why. */
  | { readonly ok: false };

/** Whether an address is one that the core would ask: `https:`, or `http:` on this machine. */
export function isFetchable(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password, hash } = new URL(url);
  if (username !== "" || password !== "" || hash !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}
