import { hash, timingSafeEqual } from "node:crypto";
import { type Delivery, single } from "../delivery.ts";
import {
  type Credentials,
  type Draft,
  defaultToleranceSeconds,
  type SignatureScheme,
  type Signed,
  unverified,
  type Verification,
} from "./scheme.ts";

/** Where the token stands: in a header, after an optional prefix such as `Bearer `, or in a query parameter of the URL. */
export type TokenPlace =
  | { readonly header: string; readonly prefix?: string; readonly query?: never }
  | { readonly query: string; readonly header?: never; readonly prefix?: never };

/**
 * A shared token that the sender repeats with every delivery: for senders that cannot sign. It proves who sends but neither
 * what nor when, so prefer anything that signs; a token in a URL also lands in the logs of proxies.
 */
export function staticToken(place: TokenPlace): SignatureScheme {
  const header = place.header?.toLowerCase();
  const prefix = place.prefix ?? "";
  const path = header === undefined ? `query.${place.query}` : `headers.${header}`;

  function tokens(delivery: Delivery): { readonly value: string } | "repeated" | undefined {
    if (header !== undefined) return single(delivery.headers, header);
    const values = delivery.query.getAll(place.query ?? "");
    return values.length > 1 ? "repeated" : values[0] === undefined ? undefined : { value: values[0] };
  }

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const token = tokens(delivery);
    if (token === undefined) return unverified("invalid_signature", path, "is missing");
    if (token === "repeated") return unverified("invalid_signature", path, "is sent more than once");
    if (!token.value.startsWith(prefix)) return unverified("invalid_signature", path, `must start with "${prefix}"`);
    // Hashes have one length, so that comparing them tells nothing of the secret's.
    const given = hash("sha256", token.value.slice(prefix.length), "buffer");
    let matches = false;
    for (const secret of secrets) matches = timingSafeEqual(given, hash("sha256", secret, "buffer")) || matches;
    if (!matches) return unverified("invalid_signature");
    return { verified: true, scheme: "static-token", signed: delivery.body, toleranceSeconds: defaultToleranceSeconds };
  }

  function sign(draft: Draft, secret: string | undefined): Signed {
    if (header !== undefined) return { url: draft.url, headers: { [header]: `${prefix}${secret ?? ""}` } };
    const parameter = `${encodeURIComponent(place.query ?? "")}=${encodeURIComponent(secret ?? "")}`;
    return { url: `${draft.url}${draft.url.includes("?") ? "&" : "?"}${parameter}`, headers: {} };
  }

  return {
    name: "static-token",
    summary:
      place.header === undefined
        ? `the secret in the query parameter "${place.query}"`
        : `${prefix}<the secret> in ${place.header}`,
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 1,
    presents: (delivery) => tokens(delivery) !== undefined,
    verify,
    sign,
  };
}
