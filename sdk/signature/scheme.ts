import type { Delivery } from "../delivery.ts";

/** How a kind of sender proves that a delivery is its own. Schemes are values; every one is a file in this folder. */
export interface SignatureScheme {
  /** Stands in spans and in a delivery's record: `webhook`, `hmac`, `static-token`. */
  readonly name: string;
  /** One line for people: which header carries what, computed over what. */
  readonly summary: string;
  /** Whether a source needs a secret for it. */
  readonly needsSecret: boolean;
  /** Whether it lets deliveries in that prove nothing: a source must opt in by `options.allow_unsigned`. */
  readonly acceptsUnsigned: boolean;
  /** Whether it proves the body too, and not just who sends: a flipped byte is then refused. */
  readonly provesBody: boolean;
  /** The shortest secret that the vendor allows, in characters. */
  readonly minimumSecretLength: number;
  /** Whether the delivery carries this scheme's header or parameter at all. */
  presents(delivery: Delivery): boolean;
  /** Checks the raw bytes with every active secret, in constant time. Says no by its result; it throws nothing. */
  verify(delivery: Delivery, credentials: Credentials): Verification;
  /** What the sender would add to `draft`: for test events, samples and conformance checks. */
  sign(draft: Draft, secret: string | undefined, at: Date): Signed;
}

export interface Credentials {
  /** Active secrets, newest first. */
  readonly secrets: readonly string[];
  readonly allowUnsigned: boolean;
}

export type Verification = Verified | Unverified;

export interface Verified {
  readonly verified: true;
  readonly scheme: string;
  /** The bytes that the signature covers. Their hash identifies the delivery where the payload has no event id. */
  readonly signed: Uint8Array;
  /** The signed time of sending, where the scheme has one. */
  readonly timestamp?: Date;
  /** How far, in seconds, `timestamp` may lie from the time of receipt where the source does not say. */
  readonly toleranceSeconds: number;
}

export interface Unverified {
  readonly verified: false;
  readonly code: "invalid_signature" | "invalid_timestamp";
  /** What is wrong with the form of the request, for the vendor; absent where the signature just does not match. */
  readonly fault?: { readonly path: string; readonly message: string };
}

/** A request before it is signed. `url` is path and query. */
export interface Draft {
  readonly url: string;
  readonly body: Uint8Array;
}

/** A signed request: headers to add, and the URL, which some schemes add a parameter to. */
export interface Signed {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Five minutes: what the text asks for, and what most vendors' own libraries take. */
export const defaultToleranceSeconds = 300;

export function unverified(code: Unverified["code"], path?: string, message?: string): Unverified {
  return path === undefined || message === undefined
    ? { verified: false, code }
    : { verified: false, code, fault: { path, message } };
}
