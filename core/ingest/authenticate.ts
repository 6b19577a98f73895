import type { Delivery, Verified } from "@thruway/sdk";
import { Refusal } from "../errors.ts";
import type { Source } from "../sources/sources.ts";
import type { Identified } from "./identify.ts";

export interface Authenticated {
  readonly source: Source;
  readonly proof: Verified;
}

/**
 * Proves the sender by the scheme of its source, over the raw bytes, with every active secret.
 *
 * @throws {Refusal} invalid_signature, invalid_timestamp, unknown_source, source_disabled
 */
export function authenticate(delivery: Delivery, identified: Identified, name: string): Authenticated {
  const { scheme, credentials } = identified.source;
  const proof = scheme.verify(delivery, credentials);
  if (!identified.known) {
    throw new Refusal("unknown_source", { message: `Webhook source '${name.slice(0, 63)}' is not registered` });
  }
  if (!proof.verified) throw new Refusal(proof.code, proof.fault === undefined ? {} : { details: [proof.fault] });
  const { source } = identified;
  if (!source.enabled) {
    throw new Refusal("source_disabled", { message: `Webhook source '${source.name}' is disabled` });
  }
  return { source, proof };
}
