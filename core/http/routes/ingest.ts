import type Router from "@koa/router";
import type { AddressList, Reply } from "@thruway/sdk";
import type { Arrival } from "../../ingest/arrival.ts";
import { type IngestDependencies, ingest } from "../../ingest/ingest.ts";
import { type ReceiveLimits, receive } from "../../ingest/receive.ts";
import { greet } from "../../ingest/stray.ts";
import { type SourceTester, stagesHeader } from "../../ingest/test-source.ts";
import { type Trace, traceparentOf } from "../../trace.ts";
import { clientAddress } from "../client-address.ts";
import type { Context, Middleware, State } from "../context.ts";

/** Where vendors send events. Signed, so it takes no token; `/t/…` is for a vendor whose secret is part of the address. */
export function ingestRoute(
  router: Router<State>,
  deps: IngestDependencies,
  limits: ReceiveLimits,
  proxies: AddressList,
  tests: Pick<SourceTester, "receive">,
): void {
  const deliver: Middleware = async (ctx) => {
    const { req, res } = ctx;
    const expects = req.headers.expect !== undefined;
    const { requestId, receivedAt } = ctx.state;
    const trace = deps.tracing.begin(requestId, receivedAt, singly(req.headersDistinct.traceparent));
    const arrival = {
      ...arrivalOf(ctx, proxies),
      trace,
      receive: () => receive(req, limits, expects ? () => res.writeContinue() : undefined),
    };
    const test = tests.receive(arrival);
    const ingested = await (test === undefined
      ? ingest(arrival, deps)
      : test.ingested.finally(() => ctx.set(stagesHeader, JSON.stringify(test.journey.times)))
    ).finally(() => sayTrace(ctx, trace));
    if (ingested.kind === "reply") {
      send(ctx, ingested.reply);
      return;
    }
    ctx.status = 202;
    ctx.body = ingested.answer;
  };
  router.post("/api/webhooks/:source", deliver);
  router.post("/api/webhooks/:source/t/:token", deliver);
}

/**
 * Answers a vendor that asks without a body whether this is its address (Okta by GET, Event Grid by OPTIONS); everybody else
 * meets what comes next.
 */
export function answerChallenge(
  deps: Pick<IngestDependencies, "sources" | "observe" | "clock">,
  proxies: AddressList,
): Middleware {
  return async (ctx, next) => {
    const reply = greet(arrivalOf(ctx, proxies), deps);
    if (reply === undefined) await next();
    else send(ctx, reply);
  };
}

function arrivalOf(ctx: Context, proxies: AddressList): Omit<Arrival, "receive"> {
  const { req, state } = ctx;
  return {
    id: state.requestId,
    sourceName: String(ctx.params.source ?? ""),
    method: ctx.method,
    url: ctx.url,
    headers: req.headersDistinct,
    ...clientAddress(req.socket.remoteAddress, req.headersDistinct, proxies),
    receivedAt: state.receivedAt,
  };
}

/** What came twice is no trace context. */
function singly(values: readonly string[] | undefined): string | undefined {
  return values?.length === 1 ? values[0] : undefined;
}

/** Also of what is refused: `traceresponse`, as W3C's drafts have it. */
function sayTrace(ctx: Context, trace: Trace | undefined): void {
  if (trace === undefined) return;
  const { traceId, spanId, kept: sampled } = trace;
  ctx.set("traceresponse", traceparentOf({ traceId, spanId, sampled }));
}

/** As the vendor wants it, and never as a page. */
function send(ctx: Context, { status, type, body, headers = {} }: Reply): void {
  ctx.status = status;
  ctx.set(headers);
  ctx.type = type;
  ctx.body = body;
}
