import { provesWithoutSecret, type SignatureScheme, takesSecret } from "@thruway/sdk";
import type { Detail } from "../errors.ts";
import type { Registration } from "./registration.ts";

/** NIST SP 800-107 asks for keys as long as the digest; what is shorter can be guessed offline from one captured delivery. */
export const shortSecret = 16;

/** Whether the secrets of a source are what its signature scheme needs. */
export function secretProblems(scheme: SignatureScheme, { secrets, options }: Registration): readonly Detail[] {
  const unsigned = options.allow_unsigned === true;
  if (unsigned && !scheme.acceptsUnsigned) {
    return [{ path: "options.allow_unsigned", message: `is not for a sender that signs: ${scheme.summary}` }];
  }
  if (unsigned && secrets.length > 0) {
    return [{ path: "options.allow_unsigned", message: "makes a secret useless; leave one of the two out" }];
  }
  if (secrets.length > 0 && !takesSecret(scheme)) {
    return [{ path: "secret", message: `is of no use: the sender proves itself by ${scheme.summary}` }];
  }
  if (!unsigned && secrets.length === 0 && !provesWithoutSecret(scheme)) {
    const remedy = scheme.acceptsUnsigned ? "; or set options.allow_unsigned to take what anybody sends" : "";
    return [{ path: "secret", message: `is required: the sender must send ${scheme.summary}${remedy}` }];
  }
  if (secrets.some((secret) => secret.length < scheme.minimumSecretLength)) {
    return [{ path: "secret", message: `must have at least ${scheme.minimumSecretLength} characters` }];
  }
  const written = secrets.map((secret) => scheme.secretProblem?.(secret)).find((problem) => problem !== undefined);
  return written === undefined ? [] : [{ path: "secret", message: written }];
}

/** What is allowed and yet unwise. */
export function warnings({ secrets, options }: Registration): readonly string[] {
  const found: string[] = [];
  if (secrets.some((secret) => secret.length < shortSecret)) {
    found.push(
      `A secret has fewer than ${shortSecret} characters and could be guessed; \`openssl rand -hex 32\` makes a good one`,
    );
  }
  if (options.allow_unsigned === true) {
    found.push("Anybody who reaches this address can make incidents: deliveries are not signed");
  }
  return found;
}
