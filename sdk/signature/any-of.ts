import type { Delivery } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import {
  type Credentials,
  canSign,
  commonClues,
  commonSecretProblem,
  type ImmediateScheme,
  provesWithoutSecret,
  type SignatureScheme,
  takesSecret,
  type Unverified,
  unwrapped,
  type Verification,
  whenSaid,
} from "./scheme.ts";

/**
 * One of several schemes must verify. A delivery that carries something of a scheme is judged by what it carries: a wrong
 * signature is never let in as an unsigned delivery. A refusal speaks of the first scheme that it carries anything of, else
 * of the first in the list; but where a scheme could not fetch what it needs, it speaks of that one, which might have let it
 * in.
 *
 * @throws {PluginError} for an empty list
 */
export function anyOf(...schemes: readonly ImmediateScheme[]): ImmediateScheme;
export function anyOf(...schemes: readonly SignatureScheme[]): SignatureScheme;
export function anyOf(...schemes: readonly SignatureScheme[]): SignatureScheme {
  const [first] = schemes;
  if (first === undefined) throw new PluginError("anyOf: name at least one scheme");
  const signing = schemes.filter((scheme) => scheme.needsSecret);
  const taking = schemes.filter(takesSecret);

  const verify = (
    delivery: Delivery,
    credentials: Credentials,
    fetch?: Fetch,
  ): Verification | Promise<Verification> => {
    const presented = schemes.filter((scheme) => !scheme.acceptsUnsigned && scheme.presents(delivery));
    const unsigned = schemes.filter((scheme) => scheme.acceptsUnsigned && credentials.allowUnsigned);
    const judging = presented.length > 0 ? presented : unsigned;
    const judge = (index: number, refusal?: Unverified): Verification | Promise<Verification> => {
      const scheme = judging[index];
      if (scheme === undefined) return refusal ?? first.verify(delivery, credentials, fetch);
      return whenSaid(scheme.verify(delivery, credentials, fetch), (result) =>
        result.verified ? result : judge(index + 1, told(refusal, result)),
      );
    };
    return judge(0);
  };

  return {
    name: "any-of",
    summary: schemes.map((scheme) => scheme.summary).join("; or "),
    needsSecret: signing.length === schemes.length,
    acceptsUnsigned: schemes.some((scheme) => scheme.acceptsUnsigned),
    provesWithoutSecret: schemes.some(provesWithoutSecret),
    takesSecret: taking.length > 0,
    provesBody: first.provesBody,
    minimumSecretLength: Math.min(
      ...(signing.length > 0 ? signing : schemes).map((scheme) => scheme.minimumSecretLength),
    ),
    contentTypes: schemes.flatMap((scheme) => scheme.contentTypes ?? []),
    unwrap: (body, contentType) => unwrapped(schemes, body, contentType),
    presents: (delivery) => schemes.some((scheme) => scheme.presents(delivery)),
    verify,
    secretProblem: (secret) => commonSecretProblem(taking, secret),
    sign(draft, secret, at) {
      return (schemes.find((scheme) => fits(scheme, secret)) ?? first).sign(draft, secret, at);
    },
    canSign: (secret) => schemes.some((scheme) => fits(scheme, secret)),
    clues: {
      ...commonClues(schemes),
      mistakes: () => schemes.flatMap((scheme) => scheme.clues?.mistakes?.() ?? []),
    },
  };
}

/** Whether a scheme can sign with this secret, or without one. */
function fits(scheme: SignatureScheme, secret: string | undefined): boolean {
  if (scheme.needsSecret !== (secret !== undefined) || !canSign(scheme, secret)) return false;
  return secret === undefined || scheme.secretProblem?.(secret) === undefined;
}

function told(before: Unverified | undefined, now: Unverified): Unverified {
  return before === undefined || now.code === "vendor_unreachable" ? now : before;
}
