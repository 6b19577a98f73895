import type Router from "@koa/router";
import { Refusal } from "../../errors.ts";
import { deliveryIdOf } from "../../ingest/answer.ts";
import type { DeliveryStore, QueueStatus, QueueStore } from "../../store/ports.ts";
import type { Middleware, State } from "../context.ts";

export interface QueueRoutesDependencies {
  readonly queue: Pick<QueueStore, "status">;
  readonly deliveries: Pick<DeliveryStore, "get">;
  readonly now: () => Date;
}

/** The state of the queue as it is shown. */
export interface QueueView extends QueueStatus {
  readonly oldest_age_seconds: number | null;
  /** How many were settled in a second, over the last minute. */
  readonly per_second: number;
}

/** `/api/queue`: how much waits; `/api/queue/:queue_id`: what became of a queued delivery. */
export function queueRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  { queue, deliveries, now }: QueueRoutesDependencies,
): void {
  router.get("/api/queue", ...manage, async (ctx) => {
    const at = now();
    ctx.body = view(await queue.status(at), at);
  });
  router.get("/api/queue/:queue_id", ...manage, async (ctx) => {
    const queueId = String(ctx.params.queue_id);
    const delivery = await deliveries.get(deliveryIdOf(queueId) ?? "");
    if (delivery === undefined) {
      throw new Refusal("not_found", { message: `There is no queued event '${queueId.slice(0, 63)}'` });
    }
    const { id, source, outcome, code, reason, attempts, next_attempt_at, incidents, received_at } = delivery;
    ctx.body = {
      queue_id: queueId,
      delivery_id: id,
      source,
      state: outcome,
      code,
      reason,
      attempts,
      next_attempt_at,
      received_at,
      duplicate_of: delivery.duplicate_of,
      incidents,
      ...incidents[0],
    };
  });
}

function view(status: QueueStatus, at: Date): QueueView {
  const { depth, due, oldest_received_at: oldest, settled_last_minute: settled } = status;
  return {
    depth,
    due,
    oldest_received_at: oldest,
    oldest_age_seconds: oldest === null ? null : Math.max(0, Math.floor((at.getTime() - Date.parse(oldest)) / 1_000)),
    settled_last_minute: settled,
    per_second: Math.round((settled / 60) * 100) / 100,
  };
}
