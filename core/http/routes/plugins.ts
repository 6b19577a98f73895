import type Router from "@koa/router";
import type { Plugins } from "../../registry/plugins.ts";
import type { Middleware, State } from "../context.ts";

/** `/api/plugins`: what is installed here, how its senders sign, what a source may set, and the presets for it. */
export function pluginRoutes(router: Router<State>, manage: readonly Middleware[], plugins: Plugins): void {
  router.get("/api/plugins", ...manage, (ctx) => {
    const data = plugins.all.map((plugin) => ({
      name: plugin.name,
      title: plugin.title,
      signature: plugin.signature({}).summary,
      options: Object.keys(plugin.options.describe().keys ?? {}),
      presets: Object.entries(plugin.presets).map(([name, title]) => ({
        name,
        title,
        signature: plugin.signature({ preset: name }).summary,
      })),
    }));
    ctx.body = { data, meta: { next_cursor: null } };
  });
}
