import type Router from "@koa/router";
import joi from "joi";
import { Refusal } from "../../errors.ts";
import { type ApprovalState, approvalStates } from "../../runs/approval.ts";
import type { TriageStore } from "../../store/triage-port.ts";
import type { Context, Middleware, State } from "../context.ts";
import { anyOfValues, pageBody, readQuery } from "../query.ts";
import { readJson } from "../read-json.ts";
import { analystOf } from "../who.ts";

export interface ApprovalRoutesDependencies {
  readonly store: TriageStore;
  /** Told that a run may go on. */
  readonly onDecided: () => void;
  readonly now: () => Date;
}

interface Query {
  readonly limit: number;
  readonly cursor?: string;
  readonly state?: readonly ApprovalState[];
}

/** An approval's id is that of its run and the name of its step. */
const approvalId = /^[0-9a-f-]{36}:[\w.]{1,200}$/;

export const approvalQuery: joi.ObjectSchema<Query> = joi.object<Query>({
  limit: joi.number().integer().min(1).max(200).default(50),
  cursor: joi.string().custom((value: string, helpers) => {
    const id = Buffer.from(value, "base64url").toString("latin1");
    return approvalId.test(id) ? id : helpers.error("any.invalid");
  }),
  state: anyOfValues(approvalStates),
});

const decisionSchema = joi.object<{ readonly comment?: string }>({ comment: joi.string().max(2_000) });

/** `/api/approvals`: what runs wait for, and who decides. */
export function approvalRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  { store, onDecided, now }: ApprovalRoutesDependencies,
): void {
  router.get("/api/approvals", ...manage, async (ctx) => {
    const { cursor, ...query } = readQuery(ctx, approvalQuery);
    ctx.body = pageBody(await store.approvals({ ...query, ...(cursor && { after: cursor }) }));
  });
  router.get("/api/approvals/:id", ...manage, async (ctx) => {
    const found = await store.approval(idIn(ctx));
    if (found === undefined) throw missing(ctx);
    ctx.body = found;
  });
  const decide = (state: "granted" | "denied"): Middleware => {
    return async (ctx) => {
      const { comment = null } = readJson(ctx, decisionSchema);
      const id = idIn(ctx);
      const by = analystOf(ctx);
      const decided = await store.decide(id, { state, by, comment, at: now() });
      if (decided !== undefined) {
        onDecided();
        ctx.body = decided;
        return;
      }
      const there = await store.approval(id);
      if (there === undefined) throw missing(ctx);
      const message =
        there.state === "pending"
          ? `It expired at ${there.expires_at}; ask for the triage again`
          : `It was ${there.state} already, by ${there.decided_by}`;
      throw new Refusal("approval_decided", { message });
    };
  };
  router.post("/api/approvals/:id/grant", ...manage, decide("granted"));
  router.post("/api/approvals/:id/deny", ...manage, decide("denied"));
}

function idIn(ctx: Context): string {
  return String(ctx.params.id);
}

function missing(ctx: Context): Refusal {
  return new Refusal("not_found", { message: `There is no approval '${idIn(ctx).slice(0, 100)}'` });
}
