import { createHmac, timingSafeEqual } from "node:crypto";
import { fromBase64 } from "../base64.ts";
import { type Delivery, single } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import { checkPublicUrl, withQueryOf } from "../public-url.ts";
import { encodingProblem, keyOf, type SecretEncoding } from "../secret.ts";
import { compileTemplate, fillTemplate, type Given, names } from "../template.ts";
import { type TimestampUnit, timestampUnits } from "../timestamp.ts";
import {
  type Credentials,
  type Draft,
  defaultToleranceSeconds,
  type ImmediateScheme,
  type Mistake,
  required,
  type Signed,
  type Unverified,
  unverified,
  type Verification,
} from "./scheme.ts";

export type { SecretEncoding, TimestampUnit };

export interface HmacOptions {
  /** The header that carries the signature, or several of which one at least must be sent, and one match. */
  readonly header: string | readonly string[];
  /** Default `sha256`. */
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  /** How the signature is written. Default `hex`. */
  readonly encoding?: "hex" | "base64";
  /** What stands before the signature in its header, e.g. `sha256=`. Of several, one must match; the first is used to sign. */
  readonly prefix?: string | readonly string[];
  /** What stands between several signatures in the header, of which one must match. Left out, the header holds one. */
  readonly separator?: string;
  /** What is signed, of `{body}`, `{timestamp}`, `{id}` and `{url}` (path and query, or see `publicUrl`). Default `{body}`. */
  readonly signs?: string;
  /** Where the time of sending stands. Only a time that is signed proves anything: `signs` must name it. */
  readonly timestamp?: TimestampPlace & {
    /** See `TimestampUnit`. Default `s`. */
    readonly unit?: TimestampUnit;
    /** Allowed distance from the time of receipt, both ways. Default 300. */
    readonly toleranceSeconds?: number;
  };
  /** Where the sender's id of the message stands, when `signs` names it. */
  readonly id?: { readonly header: string };
  /** The address of the source as the sender has it, without query, where `{url}` is signed with scheme and host. */
  readonly publicUrl?: string;
  /** How the secret is written. Default `utf8`: it is the key as it stands. */
  readonly secretEncoding?: SecretEncoding;
  /** The shortest secret that the vendor allows, in characters. Default 1. */
  readonly minimumSecretLength?: number;
  /** Default `hmac`. */
  readonly name?: string;
}

/** The time stands in a header of its own, or among the parts of the signature's, behind a prefix (`t=`). */
export type TimestampPlace =
  | { readonly header: string; readonly prefix?: never }
  | { readonly prefix: string; readonly header?: never };

/** More signatures than anybody sends, also while a secret is changed; each costs a comparison. */
const mostParts = 20;

/**
 * HMAC over a template of the request (RFC 2104), in a header.
 *
 * @throws {PluginError} where the options contradict each other
 */
export function hmac(options: HmacOptions): ImmediateScheme {
  const { algorithm = "sha256", encoding = "hex", signs = "{body}", separator, timestamp, id } = options;
  const { secretEncoding = "utf8" } = options;
  const name = options.name ?? "hmac";
  const headers = [...new Set([options.header].flat().map((each) => each.toLowerCase()))];
  const [header = ""] = headers;
  if (headers.length === 0) throw new PluginError("header: name at least one");
  const prefixes = typeof options.prefix === "string" ? [options.prefix] : (options.prefix ?? [""]);
  if (prefixes.length === 0) throw new PluginError("prefix: name at least one, or leave it out");
  const template = compileTemplate(signs);
  refuseContradictions(options, template);
  const publicUrl = options.publicUrl === undefined ? undefined : checkPublicUrl(options.publicUrl);
  const form = signatureForm[encoding](digestBytes[algorithm]);
  const unit = timestampUnits[timestamp?.unit ?? "s"];
  const wanted = `must be ${written(prefixes[0] ?? "", algorithm, encoding)}`;

  function digest(key: string | Buffer, signed: Uint8Array): Buffer {
    return createHmac(algorithm, key).update(signed).digest();
  }

  function partsOf(value: string): readonly string[] {
    if (separator === undefined) return [value];
    return value
      .split(separator, mostParts + 1)
      .map((part) => part.replace(/^ +| +$/g, ""))
      .filter((part) => part !== "");
  }

  function candidates(parts: readonly string[]): readonly Buffer[] {
    return parts.flatMap((part) =>
      prefixes
        .filter((prefix) => part.startsWith(prefix))
        .map((prefix) => part.slice(prefix.length))
        .filter((encoded) => form.test(encoded))
        .map((encoded) => (encoding === "hex" ? Buffer.from(encoded, "hex") : fromBase64(encoded)))
        .filter((signature) => signature !== undefined),
    );
  }

  /** The time as it was written, wherever it stands. */
  function writtenTime(delivery: Delivery, parts: readonly string[]): { readonly value: string } | Unverified {
    if (timestamp?.header !== undefined) return required(delivery, timestamp.header.toLowerCase(), "invalid_timestamp");
    const prefix = timestamp?.prefix ?? "";
    const [found, ...others] = parts.filter((part) => part.startsWith(prefix));
    const path = `headers.${header}`;
    if (found === undefined) return unverified("invalid_timestamp", path, `must have ${prefix}<time>`);
    if (others.length > 0) return unverified("invalid_timestamp", path, `must have ${prefix}<time> once`);
    return { value: found.slice(prefix.length) };
  }

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const parts: string[] = [];
    let isSent = false;
    for (const each of headers) {
      const signature = single(delivery.headers, each);
      if (signature === "repeated") {
        return unverified("invalid_signature", `headers.${each}`, "is sent more than once");
      }
      if (signature === undefined) continue;
      isSent = true;
      parts.push(...partsOf(signature.value));
    }
    if (!isSent) return unverified("invalid_signature", `headers.${header}`, "is missing");
    if (parts.length > mostParts) {
      return unverified("invalid_signature", `headers.${header}`, `must not have more than ${mostParts} parts`);
    }

    const given: Given = { body: delivery.body, url: urlOf(delivery.url) };
    let sentAt: Date | undefined;
    if (timestamp !== undefined) {
      const time = writtenTime(delivery, parts);
      if ("code" in time) return time;
      sentAt = unit.read(time.value);
      if (sentAt === undefined) {
        return unverified("invalid_timestamp", `headers.${(timestamp.header ?? header).toLowerCase()}`, unit.form);
      }
      given.timestamp = time.value;
    }
    if (id !== undefined) {
      const value = single(delivery.headers, id.header.toLowerCase());
      if (value === undefined || value === "repeated") {
        return unverified("invalid_signature", `headers.${id.header.toLowerCase()}`, "must be sent exactly once");
      }
      given.id = value.value;
    }

    const signed = fillTemplate(template, given);
    const found = candidates(parts);
    if (!matches(found, secrets, signed)) {
      return found.length > 0
        ? unverified("invalid_signature")
        : unverified("invalid_signature", `headers.${header}`, wanted);
    }
    const toleranceSeconds = timestamp?.toleranceSeconds ?? defaultToleranceSeconds;
    return { verified: true, scheme: name, signed, toleranceSeconds, ...(sentAt && { timestamp: sentAt }) };
  }

  /** Every pair is compared, so that the time tells nothing of which one matched. */
  function matches(found: readonly Buffer[], secrets: readonly string[], signed: Uint8Array): boolean {
    let matched = false;
    for (const secret of secrets) {
      const key = keyOf(secret, secretEncoding);
      // An HMAC with an empty key is one that anybody can make.
      if (key === undefined) continue;
      const expected = digest(key, signed);
      for (const candidate of found) matched = timingSafeEqual(candidate, expected) || matched;
    }
    return matched;
  }

  function urlOf(url: string): string {
    return publicUrl === undefined ? url : withQueryOf(publicUrl, url);
  }

  function presents(delivery: Delivery): boolean {
    return headers.some((each) => delivery.headers[each] !== undefined);
  }

  function sign(draft: Draft, secret: string | undefined, at: Date): Signed {
    const given: Given = { body: draft.body, url: urlOf(draft.url) };
    const added: Record<string, string> = {};
    const time = timestamp === undefined ? undefined : unit.write(at);
    if (time !== undefined) {
      given.timestamp = time;
      if (timestamp?.header !== undefined) added[timestamp.header.toLowerCase()] = time;
    }
    if (id !== undefined) {
      given.id = `msg_${digest("id", draft.body).toString("hex").slice(0, 24)}`;
      added[id.header.toLowerCase()] = given.id;
    }
    const key = keyOf(secret ?? "", secretEncoding) ?? "";
    const signature = `${prefixes[0] ?? ""}${digest(key, fillTemplate(template, given)).toString(encoding)}`;
    added[header] = timestamp?.prefix === undefined ? signature : `${timestamp.prefix}${time}${separator}${signature}`;
    return { url: draft.url, headers: added };
  }

  return {
    name,
    summary: `${written(prefixes[0] ?? "", algorithm, encoding)} of "${signs}" in ${[options.header].flat().join(" or ")}`,
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: true,
    minimumSecretLength: options.minimumSecretLength ?? 1,
    presents,
    verify,
    secretProblem: (secret) => encodingProblem(secret, secretEncoding),
    sign,
    clues: {
      reads: [...headers, timestamp?.header, id?.header].flatMap((each) =>
        each === undefined ? [] : `headers.${each.toLowerCase()}`,
      ),
      writtenTime(delivery) {
        const values = headers.flatMap((each) => delivery.headers[each] ?? []);
        const time = timestamp && writtenTime(delivery, values.flatMap(partsOf).slice(0, mostParts));
        return time !== undefined && "value" in time ? { ...time, unit: timestamp?.unit ?? "s" } : undefined;
      },
      mistakes: () => mistakesOf(options),
    },
  };
}

const secretUses = {
  utf8: "as text, just as it stands",
  base64: "decoded from base64",
  hex: "decoded from hex",
  whsec: "without its whsec_ and decoded from base64",
} as const satisfies Record<SecretEncoding, string>;

/** What senders do instead: each is the same scheme with one thing otherwise. */
function mistakesOf(options: HmacOptions): readonly Mistake[] {
  const { timestamp: _, id: __, publicUrl: ___, ...bare } = options;
  const { signs = "{body}", algorithm = "sha256", encoding = "hex", secretEncoding = "utf8" } = options;
  const otherEncoding = encoding === "hex" ? "base64" : "hex";
  const prefixes = [options.prefix ?? ""].flat();
  const joined = (signs.match(/\{[a-z]+\}/g) ?? []).join("");
  const found: Mistake[] = [];
  const add = (code: string, message: string, otherwise: HmacOptions): void => {
    const scheme = hmac(otherwise);
    found.push({ code, message, verify: (delivery, credentials) => scheme.verify(delivery, credentials) });
  };

  if (signs !== "{body}") {
    const message = `The body alone is signed; the signature must be over "${signs}"`;
    add("body_alone", message, { ...bare, signs: "{body}" });
  }
  if (joined !== signs && joined !== "{body}") {
    const message = `What is signed lacks what stands between its parts; the signature must be over "${signs}"`;
    add("separator_left_out", message, { ...options, signs: joined });
  }
  for (const other of ["base64", "hex", "utf8", "whsec"] as const) {
    if (other === secretEncoding) continue;
    const message = `The sender uses the secret ${secretUses[other]}; it must be used ${secretUses[secretEncoding]}`;
    add("secret_encoding", message, { ...options, secretEncoding: other });
  }
  add("signature_encoding", `The signature is written in ${otherEncoding}; it must be written in ${encoding}`, {
    ...options,
    encoding: otherEncoding,
  });
  if (!prefixes.includes("")) {
    const message = `The signature lacks "${prefixes[0]}" before it`;
    add("prefix_left_out", message, { ...options, prefix: "" });
  }
  for (const other of ["sha256", "sha1", "sha512"] as const) {
    if (other === algorithm) continue;
    const message = `The signature is an HMAC by ${other.toUpperCase()}; it must be by ${algorithm.toUpperCase()}`;
    add("algorithm", message, { ...options, algorithm: other });
  }
  return found;
}

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;

const signatureForm = {
  hex: (bytes: number) => new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`),
  base64: (bytes: number) => {
    const pad = (3 - (bytes % 3)) % 3;
    return new RegExp(`^[A-Za-z0-9+/]{${Math.ceil((bytes * 8) / 6)}}={${pad}}$`);
  },
} as const;

function written(prefix: string, algorithm: keyof typeof digestBytes, encoding: "hex" | "base64"): string {
  return `${prefix}<${encoding} HMAC-${algorithm.toUpperCase().replace("SHA", "SHA-")}>`;
}

function refuseContradictions(options: HmacOptions, template: ReturnType<typeof compileTemplate>): void {
  for (const field of ["timestamp", "id"] as const) {
    if (names(template, field) !== (options[field] !== undefined)) {
      throw new PluginError(`${field}: its header and "{${field}}" in signs go together; one of them is missing`);
    }
  }
  const { timestamp, separator, publicUrl } = options;
  if (separator === "")
    throw new PluginError("separator: must not be empty; leave it out where there is one signature");
  if (timestamp !== undefined && (timestamp.header === undefined) === (timestamp.prefix === undefined)) {
    throw new PluginError("timestamp: it has a header of its own, or a prefix in the signature's; name one of them");
  }
  if (timestamp?.prefix !== undefined && separator === undefined) {
    throw new PluginError("timestamp: in the signature's header, a separator must stand between the two");
  }
  if (publicUrl !== undefined && !names(template, "url")) {
    throw new PluginError('public_url: only "{url}" in signs makes use of it');
  }
}
