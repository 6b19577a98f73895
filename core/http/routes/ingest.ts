import type Router from "@koa/router";
import { type IngestDependencies, ingest } from "../../ingest/ingest.ts";
import { type ReceiveLimits, receive } from "../../ingest/receive.ts";
import type { State } from "../context.ts";

/** `POST /api/webhooks/:source`: where vendors send events. Signed, so it takes no token. */
export function ingestRoute(router: Router<State>, deps: IngestDependencies, limits: ReceiveLimits): void {
  router.post("/api/webhooks/:source", async (ctx) => {
    const { req, res } = ctx;
    const expects = req.headers.expect !== undefined;
    const ingested = await ingest(
      {
        id: ctx.state.requestId,
        sourceName: ctx.params.source ?? "",
        method: ctx.method,
        url: ctx.url,
        headers: req.headersDistinct,
        address: req.socket.remoteAddress ?? "",
        receivedAt: ctx.state.receivedAt,
        receive: () => receive(req, limits, expects ? () => res.writeContinue() : undefined),
      },
      deps,
    );
    if (ingested.kind === "reply") {
      ctx.status = ingested.reply.status;
      ctx.type = ingested.reply.type;
      ctx.body = ingested.reply.body;
      return;
    }
    ctx.status = 202;
    ctx.body = ingested.answer;
  });
}
