import type Router from "@koa/router";
import type joi from "joi";
import { Refusal } from "../../errors.ts";
import { changeSchema, commentSchema, mergeSchema, splitSchema } from "../../incidents/change-schema.ts";
import type { Incident, WholeIncident } from "../../incidents/incident.ts";
import type { IncidentStore } from "../../store/ports.ts";
import { check, inOneLine } from "../../validate.ts";
import type { Context, Middleware, State } from "../context.ts";
import { shownAs, shownQuery } from "../export-format.ts";
import { ifMatch } from "../if-match.ts";
import { incidentQuery } from "../incident-query.ts";
import { pageBody, readQuery } from "../query.ts";
import { traceLink } from "../trace-link.ts";
import { analystOf } from "../who.ts";

export interface IncidentRoutesDependencies {
  readonly incidents: IncidentStore;
  readonly now: () => Date;
  /** Where a trace is looked at. */
  readonly traceUrl?: string | undefined;
}

/** `/api/incidents`: read and changed by those who work them. */
export function incidentRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  { incidents, now, traceUrl }: IncidentRoutesDependencies,
): void {
  router.get("/api/incidents", ...manage, async (ctx) => {
    const { cursor, include_tests, facets, ...asked } = readQuery(ctx, incidentQuery);
    const query = { ...asked, includeTests: include_tests };
    const [page, counts] = await Promise.all([
      incidents.list({ ...query, ...(cursor && { after: cursor }) }),
      facets && incidents.count(query, facets),
    ]);
    const { data, meta } = pageBody(page);
    ctx.body = {
      data: data.map((each) => ({ ...each, ...traceLink(each.trace_id, traceUrl) })),
      meta: { ...meta, ...counts },
    };
  });
  router.get("/api/incidents/:id", ...manage, async (ctx) => {
    const query = readQuery(ctx, shownQuery);
    const incident = found(ctx, await incidents.get(idIn(ctx)));
    if (query.format === undefined) show(ctx, incident);
    else ctx.body = shownAs(incident, query);
  });
  router.patch("/api/incidents/:id", ...manage, async (ctx) => {
    const { why, ...change } = bodyOf(ctx, changeSchema);
    show(ctx, await incidents.change(idIn(ctx), change, contextOf(ctx, why)));
  });
  router.post("/api/incidents/:id/comments", ...manage, async (ctx) => {
    show(ctx, await incidents.change(idIn(ctx), bodyOf(ctx, commentSchema), contextOf(ctx)));
    ctx.status = 201;
  });

  router.post("/api/incidents/:id/merge", ...manage, async (ctx) => {
    const { into, why } = bodyOf(ctx, mergeSchema);
    show(ctx, await incidents.merge(idIn(ctx), into, contextOf(ctx, why)));
  });
  router.post("/api/incidents/:id/split", ...manage, async (ctx) => {
    const { why } = bodyOf(ctx, splitSchema);
    show(ctx, await incidents.merge(idIn(ctx), null, contextOf(ctx, why)));
  });

  /** @throws {Refusal} not_found */
  function show(ctx: Context, asked: WholeIncident | undefined): void {
    const incident = found(ctx, asked);
    ctx.set("etag", etagOf(incident));
    ctx.body = { ...incident, ...traceLink(incident.trace_id, traceUrl) };
  }

  function contextOf(ctx: Context, why?: string): Parameters<IncidentStore["change"]>[2] {
    const version = ifMatch(ctx);
    return {
      by: analystOf(ctx),
      at: now(),
      ...(why !== undefined && { why }),
      ...(version !== undefined && { version }),
    };
  }
}

function idIn(ctx: Context): string {
  return String(ctx.params.id);
}

/** @throws {Refusal} not_found */
function found(ctx: Context, incident: WholeIncident | undefined): WholeIncident {
  if (incident !== undefined) return incident;
  throw new Refusal("not_found", { message: `There is no incident '${idIn(ctx).slice(0, 63)}'` });
}

function etagOf({ version }: Incident): string {
  return `"${version}"`;
}

/** @throws {Refusal} invalid_request with every problem */
function bodyOf<T>(ctx: Context, schema: joi.ObjectSchema<T>): T {
  const checked = check(schema, ctx.request.body);
  if ("value" in checked) return checked.value;
  const { details } = checked;
  throw new Refusal("invalid_request", { message: `The change is not valid: ${inOneLine(details)}`, details });
}
