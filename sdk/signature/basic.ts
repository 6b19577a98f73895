import { fromBase64 } from "../base64.ts";
import { isOneOf } from "../constant-time.ts";
import type { Delivery } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import {
  type Credentials,
  type ImmediateScheme,
  provesSender,
  required,
  unverified,
  type Verification,
} from "./scheme.ts";

const header = "authorization";

/**
 * Basic authentication (RFC 7617): the source's secret is the password. It proves who sends, but neither what nor when.
 *
 * @param options.username UTF-8, without a colon
 * @throws {PluginError} for a name with a colon in it, or none
 */
export function basic({ username }: { readonly username: string }): ImmediateScheme {
  if (username === "" || username.includes(":")) {
    throw new PluginError("username: must not be empty, and have no colon in it (RFC 7617)");
  }

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const found = required(delivery, header);
    if ("code" in found) return found;
    const encoded = /^Basic +(\S+)$/i.exec(found.value)?.[1];
    const given = encoded === undefined ? undefined : fromBase64(encoded);
    if (given === undefined) {
      return unverified("invalid_signature", `headers.${header}`, "must be Basic <base64 of username:password>");
    }
    const wanted = secrets.map((secret) => `${username}:${secret}`);
    return isOneOf(given, wanted) ? provesSender("basic", delivery) : unverified("invalid_signature");
  }

  return {
    name: "basic",
    summary: `Basic authentication as "${username}", with the secret for a password`,
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 1,
    presents: (delivery) => delivery.headers[header]?.some((value) => /^Basic /i.test(value)) === true,
    verify,
    sign: ({ url }, secret = "") => ({
      url,
      headers: { [header]: `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}` },
    }),
    clues: { reads: [`headers.${header}`] },
  };
}
