import type { Logger } from "pino";
import type { Who } from "../access/who.ts";
import { Refusal } from "../errors.ts";
import type { DeliveryStore, QueueStore, StoredDelivery } from "../store/ports.ts";
import { loggedTrace, parseTraceparent } from "../trace.ts";
import { type Answer, answer } from "./answer.ts";

export interface ReplayDependencies {
  readonly deliveries: Pick<DeliveryStore, "get">;
  readonly queue: Pick<QueueStore, "requeue">;
  /** Called when a delivery was put back, so that a worker looks at once. */
  readonly onQueued: () => void;
  readonly by: Who;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Replays a delivery by its id; what it resolves with and throws is said at `replay`. */
export type Replayer = (id: string, by: Who) => Promise<Answer>;

/** Somebody else may change it between a look and the next step; after so many changes it is nobody's to replay. */
const mostLooks = 3;

/**
 * Puts a delivery back into the queue, so that its kept bytes run through today's plugin. That its sender was authentic is
 * remembered, not checked again: its signature is too old by now. What has made its incidents makes nothing twice.
 *
 * @returns what a sender would be told: `queued`, or what it is a duplicate of
 * @throws {Refusal} not_found, or not_replayable with the reason
 */
export async function replay(id: string, deps: ReplayDependencies): Promise<Answer> {
  for (let look = 0; look < mostLooks; look++) {
    const delivery = await original(id, deps.deliveries);
    if (delivery.outcome === "queued") return answer(delivery, false);
    if (delivery.outcome === "accepted") return answer(delivery, true);
    if (delivery.outcome === "refused") throw notReplayable("It was never authenticated, and its bytes are not kept");
    if (delivery.body === null) throw notReplayable("Its bytes are not kept");
    if (await deps.queue.requeue(delivery.id, deps.now())) {
      const { source, outcome } = delivery;
      const trace = loggedTrace(parseTraceparent(delivery.traceparent));
      deps.log.info({ ...deps.by, delivery_id: delivery.id, source, outcome, ...trace }, "Delivery replayed");
      deps.onQueued();
      return answer({ ...delivery, outcome: "queued" }, false);
    }
  }
  throw notReplayable("Another delivery of the same event was taken in its place");
}

/** The delivery itself, or the one that it repeats, which has the bytes. */
async function original(id: string, deliveries: ReplayDependencies["deliveries"]): Promise<StoredDelivery> {
  let found = await deliveries.get(id);
  if (found === undefined) throw new Refusal("not_found", { message: `There is no delivery '${id.slice(0, 63)}'` });
  // One that was put back and turned out to be another one again is itself the original of some.
  const seen = new Set<string>();
  while (found.outcome === "duplicate") {
    seen.add(found.id);
    const next: StoredDelivery | undefined =
      found.duplicate_of === null ? undefined : await deliveries.get(found.duplicate_of);
    if (next === undefined || seen.has(next.id)) {
      throw notReplayable("The delivery that it repeats is not stored any more");
    }
    found = next;
  }
  return found;
}

function notReplayable(reason: string): Refusal {
  return new Refusal("not_replayable", { message: `This delivery cannot be replayed: ${reason}` });
}
