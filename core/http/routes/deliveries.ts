import { isUtf8 } from "node:buffer";
import type Router from "@koa/router";
import joi from "joi";
import { errorTable, Refusal } from "../../errors.ts";
import { adviceFor } from "../../ingest/advice.ts";
import type { Replayer } from "../../ingest/replay.ts";
import { type DeliveryQuery, type DeliveryRecord, type DeliveryStore, outcomes } from "../../store/ports.ts";
import { parseTraceparent } from "../../trace.ts";
import type { Middleware, State } from "../context.ts";
import { anyOfValues, listParameters, pageBody, readQuery } from "../query.ts";
import { traceLink } from "../trace-link.ts";
import { whoOf } from "../who.ts";

type Query = Omit<DeliveryQuery, "after"> & { readonly cursor?: string };

export const deliveryQuery: joi.ObjectSchema<Query> = joi.object<Query>({
  ...listParameters,
  source: joi.string(),
  outcome: anyOfValues(outcomes),
  code: joi.string().valid(...Object.keys(errorTable)),
});

export interface DeliveryRoutesDependencies {
  readonly deliveries: Pick<DeliveryStore, "list" | "get">;
  readonly replay: Replayer;
  /** Where a trace is looked at. */
  readonly traceUrl?: string | undefined;
}

/** `/api/deliveries`: what arrived and why it was refused; a replay runs one through today's plugin. */
export function deliveryRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  { deliveries, replay, traceUrl }: DeliveryRoutesDependencies,
): void {
  router.get("/api/deliveries", ...manage, async (ctx) => {
    const { cursor, ...query } = readQuery(ctx, deliveryQuery);
    const page = await deliveries.list({ ...query, ...(cursor && { after: cursor }) });
    ctx.body = pageBody({ ...page, data: page.data.map((each) => traced(each, traceUrl)) });
  });
  router.get("/api/deliveries/:id", ...manage, async (ctx) => {
    const id = String(ctx.params.id);
    const found = await deliveries.get(id);
    if (found === undefined) throw new Refusal("not_found", { message: `There is no delivery '${id.slice(0, 63)}'` });
    const { body, ...delivery } = found;
    ctx.body = { ...traced(delivery, traceUrl), ...shownBody(body), advice: adviceFor(delivery) };
  });
  router.post("/api/deliveries/:id/replay", ...manage, async (ctx) => {
    ctx.status = 202;
    ctx.body = await replay(String(ctx.params.id), whoOf(ctx));
  });
}

/** A delivery as it is shown: with the id of its trace, where that was kept. */
function traced(
  { traceparent, ...delivery }: DeliveryRecord,
  traceUrl: string | undefined,
): Omit<DeliveryRecord, "traceparent"> & ReturnType<typeof traceLink> {
  const trace = parseTraceparent(traceparent);
  return { ...delivery, ...traceLink(trace?.sampled ? trace.traceId : null, traceUrl) };
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
