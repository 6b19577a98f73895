import { isUtf8 } from "node:buffer";
import type Router from "@koa/router";
import joi from "joi";
import { errorTable, Refusal } from "../../errors.ts";
import type { Replayer } from "../../ingest/replay.ts";
import { type DeliveryQuery, type DeliveryStore, outcomes } from "../../store/ports.ts";
import type { Middleware, State } from "../context.ts";
import { anyOfValues, listParameters, pageBody, readQuery } from "../query.ts";

type Query = Omit<DeliveryQuery, "after"> & { readonly cursor?: string };

export const deliveryQuery: joi.ObjectSchema<Query> = joi.object<Query>({
  ...listParameters,
  source: joi.string(),
  outcome: anyOfValues(outcomes),
  code: joi.string().valid(...Object.keys(errorTable)),
});

/** `/api/deliveries`: what arrived and why it was refused; a replay runs one through today's plugin. */
export function deliveryRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  deliveries: Pick<DeliveryStore, "list" | "get">,
  replay: Replayer,
): void {
  router.get("/api/deliveries", ...manage, async (ctx) => {
    const { cursor, ...query } = readQuery(ctx, deliveryQuery);
    ctx.body = pageBody(await deliveries.list({ ...query, ...(cursor && { after: cursor }) }));
  });
  router.get("/api/deliveries/:id", ...manage, async (ctx) => {
    const id = String(ctx.params.id);
    const found = await deliveries.get(id);
    if (found === undefined) throw new Refusal("not_found", { message: `There is no delivery '${id.slice(0, 63)}'` });
    const { body, ...delivery } = found;
    ctx.body = { ...delivery, ...shownBody(body) };
  });
  router.post("/api/deliveries/:id/replay", ...manage, async (ctx) => {
    ctx.status = 202;
    ctx.body = await replay(String(ctx.params.id));
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
