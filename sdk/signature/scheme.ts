import { type Delivery, single } from "../delivery.ts";
import type { Fetch } from "../fetch.ts";
import type { TimestampUnit } from "../timestamp.ts";

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
  /**
   * Whether it proves a sender without a secret of the source's: by an issuer's keys, a certificate, an address. Left out, it
   * does if it neither needs a secret nor accepts what is unsigned.
   */
  readonly provesWithoutSecret?: boolean;
  /** Whether a secret is of any use to it. Left out, it is where one is needed. */
  readonly takesSecret?: boolean;
  /** Whether it proves the body too, and not just who sends: a flipped byte is then refused. */
  readonly provesBody: boolean;
  /** The shortest secret that the vendor allows, in characters. */
  readonly minimumSecretLength: number;
  /** What its sender calls JSON besides what ends in `json`: SNS says `text/plain`. */
  readonly contentTypes?: readonly string[];
  /**
   * The event inside what its sender wraps it in, as JSON: the fields of a form, the message of a notification. `undefined`
   * where the body is the event itself.
   */
  unwrap?(body: Uint8Array, contentType: string | undefined): Uint8Array | undefined;
  /** Whether the delivery carries this scheme's header or parameter at all. */
  presents(delivery: Delivery): boolean;
  /**
   * Checks the raw bytes with every active secret, in constant time. Says no by its result; it throws nothing. A promise is
   * for what has to be fetched: without `fetch`, such a scheme says `vendor_unreachable`.
   */
  verify(delivery: Delivery, credentials: Credentials, fetch?: Fetch): Verification | Promise<Verification>;
  /** What is wrong with how a secret is written, as the end of a sentence: `must be base64`. */
  secretProblem?(secret: string): string | undefined;
  /** What the sender would add to `draft`: for test events, samples and conformance checks. */
  sign(draft: Draft, secret: string | undefined, at: Date): Signed;
  /** Whether what `sign` makes verifies: not where only the sender has the key, the certificate or the address. */
  canSign?(secret: string | undefined): boolean;
  /** For whoever explains a refusal; nobody is let in by any of it. */
  readonly clues?: Clues;
}

/** What helps to find out why a delivery does not verify. */
export interface Clues {
  /** What of a request is read, as faults name it: `headers.x-signature`, `query.token`. */
  readonly reads: readonly string[];
  /** The time of sending as it stands in the delivery, whether it is one or not. */
  readonly writtenTime?: (delivery: Delivery) => WrittenTime | undefined;
  /** How senders get it wrong, each a check that such a delivery passes. Made when they are asked for. */
  readonly mistakes?: () => readonly Mistake[];
}

export interface WrittenTime {
  readonly value: string;
  /** How it has to be written. */
  readonly unit: TimestampUnit;
}

export interface Mistake {
  /** Of its kind: `body_alone`. Of several with one code the first that fits is told. */
  readonly code: string;
  /** What the sender does and what would be right, in one sentence without a secret in it. */
  readonly message: string;
  readonly verify: (delivery: Delivery, credentials: Credentials) => Verification;
}

/** A scheme that has nothing to fetch and says at once. */
export interface ImmediateScheme extends SignatureScheme {
  verify(delivery: Delivery, credentials: Credentials): Verification;
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
  /** `vendor_unreachable`: what proves the sender could not be fetched; it may be sent again. */
  readonly code: "invalid_signature" | "invalid_timestamp" | "vendor_unreachable";
  /** What is wrong with the form of the request, for the vendor; absent where the signature just does not match. */
  readonly fault?: { readonly path: string; readonly message: string };
}

/** A request before it is signed. `url` is path and query. */
export interface Draft {
  readonly url: string;
  readonly body: Uint8Array;
  /** Of the message, for schemes that sign one; left out, it is made of the body. */
  readonly id?: string;
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

/** The one value of a header that must be there, or the refusal for its absence or repetition. */
export function required(
  delivery: Delivery,
  header: string,
  code: Unverified["code"] = "invalid_signature",
): { readonly value: string } | Unverified {
  const found = single(delivery.headers, header);
  if (found === undefined) return unverified(code, `headers.${header}`, "is missing");
  return found === "repeated" ? unverified(code, `headers.${header}`, "is sent more than once") : found;
}

/** A proof of who sends, but of neither what nor when: the whole body identifies the delivery. */
export function provesSender(scheme: string, delivery: Delivery): Verified {
  return { verified: true, scheme, signed: delivery.body, toleranceSeconds: defaultToleranceSeconds };
}

export function provesWithoutSecret(scheme: SignatureScheme): boolean {
  return scheme.provesWithoutSecret ?? (!scheme.needsSecret && !scheme.acceptsUnsigned);
}

export function takesSecret(scheme: SignatureScheme): boolean {
  return scheme.takesSecret ?? scheme.needsSecret;
}

/** What the first of several schemes that knows the wrapping finds inside; `undefined` where none does. */
export function unwrapped(
  schemes: readonly SignatureScheme[],
  body: Uint8Array,
  contentType: string | undefined,
): Uint8Array | undefined {
  for (const scheme of schemes) {
    const found = scheme.unwrap?.(body, contentType);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is wrong with a secret for all of several schemes: one of them that can use it is enough. */
export function commonSecretProblem(schemes: readonly SignatureScheme[], secret: string): string | undefined {
  const problems = schemes.map((scheme) => scheme.secretProblem?.(secret));
  return problems.includes(undefined) ? undefined : problems[0];
}

export function canSign(scheme: SignatureScheme, secret: string | undefined): boolean {
  return scheme.canSign?.(secret) ?? true;
}

/** The clues of several schemes together, without their mistakes. */
export function commonClues(schemes: readonly SignatureScheme[]): Clues {
  const clues = schemes.flatMap((scheme) => scheme.clues ?? []);
  return {
    reads: [...new Set(clues.flatMap(({ reads }) => reads))],
    writtenTime(delivery) {
      for (const each of clues) {
        const found = each.writtenTime?.(delivery);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** Goes on with what a scheme says, at once where it said so at once: the intake waits for no promise that is not needed. */
export function whenSaid(
  said: Verification | Promise<Verification>,
  goOn: (result: Verification) => Verification | Promise<Verification>,
): Verification | Promise<Verification> {
  return said instanceof Promise ? said.then(goOn) : goOn(said);
}
