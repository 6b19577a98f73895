import { isUtf8 } from "node:buffer";
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { fromBase64 } from "../base64.ts";
import { type Delivery, single } from "../delivery.ts";
import { formAsJson, formContentType } from "../form.ts";
import { checkPublicUrl, withQueryOf } from "../public-url.ts";
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

const header = "x-twilio-signature";
/** More than Twilio sends in a form; they are sorted before anybody is believed. */
const mostParameters = 1_000;

/**
 * Twilio: HMAC-SHA-1 over the address that it posts to, and the form's parameters by name. JSON is signed by its SHA-256 in
 * the address (`bodySHA256`). The secret is the account's auth token. It signs no time.
 * https://www.twilio.com/docs/usage/security#validating-requests
 *
 * @param options.publicUrl the address as it is entered at Twilio, without query: a proxy in front shows the gateway another
 * @throws {PluginError} for an address that is none
 */
export function twilio(options: { readonly publicUrl: string }): ImmediateScheme {
  const addresses = withAndWithoutPort(checkPublicUrl(options.publicUrl));

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const signature = required(delivery, header);
    if ("code" in signature) return signature;
    const given = fromBase64(signature.value);
    if (given?.length !== 20)
      return unverified("invalid_signature", `headers.${header}`, "must be <base64 HMAC-SHA-1>");
    const written = writtenParameters(delivery);
    if (typeof written !== "string") return written;
    const signed = addresses.map((address) => Buffer.from(withQueryOf(address, delivery.url) + written));
    let matched = false;
    for (const secret of secrets) {
      if (secret === "") continue;
      for (const each of signed) matched = timingSafeEqual(given, digest(secret, each)) || matched;
    }
    if (!matched) return unverified("invalid_signature");
    return { verified: true, scheme: "twilio", signed: signed[0] ?? given, toleranceSeconds: defaultToleranceSeconds };
  }

  /** As Twilio signs JSON; Thruway's test events are no forms. */
  function sign({ url, body }: Draft, secret: string | undefined): Signed {
    const withHash = `${url}${url.includes("?") ? "&" : "?"}bodySHA256=${hash("sha256", body)}`;
    const signature = digest(secret ?? "", Buffer.from(withQueryOf(options.publicUrl, withHash))).toString("base64");
    return { url: withHash, headers: { [header]: signature } };
  }

  return {
    name: "twilio",
    summary: `<base64 HMAC-SHA-1> of ${options.publicUrl} and the form, or bodySHA256, in X-Twilio-Signature`,
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: true,
    minimumSecretLength: 1,
    contentTypes: [formContentType],
    unwrap: formAsJson,
    presents: (delivery) => delivery.headers[header] !== undefined,
    verify,
    sign,
    clues: { reads: [`headers.${header}`, "query.bodySHA256"] },
  };
}

function digest(secret: string, signed: Uint8Array): Buffer {
  return createHmac("sha1", secret).update(signed).digest();
}

/** What follows the address in what is signed; every byte of the body must be covered by it or by its hash. */
function writtenParameters(delivery: Delivery): string | Extract<Verification, { verified: false }> {
  const { body } = delivery;
  const [hashed, ...others] = delivery.query.getAll("bodySHA256");
  if (others.length > 0) return unverified("invalid_signature", "query.bodySHA256", "is sent more than once");
  if (hashed !== undefined) {
    // Not secret: it stands in the address, which is signed.
    return hashed.toLowerCase() === hash("sha256", body)
      ? ""
      : unverified("invalid_signature", "query.bodySHA256", "is not the SHA-256 of the body");
  }
  const type = single(delivery.headers, "content-type");
  const isForm = type !== undefined && type !== "repeated" && formType.test(type.value) && isUtf8(body);
  if (body.length > 0 && !isForm) {
    return unverified("invalid_signature", "query.bodySHA256", "must be there for a body that is no form");
  }
  const text = Buffer.from(body).toString("utf8");
  if (text.split("&", mostParameters + 1).length > mostParameters) {
    return unverified("invalid_signature", "body", `must not have more than ${mostParameters} parameters`);
  }
  return parametersOf(text);
}

const formType = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/** Names in the order of their code units; of values that come twice, each once, as Twilio's own libraries have it. */
function parametersOf(form: string): string {
  const parameters = new URLSearchParams(form);
  return [...new Set(parameters.keys())]
    .toSorted()
    .flatMap((name) => [...new Set(parameters.getAll(name))].toSorted().map((value) => name + value))
    .join("");
}

/** Twilio leaves the port out, or writes the usual one, depending on the product; its own libraries try both. */
function withAndWithoutPort(address: string): readonly string[] {
  const [, scheme = "", host = "", port, path = ""] = /^(https?):\/\/([^/]*?)(:\d+)?(\/.*)?$/.exec(address) ?? [];
  const usual = scheme === "https" ? ":443" : ":80";
  return [...new Set([address, `${scheme}://${host}${path}`, `${scheme}://${host}${port ?? usual}${path}`])];
}
