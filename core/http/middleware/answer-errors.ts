import { ClientGone, type ErrorCode, errorTable, messageOf, Refusal, StoreError } from "../../errors.ts";
import type { Log } from "../../telemetry/log.ts";
import type { Context, Middleware } from "../context.ts";

/** The one place where what went wrong becomes a status and the envelope `{"error": {code, message, details?, request_id}}`. */
export function answerErrors(logs: Pick<Log, "webhook" | "gateway">): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (error instanceof ClientGone || ctx.req.socket.destroyed) {
        ctx.respond = false;
        return;
      }
      const refusal = refusalOf(error);
      const { requestId } = ctx.state;
      const { about, isDelivery } = aboutRequest(ctx);
      const log = isDelivery ? logs.webhook : logs.gateway;
      if (refusal.code === "internal_error") log.error({ ...about, err: error }, "Request failed");
      if (refusal.code === "store_unavailable") log.error({ ...about, err: refusal.cause }, "Store is unavailable");
      ctx.status = refusal.status;
      if (refusal.retryAfterSeconds !== undefined) ctx.set("retry-after", String(refusal.retryAfterSeconds));
      if (refusal.code === "unauthorized") ctx.set("www-authenticate", "Bearer");
      if (refusal.code === "request_timeout") ctx.set("connection", "close");
      ctx.body = envelope(refusal, requestId);
    }
  };
}

/** For the log: what was asked, without the secret that some senders have at the end of their address. */
function aboutRequest({ method, url, state }: Context): { readonly about: object; readonly isDelivery: boolean } {
  const [path = ""] = url.split("?");
  const [, source] = (method === "POST" && /^\/api\/webhooks\/([^/]{1,63})(?:\/t\/[^/]*)?$/.exec(path)) || [];
  const { requestId } = state;
  const about = {
    request_id: requestId,
    ...(source !== undefined && { delivery_id: requestId, source }),
    method,
    path: path.replace(/(\/t\/)[^/]+$/, "$1…"),
  };
  return { about, isDelivery: source !== undefined };
}

export function envelope(refusal: Refusal, requestId?: string): object {
  const { code, message, details } = refusal;
  return { error: { code, message, ...(details && { details }), ...(requestId && { request_id: requestId }) } };
}

/** What koa-body throws carries a status; everything else that is not ours is a bug. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreError) return new Refusal("store_unavailable", { retryAfterSeconds: 5, cause: error });
  const status = error instanceof Error && "status" in error ? error.status : 500;
  const code: ErrorCode | undefined = (
    { 400: "invalid_json", 413: "payload_too_large", 415: "unsupported_media_type" } as const
  )[Number(status)];
  if (code === undefined) return new Refusal("internal_error", { cause: error });
  const message = code === "invalid_json" ? `Body is not valid JSON: ${messageOf(error)}` : errorTable[code].message;
  return new Refusal(code, { message: message.slice(0, 300), cause: error });
}
