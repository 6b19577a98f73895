import type { Delivery, Reply } from "@thruway/sdk";
import type { Identified } from "./identify.ts";
import { checkReply } from "./reply.ts";

/** The answer to a vendor's challenge, where this is one. It is not signed, so it stores nothing and goes no further. */
export function handshake(delivery: Delivery, identified: Identified): Reply | undefined {
  if (!identified.known || !identified.source.enabled) return undefined;
  const reply = identified.source.handshake.before?.(delivery);
  return reply === undefined ? undefined : checkReply(reply);
}
