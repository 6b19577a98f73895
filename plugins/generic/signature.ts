import {
  allOf,
  allowedAddresses,
  anyOf,
  awsSns,
  type BearerJwtOptions,
  basic,
  bearerJwt,
  bodySecret,
  box,
  type CertificateForm,
  certificateForms,
  crowdstrike,
  defined,
  github,
  hmac,
  joi,
  jwtAlgorithms,
  type MutualTlsOptions,
  mutualTls,
  PluginError,
  pagerduty,
  type SecretEncoding,
  type SignatureScheme,
  sentry,
  shopify,
  slack,
  standardWebhooks,
  staticToken,
  stripe,
  svix,
  type TimestampUnit,
  twilio,
  unsigned,
  webhookSignature,
} from "@thruway/sdk";

/** How the operator says that the sender proves itself. The names are those of the wire. */
export type SignatureOptions =
  | { readonly scheme: Plain | "unsigned" }
  | { readonly scheme: "stripe" | "crowdstrike"; readonly header?: string }
  | { readonly scheme: "twilio"; readonly public_url: string }
  | { readonly scheme: "basic"; readonly username: string }
  | { readonly scheme: "body-secret"; readonly path: string }
  | { readonly scheme: "allowed-addresses"; readonly allow: readonly string[] }
  | { readonly scheme: "any-of" | "all-of"; readonly schemes: readonly SignatureOptions[] }
  | SnsOptions
  | HmacOptions
  | TokenOptions
  | JwtOptions
  | MutualTls;

type Plain = keyof typeof plain;

export interface SnsOptions {
  readonly scheme: "aws-sns";
  readonly topics: readonly string[];
  readonly confirm_subscriptions?: boolean;
}

interface HmacOptions {
  readonly scheme: "hmac";
  readonly header: string | readonly string[];
  readonly algorithm?: "sha1" | "sha256" | "sha512";
  readonly encoding?: "hex" | "base64";
  readonly prefix?: string;
  readonly separator?: string;
  readonly signs?: string;
  readonly timestamp?: {
    readonly header?: string;
    readonly prefix?: string;
    readonly unit?: TimestampUnit;
    readonly tolerance_seconds?: number;
  };
  readonly id?: { readonly header: string };
  readonly secret_encoding?: SecretEncoding;
  readonly public_url?: string;
}

interface TokenOptions {
  readonly scheme: "token";
  readonly header?: string;
  readonly prefix?: string;
  readonly query?: string;
  readonly path?: true;
}

interface JwtOptions {
  readonly scheme: "bearer-jwt";
  readonly issuer: string;
  readonly audience: string;
  readonly jwks_url: string;
  readonly claims?: Readonly<Record<string, string>>;
  readonly algorithms?: NonNullable<BearerJwtOptions["algorithms"]>;
  readonly header?: string;
}

interface MutualTls extends Omit<MutualTlsOptions, "form"> {
  readonly scheme: "mutual-tls";
  readonly form?: CertificateForm;
}

/** Those that have nothing to choose. */
const plain = {
  webhook: webhookSignature,
  "standard-webhooks": standardWebhooks,
  svix,
  github,
  slack,
  shopify,
  pagerduty,
  sentry,
  box,
} as const satisfies Readonly<Record<string, () => SignatureScheme>>;

/** @throws {PluginError} where the options contradict each other */
export function schemeOf(options: SignatureOptions): SignatureScheme {
  switch (options.scheme) {
    case "hmac":
      return hmacOf(options);
    case "token":
      return tokenOf(options);
    case "unsigned":
      return unsigned("the operator chose a sender that cannot sign");
    case "stripe":
      return stripe(options);
    case "crowdstrike":
      return crowdstrike(options);
    case "twilio":
      return twilio({ publicUrl: options.public_url });
    case "aws-sns":
      return awsSns(options);
    case "basic":
      return basic(options);
    case "bearer-jwt":
      return jwtOf(options);
    case "mutual-tls":
      return mutualTls({ ...options, form: options.form ?? "xfcc" });
    case "allowed-addresses":
      return allowedAddresses(options.allow);
    case "body-secret":
      return bodySecret(options);
    case "any-of":
      return anyOf(...options.schemes.map(schemeOf));
    case "all-of":
      return allOf(...options.schemes.map(schemeOf));
    default:
      return plain[options.scheme]();
  }
}

function hmacOf({ timestamp, secret_encoding, public_url, ...rest }: HmacOptions): SignatureScheme {
  const options = defined({ ...rest, secretEncoding: secret_encoding, publicUrl: public_url });
  if (timestamp === undefined) return hmac(options);
  const { header, prefix, unit, tolerance_seconds } = timestamp;
  const how = defined({ unit, toleranceSeconds: tolerance_seconds });
  if (header !== undefined && prefix === undefined) return hmac({ ...options, timestamp: { header, ...how } });
  if (prefix !== undefined && header === undefined) return hmac({ ...options, timestamp: { prefix, ...how } });
  throw new PluginError('a timestamp has a "header" of its own, or a "prefix" in the signature\'s; name one of them');
}

function tokenOf({ header, prefix, query, path }: TokenOptions): SignatureScheme {
  if (path === true) return staticToken({ path });
  if (query !== undefined) return staticToken({ query });
  if (header !== undefined) return staticToken(defined({ header, prefix }));
  throw new PluginError('a token stands in a "header", in a "query" parameter or in the "path"; name one of them');
}

function jwtOf({ jwks_url, ...rest }: JwtOptions): SignatureScheme {
  return bearerJwt({ ...rest, jwksUrl: jwks_url });
}

/** RFC 9110, 5.6.2: what a header's name is made of. */
const header = joi
  .string()
  .pattern(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "header name")
  .max(100);
const short = joi.string().max(200);
const address = joi.string().max(1_000);
const list = (item: joi.Schema, most: number): joi.ArraySchema => joi.array().items(item).min(1).max(most).unique();

/** What each scheme lets choose besides its name. */
const choices: Readonly<Record<Exclude<SignatureOptions["scheme"], Plain | "any-of" | "all-of">, joi.ObjectSchema>> = {
  hmac: joi.object({
    header: joi.alternatives(header, list(header, 5)).required(),
    algorithm: joi.valid("sha1", "sha256", "sha512"),
    encoding: joi.valid("hex", "base64"),
    prefix: short,
    separator: joi.string().max(5),
    signs: short,
    timestamp: joi.object({
      header,
      prefix: short,
      unit: joi.valid("s", "ms", "float", "iso"),
      tolerance_seconds: joi.number().integer().min(1).max(86_400),
    }),
    id: joi.object({ header: header.required() }),
    secret_encoding: joi.valid("utf8", "base64", "whsec"),
    public_url: address,
  }),
  token: joi
    .object({ header, prefix: short, query: short, path: joi.valid(true) })
    .oxor("header", "query", "path")
    .without("query", "prefix")
    .without("path", "prefix")
    .messages({
      "object.oxor":
        '{{#label}} names more than one of a "header", a "query" parameter and the "path"; a token stands in one of them',
      "object.without": '{{#label}} has a "prefix", which only a header has',
    }),
  unsigned: joi.object({}),
  stripe: joi.object({ header }),
  crowdstrike: joi.object({ header }),
  twilio: joi.object({ public_url: address.required() }),
  "aws-sns": joi.object({ topics: list(address, 50).required(), confirm_subscriptions: joi.boolean() }),
  basic: joi.object({ username: short.required() }),
  "body-secret": joi.object({ path: short.required() }),
  "allowed-addresses": joi.object({ allow: list(short, 200).required() }),
  "bearer-jwt": joi.object({
    issuer: address.required(),
    audience: address.required(),
    jwks_url: address.required(),
    claims: joi.object().pattern(short, address).max(10),
    algorithms: list(joi.valid(...jwtAlgorithms), jwtAlgorithms.length),
    header,
  }),
  "mutual-tls": joi.object({
    header: header.required(),
    form: joi.valid(...certificateForms),
    fingerprints: list(short, 50),
    subjects: list(address, 50),
    verified: joi.object({ header: header.required(), value: short.required() }),
  }),
};

const single: readonly (readonly [name: string, schema: joi.ObjectSchema])[] = [
  ...Object.keys(plain).map((name) => [name, joi.object({})] as const),
  ...Object.entries(choices),
];

/** Chosen by `scheme`, so that a mistake is told in the words of the scheme that was meant. */
function chosenFrom(schemes: typeof single): joi.Schema<SignatureOptions> {
  const names = joi.valid(...schemes.map(([name]) => name)).required();
  return joi
    .alternatives()
    .conditional<SignatureOptions, SignatureOptions>(joi.ref(".scheme"), {
      // biome-ignore lint/suspicious/noThenProperty: that is what Joi calls it
      switch: schemes.map(([name, schema]) => ({ is: name, then: schema.keys({ scheme: names }) })),
      otherwise: joi.object({ scheme: names }).unknown(),
    })
    .custom(refuseContradiction)
    .description("a scheme by its name, with what it lets choose")
    .messages({ "any.custom": "{{#label}} is not a scheme: {{#error.message}}" });
}

const several = joi.object({ schemes: joi.array().items(chosenFrom(single)).min(2).max(5).required() });

export const signatureOptions: joi.Schema<SignatureOptions> = chosenFrom([
  ...single,
  ["any-of", several],
  ["all-of", several],
]);

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

/** The scheme itself and those that it is made of. */
export function withParts(options: SignatureOptions): readonly SignatureOptions[] {
  return "schemes" in options ? [options, ...options.schemes.flatMap(withParts)] : [options];
}
