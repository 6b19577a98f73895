import { createHmac, timingSafeEqual } from "node:crypto";
import { type Delivery, single } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import {
  type Credentials,
  type Draft,
  defaultToleranceSeconds,
  type SignatureScheme,
  type Signed,
  unverified,
  type Verification,
} from "./scheme.ts";

/**
 * How a header writes a time: `s` and `ms` since 1970, digits only; `float` seconds that may have a fraction; `iso` ISO 8601
 * with a zone.
 */
export type TimestampUnit = keyof typeof timestampUnits;

export interface HmacOptions {
  /** The header that carries the signature. */
  readonly header: string;
  /** Default `sha256`. */
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  /** How the signature is written. Default `hex`. */
  readonly encoding?: "hex" | "base64";
  /** What stands before the signature in its header, e.g. `sha256=`. Of several, one must match; the first is used to sign. */
  readonly prefix?: string | readonly string[];
  /** What is signed, of `{body}`, `{timestamp}`, `{id}` and `{url}` (path and query). Default `{body}`. */
  readonly signs?: string;
  /** Where the time of sending stands. Only a time that is signed proves anything: `signs` must name it. */
  readonly timestamp?: {
    readonly header: string;
    /** See `TimestampUnit`. Default `s`. */
    readonly unit?: TimestampUnit;
    /** Allowed distance from the time of receipt, both ways. Default 300. */
    readonly toleranceSeconds?: number;
  };
  /** Where the sender's id of the message stands, when `signs` names it. */
  readonly id?: { readonly header: string };
  /** The shortest secret that the vendor allows, in characters. Default 1. */
  readonly minimumSecretLength?: number;
  /** Default `hmac`. */
  readonly name?: string;
}

/**
 * HMAC over a template of the request (RFC 2104), in a header.
 *
 * @throws {PluginError} where the options contradict each other
 */
export function hmac(options: HmacOptions): SignatureScheme {
  const { algorithm = "sha256", encoding = "hex", signs = "{body}", timestamp, id } = options;
  const name = options.name ?? "hmac";
  const header = options.header.toLowerCase();
  const prefixes = typeof options.prefix === "string" ? [options.prefix] : (options.prefix ?? [""]);
  if (prefixes.length === 0) throw new PluginError("prefix: name at least one, or leave it out");
  const template = compile(signs, options);
  const form = signatureForm[encoding](digestBytes[algorithm]);

  function digest(secret: string, signed: Uint8Array): Buffer {
    return createHmac(algorithm, secret).update(signed).digest();
  }

  function candidates(value: string): readonly Buffer[] {
    return prefixes
      .filter((prefix) => value.startsWith(prefix))
      .map((prefix) => value.slice(prefix.length))
      .filter((encoded) => form.test(encoded))
      .map((encoded) => Buffer.from(encoded, encoding));
  }

  function presents(delivery: Delivery): boolean {
    return delivery.headers[header] !== undefined;
  }

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const { headers } = delivery;
    const signature = single(headers, header);
    if (signature === undefined) return unverified("invalid_signature", `headers.${header}`, "is missing");
    if (signature === "repeated") return unverified("invalid_signature", `headers.${header}`, "is sent more than once");

    const given: Given = { body: delivery.body, url: delivery.url };
    let sentAt: Date | undefined;
    if (timestamp !== undefined) {
      const path = `headers.${timestamp.header.toLowerCase()}`;
      const value = single(headers, timestamp.header.toLowerCase());
      if (value === undefined) return unverified("invalid_timestamp", path, "is missing");
      if (value === "repeated") return unverified("invalid_timestamp", path, "is sent more than once");
      sentAt = timestampUnits[timestamp.unit ?? "s"].read(value.value);
      if (sentAt === undefined)
        return unverified("invalid_timestamp", path, timestampUnits[timestamp.unit ?? "s"].form);
      given.timestamp = value.value;
    }
    if (id !== undefined) {
      const value = single(headers, id.header.toLowerCase());
      if (value === undefined || value === "repeated") {
        return unverified("invalid_signature", `headers.${id.header.toLowerCase()}`, "must be sent exactly once");
      }
      given.id = value.value;
    }

    const signed = fill(template, given);
    const found = candidates(signature.value);
    let matches = false;
    for (const secret of secrets) {
      const expected = digest(secret, signed);
      for (const candidate of found) matches = timingSafeEqual(candidate, expected) || matches;
    }
    if (!matches) {
      return found.length > 0
        ? unverified("invalid_signature")
        : unverified(
            "invalid_signature",
            `headers.${header}`,
            `must be ${written(prefixes[0] ?? "", algorithm, encoding)}`,
          );
    }
    const toleranceSeconds = timestamp?.toleranceSeconds ?? defaultToleranceSeconds;
    return { verified: true, scheme: name, signed, toleranceSeconds, ...(sentAt && { timestamp: sentAt }) };
  }

  function sign(draft: Draft, secret: string | undefined, at: Date): Signed {
    const given: Given = { body: draft.body, url: draft.url };
    const headers: Record<string, string> = {};
    if (timestamp !== undefined) {
      given.timestamp = timestampUnits[timestamp.unit ?? "s"].write(at);
      headers[timestamp.header.toLowerCase()] = given.timestamp;
    }
    if (id !== undefined) {
      given.id = `msg_${digest("id", draft.body).toString("hex").slice(0, 24)}`;
      headers[id.header.toLowerCase()] = given.id;
    }
    headers[header] = `${prefixes[0] ?? ""}${digest(secret ?? "", fill(template, given)).toString(encoding)}`;
    return { url: draft.url, headers };
  }

  return {
    name,
    summary: `${written(prefixes[0] ?? "", algorithm, encoding)} of "${signs}" in ${options.header}`,
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: true,
    minimumSecretLength: options.minimumSecretLength ?? 1,
    presents,
    verify,
    sign,
  };
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

type Placeholder = "body" | "timestamp" | "id" | "url";
interface Given {
  readonly body: Uint8Array;
  readonly url: string;
  timestamp?: string;
  id?: string;
}

/** A template as literals and placeholders in turn: `v0:{timestamp}` becomes `["v0:", {field: "timestamp"}]`. */
type Part = string | { readonly field: Placeholder };

function compile(signs: string, options: HmacOptions): readonly Part[] {
  const parts = signs
    .split(/(\{[^}]*\})/)
    .filter((piece) => piece !== "")
    .map((piece): Part => {
      const field = /^\{(body|timestamp|id|url)\}$/.exec(piece)?.[1];
      if (field !== undefined) return { field: field as Placeholder };
      if (/[{}]/.test(piece)) {
        throw new PluginError(`signs: "${piece}" is not one of {body}, {timestamp}, {id}, {url}`);
      }
      return piece;
    });
  const names = (field: Placeholder): boolean => parts.some((part) => typeof part !== "string" && part.field === field);
  if (!names("body")) throw new PluginError('signs: must name "{body}", or anybody could change what was signed');
  for (const field of ["timestamp", "id"] as const) {
    if (names(field) !== (options[field] !== undefined)) {
      throw new PluginError(`${field}: its header and "{${field}}" in signs go together; one of them is missing`);
    }
  }
  return parts;
}

function fill(template: readonly Part[], given: Given): Buffer {
  return Buffer.concat(
    template.map((part) => {
      const value = typeof part === "string" ? part : (given[part.field] ?? "");
      return typeof value === "string" ? Buffer.from(value) : value;
    }),
  );
}

interface TimestampForm {
  /** What a header must be, for the sender of one that is not. */
  readonly form: string;
  read(value: string): Date | undefined;
  write(at: Date): string;
}

const timestampUnits = {
  s: {
    form: "must be Unix seconds, digits only",
    read: (value) => numeric(value, /^\d{1,12}$/, 1000),
    write: (at) => String(Math.floor(at.getTime() / 1000)),
  },
  ms: {
    form: "must be Unix milliseconds, digits only",
    read: (value) => numeric(value, /^\d{1,15}$/, 1),
    write: (at) => String(at.getTime()),
  },
  float: {
    form: "must be Unix seconds, with or without a fraction",
    read: (value) => numeric(value, /^\d{1,12}(\.\d{1,9})?$/, 1000),
    write: (at) => String(at.getTime() / 1000),
  },
  iso: {
    form: "must be ISO 8601 with a time zone, like 2026-01-15T10:00:00Z",
    read: (value) =>
      valid(
        /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value) ? new Date(value) : undefined,
      ),
    write: (at) => at.toISOString(),
  },
} as const satisfies Record<string, TimestampForm>;

/** The patterns bound the digits: 12 of seconds reach the year 33658, and few more what a Date holds. */
function numeric(value: string, pattern: RegExp, toMilliseconds: number): Date | undefined {
  return pattern.test(value) ? valid(new Date(Number(value) * toMilliseconds)) : undefined;
}

function valid(date: Date | undefined): Date | undefined {
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
