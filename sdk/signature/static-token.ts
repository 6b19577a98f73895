import { isOneOf } from "../constant-time.ts";
import { type Delivery, single } from "../delivery.ts";
import {
  type Credentials,
  type Draft,
  type ImmediateScheme,
  provesSender,
  type Signed,
  unverified,
  type Verification,
} from "./scheme.ts";

/**
 * Where the token stands: in a header, after an optional prefix such as `Bearer `, in a query parameter of the URL, or at the
 * end of its path: `/api/webhooks/siem/t/<token>`.
 */
export type TokenPlace =
  | { readonly header: string; readonly prefix?: string; readonly query?: never; readonly path?: never }
  | { readonly query: string; readonly header?: never; readonly prefix?: never; readonly path?: never }
  | { readonly path: true; readonly header?: never; readonly prefix?: never; readonly query?: never };

/**
 * A shared token that the sender repeats with every delivery: for senders that cannot sign. It proves who sends but neither
 * what nor when, so prefer anything that signs; a token in a URL also lands in the logs of proxies.
 */
export function staticToken(place: TokenPlace): ImmediateScheme {
  const header = place.header?.toLowerCase();
  const prefix = place.prefix ?? "";
  const path = place.path === true ? "path" : header === undefined ? `query.${place.query}` : `headers.${header}`;

  function tokens(delivery: Delivery): { readonly value: string } | "repeated" | undefined {
    if (header !== undefined) return single(delivery.headers, header);
    if (place.path === true) return inPath(delivery.url);
    const values = delivery.query.getAll(place.query ?? "");
    return values.length > 1 ? "repeated" : values[0] === undefined ? undefined : { value: values[0] };
  }

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const token = tokens(delivery);
    if (token === undefined) return unverified("invalid_signature", path, "is missing");
    if (token === "repeated") return unverified("invalid_signature", path, "is sent more than once");
    if (!token.value.startsWith(prefix)) return unverified("invalid_signature", path, `must start with "${prefix}"`);
    if (!isOneOf(token.value.slice(prefix.length), secrets)) return unverified("invalid_signature");
    return provesSender("static-token", delivery);
  }

  function sign({ url }: Draft, secret = ""): Signed {
    if (header !== undefined) return { url, headers: { [header]: `${prefix}${secret}` } };
    if (place.path === true) {
      const [before = "", ...query] = url.split("?");
      return { url: [`${before}/t/${encodeURIComponent(secret)}`, ...query].join("?"), headers: {} };
    }
    const parameter = `${encodeURIComponent(place.query ?? "")}=${encodeURIComponent(secret)}`;
    return { url: `${url}${url.includes("?") ? "&" : "?"}${parameter}`, headers: {} };
  }

  return {
    name: "static-token",
    summary: summaryOf(place),
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 1,
    presents: (delivery) => tokens(delivery) !== undefined,
    verify,
    sign,
    clues: { reads: [path] },
  };
}

function summaryOf({ header, query, path, prefix = "" }: TokenPlace): string {
  if (path === true) return "the secret at the end of the address: …/t/<the secret>";
  return header === undefined ? `the secret in the query parameter "${query}"` : `${prefix}<the secret> in ${header}`;
}

function inPath(url: string): { readonly value: string } | undefined {
  const [path = ""] = url.split("?");
  const last = /\/t\/([^/]+)$/.exec(path)?.[1];
  if (last === undefined) return undefined;
  try {
    return { value: decodeURIComponent(last) };
  } catch {
    return { value: last };
  }
}
