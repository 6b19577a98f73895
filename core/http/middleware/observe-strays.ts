import { Refusal } from "../../errors.ts";
import type { IngestDependencies } from "../../ingest/ingest.ts";
import { observeStray } from "../../ingest/stray.ts";
import type { Context, Middleware } from "../context.ts";

const endpoint = /^\/api\/webhooks\/([^/]+)(\/t\/[^/]+)?\/?$/;
/** Those of the management of sources, whose address is the endpoint's. */
const managing = new Set(["GET", "HEAD", "PATCH", "DELETE"]);

/**
 * Counts requests to the webhook endpoint that are refused before it is reached: by a method that is none of ours, or without a
 * `Host`.
 */
export function observeStrays(deps: Pick<IngestDependencies, "sources" | "observe">): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const sourceName = error instanceof Refusal && isStray(ctx, error) ? sourceNameOf(ctx) : undefined;
      if (sourceName !== undefined) {
        observeStray({ id: ctx.state.requestId, sourceName, code: (error as Refusal).code }, deps);
      }
      throw error;
    }
  };
}

function isStray(ctx: Context, { code }: Refusal): boolean {
  return code === "method_not_allowed" || (ctx.matched === undefined && code === "invalid_request");
}

/** `undefined` for a request to something else. */
function sourceNameOf(ctx: Context): string | undefined {
  const [, name, token] = endpoint.exec(ctx.path) ?? [];
  return token === undefined && managing.has(ctx.method) ? undefined : name;
}
