import type { Ignored } from "../alert.ts";
import type { Delivery, Reply } from "../delivery.ts";
import type { Fetch } from "../fetch.ts";
import { parseJson } from "../json.ts";

/**
 * What a vendor wants answered before it sends events: a challenge, a ping. It makes no incident. Handshakes are values; every
 * one is a file in this folder, and `firstOf` joins several.
 */
export interface Handshake<Options = unknown> {
  /** A challenge that the vendor does not sign. Whoever sends it is a stranger: echo what is short and harmless, nothing else. */
  readonly before?: (delivery: Delivery, options: Options) => Reply | undefined;
  /** What the vendor signs like its events: asked once the delivery is authenticated. */
  readonly after?: (delivery: Delivery, options: Options, fetch: Fetch) => Greeted | Promise<Greeted> | undefined;
}

/**
 * A reply is sent as it is, and nothing is stored; what is ignored is stored with its reason, for the operator to see, and
 * answered as other deliveries are.
 */
export type Greeted = Reply | Ignored | Unreachable;

/** The vendor wants to be asked in turn, and does not answer. It is told to come again. */
export interface Unreachable {
  readonly unreachable: true;
}

/** Vendors' challenges are shorter; what is echoed to a stranger stays small. */
export const longestChallenge = 512;

/** The text, if it is one that can be echoed: short, and of printable ASCII, so that no browser makes anything else of it. */
export function echoable(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > longestChallenge) return undefined;
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

/** Challenges that stand in a body are small; what is larger is none, and is not parsed for it. */
const largestChallenge = 16_384;

/** The JSON of a small body; `undefined` for anything else. */
export function smallJson(body: Uint8Array): unknown {
  if (body.length > largestChallenge) return undefined;
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

export function plainText(body: string): Reply {
  return { status: 200, type: "text/plain", body };
}

export function json(body: object): Reply {
  return { status: 200, type: "application/json", body: JSON.stringify(body) };
}
