import type { Delivery } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import {
  type Credentials,
  canSign,
  commonClues,
  commonSecretProblem,
  type ImmediateScheme,
  type Mistake,
  provesWithoutSecret,
  type SignatureScheme,
  type Signed,
  takesSecret,
  unverified,
  unwrapped,
  type Verification,
  type Verified,
  whenSaid,
} from "./scheme.ts";

/**
 * Every one of several schemes must verify: a signature, and an address from which it may come. What proves the body
 * identifies the delivery. Each is tried with every active secret, so two that need one can be met with the same.
 *
 * @throws {PluginError} for fewer than two schemes, and for one that accepts unsigned deliveries, which would add nothing
 */
export function allOf(...schemes: readonly ImmediateScheme[]): ImmediateScheme;
export function allOf(...schemes: readonly SignatureScheme[]): SignatureScheme;
export function allOf(...schemes: readonly SignatureScheme[]): SignatureScheme {
  if (schemes.length < 2) throw new PluginError("allOf: name at least two schemes");
  if (schemes.some((scheme) => scheme.acceptsUnsigned)) {
    throw new PluginError("allOf: a scheme that accepts unsigned deliveries adds nothing; leave it out");
  }
  const taking = schemes.filter(takesSecret);

  const verify = (
    delivery: Delivery,
    credentials: Credentials,
    fetch?: Fetch,
  ): Verification | Promise<Verification> => {
    const judge = (index: number, proofs: readonly Verified[]): Verification | Promise<Verification> => {
      const scheme = schemes[index];
      if (scheme === undefined) return together(proofs, schemes, delivery.receivedAt);
      return whenSaid(scheme.verify(delivery, credentials, fetch), (result) =>
        result.verified ? judge(index + 1, [...proofs, result]) : result,
      );
    };
    return judge(0, []);
  };

  return {
    name: "all-of",
    summary: schemes.map((scheme) => scheme.summary).join("; and "),
    needsSecret: schemes.some((scheme) => scheme.needsSecret),
    acceptsUnsigned: false,
    provesWithoutSecret: schemes.every(provesWithoutSecret),
    takesSecret: taking.length > 0,
    provesBody: schemes.some((scheme) => scheme.provesBody),
    minimumSecretLength: Math.max(...schemes.map((scheme) => scheme.minimumSecretLength)),
    contentTypes: schemes.flatMap((scheme) => scheme.contentTypes ?? []),
    unwrap: (body, contentType) => unwrapped(schemes, body, contentType),
    presents: (delivery) => schemes.some((scheme) => scheme.presents(delivery)),
    verify,
    secretProblem: (secret) => commonSecretProblem(taking, secret),
    sign(draft, secret, at) {
      let signed: Signed = { url: draft.url, headers: {} };
      for (const scheme of schemes) {
        const { url, headers } = scheme.sign({ ...draft, url: signed.url }, secret, at);
        signed = { url, headers: { ...signed.headers, ...headers } };
      }
      return signed;
    },
    canSign: (secret) => schemes.every((scheme) => canSign(scheme, takesSecret(scheme) ? secret : undefined)),
    clues: { ...commonClues(schemes), mistakes: () => schemes.flatMap((_, index) => mistakesOf(schemes, index)) },
  };
}

/** What is done wrong with one of them, where the others are right and have nothing to fetch. */
function mistakesOf(schemes: readonly SignatureScheme[], index: number): readonly Mistake[] {
  const mistakes = schemes[index]?.clues?.mistakes?.() ?? [];
  const others = schemes.toSpliced(index, 1);
  return mistakes.map(({ code, message, verify }) => ({
    code,
    message,
    verify(delivery, credentials) {
      for (const other of others) {
        const result = other.verify(delivery, credentials);
        if (result instanceof Promise) return unverified("vendor_unreachable");
        if (!result.verified) return result;
      }
      return verify(delivery, credentials);
    },
  }));
}

/** Of several times the one that lies farthest from the receipt has to be near enough, by the strictest of the tolerances. */
function together(proofs: readonly Verified[], schemes: readonly SignatureScheme[], receivedAt: Date): Verified {
  const dated = proofs.filter(({ timestamp }) => timestamp !== undefined);
  const distance = ({ timestamp = receivedAt }: Verified): number =>
    Math.abs(timestamp.getTime() - receivedAt.getTime());
  const [farthest] = dated.toSorted((one, other) => distance(other) - distance(one));
  const identifying =
    proofs[
      Math.max(
        0,
        schemes.findIndex((scheme) => scheme.provesBody),
      )
    ] ?? proofs[0];
  return {
    verified: true,
    scheme: proofs.map(({ scheme }) => scheme).join("+"),
    signed: identifying?.signed ?? new Uint8Array(),
    toleranceSeconds: Math.min(...(dated.length > 0 ? dated : proofs).map(({ toleranceSeconds }) => toleranceSeconds)),
    ...(farthest?.timestamp && { timestamp: farthest.timestamp }),
  };
}
