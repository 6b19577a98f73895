import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Delivery } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import { type Fetch, type Fetched, isFetchable } from "../fetch.ts";
import { parseJson } from "../json.ts";
import {
  type Credentials,
  provesSender,
  required,
  type SignatureScheme,
  type Unverified,
  unverified,
  type Verification,
} from "./scheme.ts";

export interface BearerJwtOptions {
  /** Who must have issued the token: its `iss`, character by character. */
  readonly issuer: string;
  /** For whom: one of its `aud`. A token that the sender got for somebody else is not for us. */
  readonly audience: string;
  /** Where the issuer publishes its keys (RFC 7517), `https:`. */
  readonly jwksUrl: string;
  /** What else the token must claim: `azp` or `appid` is the sender itself where an issuer has many. */
  readonly claims?: Readonly<Record<string, string>>;
  /** Default: every one of these. A shared secret (`HS256`) is none: a published key would be one. */
  readonly algorithms?: readonly JwtAlgorithm[];
  /** The header that carries the token. Default `Authorization`, after `Bearer `. */
  readonly header?: string;
}

export const jwtAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/** Issuers announce a new key long before they sign with it, and withdraw a stolen one; between the two stands this. */
const keysFreshForSeconds = 600;
/** Of `exp` and `nbf`: the clocks of issuers and ours. */
const clockToleranceSeconds = 60;

/**
 * A bearer token (JWT, RFC 7519) of an issuer that publishes its keys, such as Entra ID. It proves who sends, until it
 * expires; neither what nor when. Keys come from the one configured address, never from one that a token names.
 *
 * @throws {PluginError} for an address that cannot be asked, and without issuer, audience or algorithm
 */
export function bearerJwt(options: BearerJwtOptions): SignatureScheme {
  const { issuer, audience, jwksUrl, claims = {}, algorithms = jwtAlgorithms } = options;
  if (issuer === "" || audience === "") throw new PluginError("issuer and audience: say both");
  if (!isFetchable(jwksUrl)) throw new PluginError(`jwks_url: "${jwksUrl}" must be an https address`);
  const unknown = algorithms.filter((algorithm) => !jwtAlgorithms.includes(algorithm));
  if (algorithms.length === 0 || unknown.length > 0) {
    throw new PluginError(`algorithms: must be some of ${jwtAlgorithms.join(", ")}`);
  }
  const header = (options.header ?? "Authorization").toLowerCase();
  const bearer = header === "authorization" ? /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i : /^([\w-]+\.[\w-]+\.[\w-]+)$/;
  const keysOf = keyReader();

  function refused(message: string): Unverified {
    return unverified("invalid_signature", `headers.${header}`, message);
  }

  function verify(delivery: Delivery, _: Credentials, fetch?: Fetch): Verification | Promise<Verification> {
    const found = required(delivery, header);
    if ("code" in found) return found;
    const token = bearer.exec(found.value)?.[1];
    if (token === undefined) return refused("must be a JSON Web Token");
    // What is none, or of somebody else's, makes nobody fetch anything.
    if (!isAddressedHere(token)) return refused("must be a token of this issuer, signed by a key of its own");
    return fetch === undefined ? unverified("vendor_unreachable") : verifyToken(token, delivery, fetch);
  }

  function isAddressedHere(token: string): boolean {
    try {
      const { alg } = decodeProtectedHeader(token);
      return decodeJwt(token).iss === issuer && algorithms.some((algorithm) => algorithm === alg);
    } catch {
      return false;
    }
  }

  async function verifyToken(token: string, delivery: Delivery, fetch: Fetch, newerThan?: Date): Promise<Verification> {
    const fetched = await fetch({
      url: jwksUrl,
      host: new URL(jwksUrl).host,
      freshForSeconds: keysFreshForSeconds,
      ...(newerThan && { newerThan }),
    });
    const keys = keysOf(fetched);
    if (!fetched.ok || keys === undefined) return unverified("vendor_unreachable");
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: [...algorithms],
        currentDate: delivery.receivedAt,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ["exp"],
      });
      const wrong = Object.keys(claims).find((name) => payload[name] !== claims[name]);
      return wrong === undefined ? provesSender("bearer-jwt", delivery) : refused(`has another "${wrong}"`);
    } catch (error) {
      const isRotated = error instanceof errors.JWKSNoMatchingKey && newerThan === undefined;
      return isRotated ? verifyToken(token, delivery, fetch, fetched.at) : refused(faultOf(error));
    }
  }

  return {
    name: "bearer-jwt",
    summary: `a JSON Web Token of ${issuer} for ${audience} in ${options.header ?? "Authorization"}`,
    needsSecret: false,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 0,
    presents: (delivery) => delivery.headers[header]?.some((value) => bearer.test(value)) === true,
    verify,
    sign: ({ url }) => ({ url, headers: {} }),
    canSign: () => false,
    clues: { reads: [`headers.${header}`] },
  };
}

/** Reads the published keys; once for each answer, since importing a key costs more than checking a signature. */
function keyReader(): (fetched: Fetched) => JWTVerifyGetKey | undefined {
  let last: { readonly text: string; readonly keys: JWTVerifyGetKey | undefined } | undefined;
  return (fetched) => {
    if (!fetched.ok) return undefined;
    if (last?.text !== fetched.text) last = { text: fetched.text, keys: readKeys(fetched.text) };
    return last.keys;
  };
}

function readKeys(text: string): JWTVerifyGetKey | undefined {
  try {
    return createLocalJWKSet(parseJson(Buffer.from(text)) as Parameters<typeof createLocalJWKSet>[0]);
  } catch {
    return undefined;
  }
}

/** For the sender, who has the token and may know what is wrong with it. */
function faultOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "is a token that has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `has a wrong "${error.claim}", or none`;
  if (error instanceof errors.JWKSNoMatchingKey) return "is signed by a key that its issuer does not publish";
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return 'must say by "kid" which of its issuer\'s keys signed it';
  return "is not a token that can be verified";
}
