import { randomUUIDv7 } from "node:crypto";
import type Router from "@koa/router";
import joi from "joi";
import { Refusal } from "../../errors.ts";
import type { Incident } from "../../incidents/incident.ts";
import { newRun, shownRun, type TriageView } from "../../runs/run.ts";
import type { IncidentStore } from "../../store/ports.ts";
import type { TriageStore } from "../../store/triage-port.ts";
import type { Library } from "../../triage/library.ts";
import { playbookName } from "../../triage/shape.ts";
import { playbookOf } from "../../triage/try.ts";
import type { Context, Middleware, State } from "../context.ts";
import { readJson } from "../read-json.ts";
import { analystOf } from "../who.ts";

export interface TriageRoutesDependencies {
  readonly store: TriageStore;
  readonly incidents: Pick<IncidentStore, "get">;
  readonly library: () => Library;
  /** Resolves once what is stored is known here. */
  readonly refresh: () => Promise<void>;
  /** Told that a run is due. */
  readonly onStarted: () => void;
  readonly now: () => Date;
}

const askSchema = joi.object<{ readonly playbook?: string }>({ playbook: playbookName });

/** `/api/incidents/:id/triage`: its runs, step by step; one can be asked for again. */
export function triageRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  { store, incidents, library, refresh, onStarted, now }: TriageRoutesDependencies,
): void {
  async function found(ctx: Context): Promise<Incident> {
    const id = String(ctx.params.id);
    const incident = await incidents.get(id);
    if (incident !== undefined) return incident;
    throw new Refusal("not_found", { message: `There is no incident '${id.slice(0, 63)}'` });
  }

  router.get("/api/incidents/:id/triage", ...manage, async (ctx) => {
    const { id, number } = await found(ctx);
    const [runs, messages] = await Promise.all([store.runsOf(id), store.messagesOf(id)]);
    ctx.body = {
      incident_id: id,
      incident_number: number,
      runs: runs.map(shownRun),
      notifications: messages.map(({ data: _, body: __, ...message }) => message),
    } satisfies TriageView;
  });
  router.post("/api/incidents/:id/triage", ...manage, async (ctx) => {
    const { playbook = null } = readJson(ctx, askSchema);
    const { id, number } = await found(ctx);
    if (playbook !== null) {
      await refresh();
      playbookOf(playbook, library());
    }
    const about = { id: randomUUIDv7(), incident_id: id, incident_number: number, playbook };
    const run = newRun({ ...about, asked_by: analystOf(ctx), created_at: now().toISOString() });
    await store.start(run);
    onStarted();
    ctx.status = 202;
    ctx.body = shownRun(run);
  });
}
