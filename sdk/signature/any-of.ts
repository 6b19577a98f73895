import { PluginError } from "../errors.ts";
import type { SignatureScheme, Unverified } from "./scheme.ts";

/**
 * One of several schemes must verify. A delivery that carries something of a scheme is judged by what it carries: a wrong
 * signature is never let in as an unsigned delivery. A refusal speaks of the first scheme that it carries anything of, else
 * of the first in the list.
 *
 * @throws {PluginError} for an empty list
 */
export function anyOf(...schemes: readonly SignatureScheme[]): SignatureScheme {
  const [first] = schemes;
  if (first === undefined) throw new PluginError("anyOf: name at least one scheme");
  const signing = schemes.filter((scheme) => scheme.needsSecret);
  return {
    name: "any-of",
    summary: schemes.map((scheme) => scheme.summary).join("; or "),
    needsSecret: signing.length === schemes.length,
    acceptsUnsigned: schemes.some((scheme) => scheme.acceptsUnsigned),
    provesBody: first.provesBody,
    minimumSecretLength: Math.min(
      ...(signing.length > 0 ? signing : schemes).map((scheme) => scheme.minimumSecretLength),
    ),
    presents: (delivery) => schemes.some((scheme) => scheme.presents(delivery)),
    verify(delivery, credentials) {
      const presented = schemes.filter((scheme) => !scheme.acceptsUnsigned && scheme.presents(delivery));
      const unsigned = schemes.filter((scheme) => scheme.acceptsUnsigned && credentials.allowUnsigned);
      let refusal: Unverified | undefined;
      for (const scheme of presented.length > 0 ? presented : unsigned) {
        const result = scheme.verify(delivery, credentials);
        if (result.verified) return result;
        refusal ??= result;
      }
      return refusal ?? first.verify(delivery, credentials);
    },
    sign(draft, secret, at) {
      const scheme = schemes.find((each) => each.needsSecret === (secret !== undefined)) ?? first;
      return scheme.sign(draft, secret, at);
    },
  };
}
