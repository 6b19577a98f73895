import type { Delivery, Fetch, Verification, Verified } from "@thruway/sdk";
import { Refusal } from "../errors.ts";
import type { Source } from "../sources/sources.ts";
import type { Identified } from "./identify.ts";

export interface Authenticated {
  readonly source: Source;
  readonly proof: Verified;
}

/** What could not be fetched is not asked for again any sooner. */
const retryAfterSeconds = 10;

/**
 * Proves the sender by the scheme of its source, over the raw bytes, with every active secret. A promise only where the scheme
 * has to fetch something.
 *
 * @throws {Refusal} invalid_signature, invalid_timestamp, vendor_unreachable, unknown_source, source_disabled
 */
export function authenticate(
  delivery: Delivery,
  identified: Identified,
  name: string,
  fetch?: Fetch,
): Authenticated | Promise<Authenticated> {
  const { scheme, credentials } = identified.source;
  const said = scheme.verify(delivery, credentials, fetch);
  return said instanceof Promise ? said.then((proof) => judge(proof, identified, name)) : judge(said, identified, name);
}

function judge(proof: Verification, identified: Identified, name: string): Authenticated {
  if (!identified.known) {
    throw new Refusal("unknown_source", { message: `Webhook source '${name.slice(0, 63)}' is not registered` });
  }
  if (!proof.verified) {
    throw new Refusal(proof.code, {
      ...(proof.fault && { details: [proof.fault] }),
      ...(proof.code === "vendor_unreachable" && { retryAfterSeconds }),
    });
  }
  const { source } = identified;
  if (!source.enabled) {
    throw new Refusal("source_disabled", { message: `Webhook source '${source.name}' is disabled` });
  }
  return { source, proof };
}
