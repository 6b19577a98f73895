import type { Reply } from "@thruway/sdk";
import type { ErrorCode } from "../errors.ts";
import { knownName } from "./admit.ts";
import { type Arrival, ArrivedDelivery } from "./arrival.ts";
import { handshake } from "./handshake.ts";
import { identify } from "./identify.ts";
import type { IngestDependencies } from "./ingest.ts";
import { startJourney } from "./journey.ts";
import { withoutPlugin } from "./observe.ts";

/**
 * The answer to a challenge that comes by another method than POST, which needs no more than the headers: Okta's GET.
 * `undefined` where it is none.
 */
export function greet(
  arrival: Omit<Arrival, "receive">,
  deps: Pick<IngestDependencies, "sources" | "observe" | "clock">,
): Reply | undefined {
  const { sources } = deps;
  const journey = startJourney(deps.clock);
  const identified = journey.run("identify", () => identify(arrival.sourceName, sources.find.bind(sources)));
  const delivery = new ArrivedDelivery(arrival, Buffer.alloc(0));
  const reply = journey.run("handshake", () => handshake(delivery, identified));
  if (reply !== undefined) {
    const seen = withoutPlugin(knownName(arrival, deps), "greeted");
    deps.observe({ kind: "intake", id: arrival.id, times: journey.times, test: false, ...seen });
  }
  return reply;
}

/** Says of a request to the endpoint that it was refused before its delivery's life began: by another method, say. */
export function observeStray(
  { id, sourceName, code }: Pick<Arrival, "id" | "sourceName"> & { readonly code: ErrorCode },
  deps: Pick<IngestDependencies, "sources" | "observe">,
): void {
  const seen = withoutPlugin(knownName({ sourceName }, deps), "refused", code);
  deps.observe({ kind: "intake", id, times: [], test: false, ...seen });
}
