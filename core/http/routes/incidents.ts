import type Router from "@koa/router";
import { severities } from "@thruway/sdk";
import joi from "joi";
import { Refusal } from "../../errors.ts";
import { statuses } from "../../incidents/incident.ts";
import type { IncidentQuery, IncidentStore } from "../../store/ports.ts";
import type { Middleware, State } from "../context.ts";
import { anyOfValues, listParameters, pageBody, readQuery } from "../query.ts";
import { traceLink } from "../trace-link.ts";

type Query = Omit<IncidentQuery, "after" | "includeTests"> & {
  readonly cursor?: string;
  readonly include_tests: boolean;
};

export const incidentQuery: joi.ObjectSchema<Query> = joi.object<Query>({
  ...listParameters,
  source: joi.string(),
  severity: anyOfValues(severities),
  status: anyOfValues(statuses),
  type: joi.string(),
  external_id: joi.string(),
  include_tests: joi.boolean().default(false),
});

/** `/api/incidents`: read by those who work them. */
export function incidentRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  incidents: IncidentStore,
  traceUrl: string | undefined,
): void {
  router.get("/api/incidents", ...manage, async (ctx) => {
    const { cursor, include_tests, ...query } = readQuery(ctx, incidentQuery);
    const page = await incidents.list({ ...query, includeTests: include_tests, ...(cursor && { after: cursor }) });
    ctx.body = pageBody({
      ...page,
      data: page.data.map((each) => ({ ...each, ...traceLink(each.trace_id, traceUrl) })),
    });
  });
  router.get("/api/incidents/:id", ...manage, async (ctx) => {
    const id = String(ctx.params.id);
    const incident = await incidents.get(id);
    if (incident === undefined)
      throw new Refusal("not_found", { message: `There is no incident '${id.slice(0, 63)}'` });
    ctx.body = { ...incident, ...traceLink(incident.trace_id, traceUrl) };
  });
}
