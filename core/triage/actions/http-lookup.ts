import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";
import { pathSchema, querySchema } from "./service.ts";

interface Parameters {
  readonly service: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean>>;
}

export const httpLookup = defineAction<Parameters, CoreContext>({
  name: "http_lookup",
  about: "Asks a service of the configuration file what it knows; it changes nothing there",
  parameters: joi.object<Parameters>({
    service: joi.string().required(),
    path: pathSchema.default(""),
    query: querySchema.default({}),
  }),
  output: { status: "int", found: "bool", cached: "bool", body: "dyn" },
  async run({ service, path, query }, { ports, signal }) {
    const { status, body, cached } = await ports.services.ask(service, { method: "GET", path, query, signal });
    if (status >= 500 || status === 429) throw new Error(`the service "${service}" answered ${status}`);
    return { status, found: status < 300, cached, body };
  },
});
