import type { Delivery, Fetch, Greeted, Ignored, Reply } from "@thruway/sdk";
import { Refusal } from "../errors.ts";
import type { Source } from "../sources/sources.ts";
import { checkReply } from "./reply.ts";

const retryAfterSeconds = 30;

/**
 * The answer to a challenge or a ping that the vendor has signed like its events: a reply that is sent as it is, or the reason
 * for which the delivery is stored and makes no incident. A promise only where the vendor has to be asked in turn.
 *
 * @throws {Refusal} vendor_unreachable, where it then does not answer
 */
export function signedHandshake(
  delivery: Delivery,
  { handshake }: Pick<Source, "handshake">,
  fetch: Fetch,
): Reply | Ignored | undefined | Promise<Reply | Ignored> {
  const greeted = handshake.after?.(delivery, fetch);
  if (greeted === undefined) return undefined;
  return greeted instanceof Promise ? greeted.then(checked) : checked(greeted);
}

function checked(greeted: Greeted): Reply | Ignored {
  if ("unreachable" in greeted) throw new Refusal("vendor_unreachable", { retryAfterSeconds });
  return "ignored" in greeted ? greeted : checkReply(greeted);
}
