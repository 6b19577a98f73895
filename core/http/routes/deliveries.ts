import { isUtf8 } from "node:buffer";
import type Router from "@koa/router";
import joi from "joi";
import { errorTable, Refusal } from "../../errors.ts";
import { deliveryIdOf } from "../../ingest/answer.ts";
import { type DeliveryQuery, type DeliveryStore, outcomes, type StoredDelivery } from "../../store/ports.ts";
import type { Middleware, State } from "../context.ts";
import { anyOfValues, listParameters, pageBody, readQuery } from "../query.ts";

type Query = Omit<DeliveryQuery, "after"> & { readonly cursor?: string };

export const deliveryQuery: joi.ObjectSchema<Query> = joi.object<Query>({
  ...listParameters,
  source: joi.string(),
  outcome: anyOfValues(outcomes),
  code: joi.string().valid(...Object.keys(errorTable)),
});

/** `/api/deliveries`: what arrived and why it was refused; `/api/queue/:queue_id`: what became of a queued one. */
export function deliveryRoutes(router: Router<State>, manage: readonly Middleware[], deliveries: DeliveryStore): void {
  async function find(id: string, shown: string): Promise<StoredDelivery> {
    const delivery = await deliveries.get(id);
    if (delivery === undefined) throw new Refusal("not_found", { message: `There is no ${shown.slice(0, 100)}` });
    return delivery;
  }

  router.get("/api/deliveries", ...manage, async (ctx) => {
    const { cursor, ...query } = readQuery(ctx, deliveryQuery);
    ctx.body = pageBody(await deliveries.list({ ...query, ...(cursor && { after: cursor }) }));
  });
  router.get("/api/deliveries/:id", ...manage, async (ctx) => {
    const id = String(ctx.params.id);
    const { body, ...delivery } = await find(id, `delivery '${id}'`);
    ctx.body = { ...delivery, ...shownBody(body) };
  });
  router.get("/api/queue/:queue_id", ...manage, async (ctx) => {
    const queueId = String(ctx.params.queue_id);
    const delivery = await find(deliveryIdOf(queueId) ?? "", `queued event '${queueId}'`);
    const { id, source, outcome, reason, attempts, next_attempt_at, incidents, received_at, duplicate_of } = delivery;
    ctx.body = {
      queue_id: queueId,
      delivery_id: id,
      source,
      state: outcome,
      reason,
      attempts,
      next_attempt_at,
      received_at,
      duplicate_of,
      incidents,
      ...incidents[0],
    };
  });
}

function shownBody(body: Uint8Array | null): {
  readonly body: string | null;
  readonly body_encoding: "utf8" | "base64" | null;
} {
  if (body === null) return { body: null, body_encoding: null };
  const bytes = Buffer.from(body);
  return isUtf8(bytes)
    ? { body: bytes.toString("utf8"), body_encoding: "utf8" }
    : { body: bytes.toString("base64"), body_encoding: "base64" };
}
