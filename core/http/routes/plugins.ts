import type Router from "@koa/router";
import type { Plugins } from "../../registry/plugins.ts";
import type { Middleware, State } from "../context.ts";

/** `/api/plugins`: what is installed here, how its senders sign, and what a source may set. */
export function pluginRoutes(router: Router<State>, manage: readonly Middleware[], plugins: Plugins): void {
  router.get("/api/plugins", ...manage, (ctx) => {
    const data = plugins.all.map((plugin) => ({
      name: plugin.name,
      title: plugin.title,
      signature: plugin.signature({}).summary,
      options: Object.keys(plugin.options.describe().keys ?? {}),
    }));
    ctx.body = { data, meta: { next_cursor: null } };
  });
}
