import { defineAction } from "@thruway/sdk";
import joi from "joi";
import { durationSchema } from "../duration.ts";
import type { CoreContext } from "./action.ts";
import { approved, longestWaitMs } from "./approval.ts";
import { pathSchema, querySchema } from "./service.ts";

interface Parameters {
  readonly service: string;
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  readonly description: string;
  readonly requires_approval: boolean;
  readonly expires: string;
}

type Wanted = Pick<Parameters, "service" | "method" | "path" | "query" | "body">;

export const httpAction = defineAction<Parameters, CoreContext>({
  name: "http_action",
  about:
    "Does something by a service of the configuration file (quarantine, isolate, disable, block), once somebody has allowed it",
  parameters: joi.object<Parameters>({
    service: joi.string().required(),
    method: joi.string().valid("POST", "PUT", "PATCH", "DELETE").default("POST"),
    path: pathSchema.default(""),
    query: querySchema.default({}),
    body: joi.any(),
    description: joi.string().max(1_000).required(),
    requires_approval: joi.boolean().default(true),
    expires: durationSchema(longestWaitMs).default("24h"),
  }),
  output: { done: "bool", granted: "bool", status: "int", body: "dyn", by: "string" },
  async run({ service, method, path, query, body, description, requires_approval: asks, expires }, context) {
    const wanted: Wanted = { service, method, path, query, ...(body !== undefined && { body }) };
    // Nobody is to be asked about what could not be done.
    context.ports.services.check(service);
    const decision = asks ? await approved(description, { ...wanted }, expires, context) : undefined;
    const granted = decision === undefined || decision.state === "granted";
    const by = decision?.decided_by ?? undefined;
    if (!granted) return { done: false, granted, by };
    // What was shown to whoever allowed it is done, whatever the incident has become meanwhile.
    const { service: of, ...request } = (decision?.details as Wanted | undefined) ?? wanted;
    const { ports, key, signal } = context;
    const answer = await ports.services.ask(of, { ...request, key, signal });
    if (answer.status >= 300) throw new Error(`the service "${of}" answered ${answer.status}`);
    return { done: true, granted, status: answer.status, body: answer.body, by };
  },
});
