import { defined, hmac, joi, PluginError, type SignatureScheme, staticToken, unsigned } from "@thruway/sdk";

/** How the operator says that the sender proves itself. The names are those of the wire. */
export type SignatureOptions = HmacOptions | TokenOptions | { readonly scheme: "unsigned" };

interface HmacOptions {
  readonly scheme: "hmac";
  readonly header: string;
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  readonly encoding?: "hex" | "base64";
  readonly prefix?: string;
  readonly signs?: string;
  readonly timestamp?: {
    readonly header: string;
    readonly unit?: "s" | "ms" | "iso";
    readonly tolerance_seconds?: number;
  };
  readonly id?: { readonly header: string };
}

interface TokenOptions {
  readonly scheme: "token";
  readonly header?: string;
  readonly prefix?: string;
  readonly query?: string;
}

/** @throws {PluginError} where the options contradict each other */
export function schemeOf(options: SignatureOptions): SignatureScheme {
  if (options.scheme === "hmac") return hmacOf(options);
  if (options.scheme === "token") return tokenOf(options);
  return unsigned("the operator chose a sender that cannot sign");
}

function hmacOf({ timestamp, ...rest }: HmacOptions): SignatureScheme {
  if (timestamp === undefined) return hmac(rest);
  const { header, unit, tolerance_seconds: toleranceSeconds } = timestamp;
  return hmac({ ...rest, timestamp: defined({ header, unit, toleranceSeconds }) });
}

function tokenOf({ header, prefix, query }: TokenOptions): SignatureScheme {
  if (query !== undefined) return staticToken({ query });
  if (header !== undefined) return staticToken(defined({ header, prefix }));
  throw new PluginError('a token stands in a "header" or in a "query" parameter; name one of them');
}

/** RFC 9110, 5.6.2: what a header's name is made of. */
const header = joi
  .string()
  .pattern(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "header name")
  .max(100);
const short = joi.string().max(200);

const onlyFor = (...schemes: readonly string[]) => ({ is: joi.valid(...schemes), otherwise: joi.forbidden() });
const requiredFor = (scheme: string) => ({ not: scheme, otherwise: joi.required() });

export const signatureOptions = joi
  .object<SignatureOptions>({
    scheme: joi.valid("hmac", "token", "unsigned").required(),
    header: header.when("scheme", onlyFor("hmac", "token")).when("scheme", requiredFor("hmac")),
    prefix: short.when("scheme", onlyFor("hmac", "token")),
    query: short.when("scheme", onlyFor("token")),
    algorithm: joi.valid("sha1", "sha256", "sha512").when("scheme", onlyFor("hmac")),
    encoding: joi.valid("hex", "base64").when("scheme", onlyFor("hmac")),
    signs: short.when("scheme", onlyFor("hmac")),
    timestamp: joi
      .object({
        header: header.required(),
        unit: joi.valid("s", "ms", "iso"),
        tolerance_seconds: joi.number().integer().min(1).max(86_400),
      })
      .when("scheme", onlyFor("hmac")),
    id: joi.object({ header: header.required() }).when("scheme", onlyFor("hmac")),
  })
  .oxor("header", "query")
  .without("query", "prefix")
  .custom(refuseContradiction)
  .messages({
    "any.custom": "{{#label}} is not a scheme: {{#error.message}}",
    "object.oxor": '{{#label}} names a "header" and a "query" parameter; a token stands in one of them',
    "object.without": '{{#label}} has a "prefix", which only a header has',
  });

/** What the scheme itself refuses is refused when the source is registered, not at its first delivery. */
function refuseContradiction(options: SignatureOptions): SignatureOptions {
  try {
    schemeOf(options);
  } catch (error) {
    // Anything else comes of a shape that the schema above has refused already.
    if (error instanceof PluginError) throw error;
  }
  return options;
}
