import {
  createHmac,
  createPublicKey,
  hash,
  type KeyObject,
  timingSafeEqual,
  verify as verifySignature,
} from "node:crypto";
import { fromBase64 } from "../base64.ts";
import type { Delivery } from "../delivery.ts";
import { keyOf } from "../secret.ts";
import { timestampUnits } from "../timestamp.ts";
import { hmac } from "./hmac.ts";
import {
  type Credentials,
  type Draft,
  defaultToleranceSeconds,
  type ImmediateScheme,
  required,
  type Signed,
  unverified,
  type Verification,
} from "./scheme.ts";

/** Of each version; each `v1a` costs a verification with every public key. */
const mostSignatures = 5;
const publicKeyPrefix = "whpk_";
/** The specification asks for 24 to 64 bytes. */
const minimumKeyBytes = 24;

/**
 * Standard Webhooks, versions `v1` (HMAC-SHA-256, a secret `whsec_…`) and `v1a` (Ed25519, the sender's public key `whpk_…`
 * among the source's secrets), over `{id}.{timestamp}.{body}`. One good signature of the list is enough. A public key is
 * never taken for an HMAC's: anybody has it.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param options.headers what the three headers' names begin with; default `webhook`
 * @param options.name default `standard-webhooks`
 */
export function standardWebhooks(options: { readonly headers?: string; readonly name?: string } = {}): ImmediateScheme {
  const { headers = "webhook", name = "standard-webhooks" } = options;
  const idHeader = `${headers}-id`;
  const timeHeader = `${headers}-timestamp`;
  const signatureHeader = `${headers}-signature`;
  // Version v1 is an HMAC like others, and so are the mistakes that are made with it.
  const { clues } = hmac({
    header: signatureHeader,
    separator: " ",
    prefix: "v1,",
    encoding: "base64",
    signs: "{id}.{timestamp}.{body}",
    timestamp: { header: timeHeader },
    id: { header: idHeader },
    secretEncoding: "whsec",
  });

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const signature = required(delivery, signatureHeader);
    if ("code" in signature) return signature;
    const id = required(delivery, idHeader);
    if ("code" in id) return id;
    const time = required(delivery, timeHeader, "invalid_timestamp");
    if ("code" in time) return time;
    const timestamp = timestampUnits.s.read(time.value);
    if (timestamp === undefined) {
      return unverified("invalid_timestamp", `headers.${timeHeader}`, timestampUnits.s.form);
    }
    const found = signaturesOf(signature.value);
    if (found === "too many") {
      return unverified(
        "invalid_signature",
        `headers.${signatureHeader}`,
        `must not have more than ${mostSignatures} signatures of a version`,
      );
    }
    const signed = content(id.value, time.value, delivery.body);
    if (!matches(found, secrets, signed)) {
      return found.v1.length + found.v1a.length > 0
        ? unverified("invalid_signature")
        : unverified("invalid_signature", `headers.${signatureHeader}`, "must be v1,<base64 HMAC-SHA-256>");
    }
    return { verified: true, scheme: name, signed, timestamp, toleranceSeconds: defaultToleranceSeconds };
  }

  function sign({ url, body, id: given }: Draft, secret: string | undefined, at: Date): Signed {
    const id = given ?? `msg_${hash("sha256", body, "hex").slice(0, 24)}`;
    const time = timestampUnits.s.write(at);
    const key = keyOf(secret ?? "", "whsec") ?? "";
    const signature = createHmac("sha256", key)
      .update(content(id, time, body))
      .digest("base64");
    return {
      url,
      headers: { [idHeader]: id, [timeHeader]: time, [signatureHeader]: `v1,${signature}` },
    };
  }

  return {
    name,
    summary: `v1,<base64 HMAC-SHA-256> or v1a,<base64 Ed25519> of "{id}.{timestamp}.{body}" in ${signatureHeader}`,
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: true,
    minimumSecretLength: 1,
    presents: (delivery) => delivery.headers[signatureHeader] !== undefined,
    verify,
    secretProblem,
    sign,
    canSign: (secret) => secret?.startsWith(publicKeyPrefix) !== true,
    ...(clues && { clues }),
  };
}

interface Signatures {
  readonly v1: readonly Buffer[];
  readonly v1a: readonly Buffer[];
}

function signaturesOf(value: string): Signatures | "too many" {
  const parts = value.split(" ", 4 * mostSignatures).map((part) => part.split(","));
  const of = (version: string, bytes: number): readonly Buffer[] =>
    parts
      .filter((part) => part.length === 2 && part[0] === version)
      .map(([, encoded = ""]) => fromBase64(encoded))
      .filter((signature) => signature !== undefined && signature.length === bytes)
      .map((signature) => signature as Buffer);
  const v1 = of("v1", 32);
  const v1a = of("v1a", 64);
  return Math.max(v1.length, v1a.length) > mostSignatures ? "too many" : { v1, v1a };
}

function matches({ v1, v1a }: Signatures, secrets: readonly string[], signed: Uint8Array): boolean {
  let matched = false;
  for (const secret of secrets) {
    if (secret.startsWith(publicKeyPrefix)) {
      const key = publicKeyOf(secret);
      for (const each of v1a) {
        if (key !== undefined) matched = verifySignature(null, signed, key, each) || matched;
      }
      continue;
    }
    const key = keyOf(secret, "whsec");
    if (key === undefined) continue;
    const expected = createHmac("sha256", key).update(signed).digest();
    for (const each of v1) matched = timingSafeEqual(each, expected) || matched;
  }
  return matched;
}

function publicKeyOf(secret: string): KeyObject | undefined {
  const bytes = fromBase64(secret.slice(publicKeyPrefix.length));
  if (bytes?.length !== 32) return undefined;
  const jwk = { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") };
  return createPublicKey({ key: jwk, format: "jwk" });
}

function content(id: string, timestamp: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
}

function secretProblem(secret: string): string | undefined {
  if (secret.startsWith("whsk_")) return "is the sender's private key; enter its public key, whpk_…";
  if (secret.startsWith(publicKeyPrefix)) {
    return publicKeyOf(secret) === undefined ? "must be whpk_ followed by base64 of 32 bytes" : undefined;
  }
  const key = keyOf(secret, "whsec");
  if (key === undefined) return "must be whsec_ or whpk_ followed by base64";
  return key.length < minimumKeyBytes ? `must be a key of at least ${minimumKeyBytes} bytes` : undefined;
}
