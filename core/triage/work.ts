/** Works off triage runs: claimed by a lease, written down step by step, gone on with after a crash or an approval. */

import { parseJson } from "@thruway/sdk";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import type { Incident } from "../incidents/incident.ts";
import { type LeaseWorker, workOff } from "../leases.ts";
import type { Approval } from "../runs/approval.ts";
import type { StoredRun } from "../runs/run.ts";
import type { DeliveryStore } from "../store/ports.ts";
import type { ClaimedRun, TriageStore } from "../store/triage-port.ts";
import { attributes } from "../telemetry/attributes.ts";
import type { OpenStep, Tracing } from "../trace.ts";
import { type Actions, compile } from "./compile.ts";
import type { Library } from "./library.ts";
import { mostPayloads } from "./limits.ts";
import type { Playbook } from "./playbook.ts";
import type { TriagePorts } from "./ports.ts";
import { type Ended, runPlaybook } from "./runner.ts";

const pollEveryMs = 500;
const mostAtOnce = 8;
/** A run that came to nothing so often is given up: it is what stops the process, or the store refuses it. */
const mostAttempts = 10;
/** A run that waits looks by itself, should nobody tell it of a decision. */
const lookAgainMs = 60_000;

export interface TriageDependencies {
  readonly store: TriageStore;
  readonly deliveries: Pick<DeliveryStore, "get">;
  /** What actions reach, on behalf of a run. */
  readonly portsFor: (run: Pick<StoredRun, "incident_id">) => TriagePorts;
  readonly library: () => Library;
  /** Resolves once what another gateway was given is known here. */
  readonly refresh: () => Promise<void>;
  readonly actions: Actions;
  readonly leaseMs: number;
  readonly log: Logger;
  readonly now: () => Date;
  readonly clock: () => number;
  readonly tracing: Pick<Tracing, "within">;
  /** Told of each run of a playbook that there is, once it ended or waits. */
  readonly triaged: (playbook: string, outcome: "completed" | "failed" | "waiting") => void;
}

/** Somebody else has the run by now: what is under way here counts for nothing. */
class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

export function startTriage(deps: TriageDependencies): LeaseWorker {
  const stop = new AbortController();
  const worker = workOff({
    most: mostAtOnce,
    everyMs: pollEveryMs,
    claim: (limit) => deps.store.claim(limit, deps.now(), deps.leaseMs),
    work: (job) => settle(job, deps, stop.signal),
    failed: (error) => deps.log.error({ err: error }, "Triage run could not be settled"),
  });
  return {
    wake: () => worker.wake(),
    close() {
      stop.abort();
      return worker.close();
    },
  };
}

/** A run that goes on again and again, and comes no further, ends the process or has the store refuse it. */
function isStuck({ attempts, steps }: StoredRun): boolean {
  const ended = steps.filter(({ state }) => state !== "begun" && state !== "waiting");
  return attempts - ended.length > mostAttempts;
}

/** @param stop is aborted where the process is to end: what waits before it tries again is left to another one */
async function settle(
  { run, epoch, attempts }: ClaimedRun,
  deps: TriageDependencies,
  stop: AbortSignal,
): Promise<void> {
  const { store, log, now, leaseMs } = deps;
  const fields = { run_id: run.id, incident: run.incident_number };
  const end = async (ended: StoredRun): Promise<void> => {
    await store.save({ ...ended, ended_at: now().toISOString() }, epoch, null);
    const { state, playbook, reason, verdict } = ended;
    const level = state === "failed" ? "error" : "info";
    log[level]({ ...fields, state, playbook, reason, verdict: verdict?.verdict ?? null }, "Triage run ended");
    // A name that nothing runs by would be a label that anybody can make.
    if (playbook !== null && ended.plan !== null) deps.triaged(playbook, state === "failed" ? "failed" : "completed");
  };
  if (attempts > mostAttempts || isStuck(run)) {
    return end({ ...run, state: "failed", reason: `it was begun ${mostAttempts} times and came to no end` });
  }
  const waits = await waitsUntil(run, deps);
  if (waits !== undefined) {
    await store.save(run, epoch, waits);
    return;
  }
  const { incidents } = deps.portsFor(run);
  const incident = await incidents.get(run.incident_id);
  if (incident === undefined) return end({ ...run, state: "done", reason: "the incident is gone" });
  // Another gateway may have been given it a moment ago.
  if (run.plan === null && run.playbook !== null && deps.library().get(run.playbook) === undefined)
    await deps.refresh();
  const chosen = chosenFor(run, incident, deps);
  if (!("playbook" in chosen)) return end({ ...run, ...chosen });

  const { playbook } = chosen;
  const began: StoredRun = {
    ...run,
    state: "queued",
    attempts: run.attempts + 1,
    playbook: playbook.name,
    version: playbook.version,
    plan: playbook.definition,
    started_at: run.started_at ?? now().toISOString(),
    verdict_before: run.plan === null ? incident.verdict : run.verdict_before,
  };
  const later = (ms: number): Date => new Date(now().getTime() + ms);
  const save = async (saved: StoredRun, due: Date): Promise<void> => {
    if (!(await store.save(saved, epoch, due))) throw new LeaseLost(`the lease of run ${run.id} was lost`);
  };
  await save(began, later(leaseMs));
  const running = async (span: OpenStep): Promise<Ended> =>
    runPlaybook(
      {
        runId: run.id,
        playbook,
        incident,
        verdictBefore: began.verdict_before,
        payloads: await payloadsOf(incident, deps),
        steps: run.steps,
        verdict: run.verdict,
      },
      {
        ports: deps.portsFor(began),
        journal: { write: (steps, verdict) => save({ ...began, steps, verdict }, later(leaseMs)) },
        now,
        clock: deps.clock,
        stop,
        around: (name, action, work) =>
          deps.tracing.within(span.traceparent, { name, attributes: { [attributes.action]: action } }, work),
      },
    );
  try {
    const renew = (): Promise<unknown> => store.renew(run.id, epoch, later(leaseMs));
    const [first] = incident.deliveries;
    const traceparent = first === undefined ? undefined : (await deps.deliveries.get(first))?.traceparent;
    const about = { [attributes.playbook]: playbook.name, [attributes.incidents]: [incident.number] };
    const span = { name: "triage", source: incident.source, attributes: about };
    const ended = await whileRenewed(leaseMs, renew, () => deps.tracing.within(traceparent, span, running));
    const { steps, verdict, state, reason } = ended;
    if (state !== "waiting") return await end({ ...began, steps, verdict, state, reason });
    const waiting = { ...began, steps, verdict, state };
    await save(waiting, later(lookAgainMs));
    // What was decided just now, when nobody knew that the run waits for it.
    if (!(await approvalsOf(waiting, store)).every(isPending)) await save(waiting, later(0));
    deps.triaged(playbook.name, "waiting");
    log.info({ ...fields, playbook: playbook.name }, "Triage run waits for approval");
  } catch (error) {
    if (stop.aborted && error instanceof Error && error.name === "AbortError") {
      await store.renew(run.id, epoch, now());
      return;
    }
    if (!(error instanceof LeaseLost)) throw error;
    log.warn({ ...fields, reason: error.message }, "Triage run is somebody else's now");
  }
}

/** Does work that outlasts a lease. No renewal comes after it: that would make due again what is over. */
async function whileRenewed<T>(leaseMs: number, renew: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  let renewal: Promise<unknown> = Promise.resolve();
  const renewing = setInterval(() => {
    renewal = renew().catch(() => {});
  }, leaseMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    await renewal;
  }
}

/** What its steps wait for. */
function approvalsOf({ id: run, steps }: StoredRun, store: TriageStore): Promise<readonly (Approval | undefined)[]> {
  const waiting = steps.filter(({ state }) => state === "waiting");
  return Promise.all(waiting.map(({ id }) => store.approval(`${run}:${id}`)));
}

function isPending(approval: Approval | undefined): boolean {
  return approval?.state === "pending";
}

/** When a run that waits is to be looked at again; `undefined` where it can go on. */
async function waitsUntil(run: StoredRun, { store, now }: TriageDependencies): Promise<Date | undefined> {
  if (run.state !== "waiting") return undefined;
  const at = now();
  const approvals = await approvalsOf(run, store);
  const later = new Date(at.getTime() + lookAgainMs);
  const expiries = approvals.map((approval) => approval?.expires_at ?? later.toISOString());
  const soonest = [later.toISOString(), ...expiries].toSorted()[0] ?? "";
  return !approvals.every(isPending) || soonest <= at.toISOString() ? undefined : new Date(soonest);
}

type Chosen = { readonly playbook: Playbook } | Pick<StoredRun, "state" | "reason">;

/** The playbook that the run began with, else the one that is named, else the one whose triggers fit. */
function chosenFor(run: StoredRun, incident: Incident, { library, actions }: TriageDependencies): Chosen {
  if (run.plan !== null) {
    const compiled = compile(run.plan, actions);
    if ("playbook" in compiled) return compiled;
    return { state: "failed", reason: `its playbook cannot be run any more: ${compiled.problems[0]?.message}` };
  }
  const there = library();
  if (run.playbook === null) {
    const playbook = there.choose(incident);
    return playbook === undefined ? { state: "done", reason: "no playbook is for such an incident" } : { playbook };
  }
  const playbook = there.get(run.playbook);
  if (playbook !== undefined) return { playbook };
  const isBroken = there.all.some(({ name }) => name === run.playbook);
  const why = isBroken ? "has mistakes" : "is not there";
  return { state: "failed", reason: `the playbook "${run.playbook}" ${why}` };
}

/** What its newest deliveries held; what cannot be read, or is gone, is left out. */
export async function payloadsOf(
  incident: Incident,
  { deliveries, log }: Pick<TriageDependencies, "deliveries" | "log">,
): Promise<readonly unknown[]> {
  const payloads: unknown[] = [];
  for (const id of incident.deliveries.slice(-mostPayloads).reverse()) {
    const delivery = await deliveries.get(id);
    if (delivery?.body === undefined || delivery.body === null) continue;
    try {
      payloads.push(parseJson(delivery.body));
    } catch (error) {
      log.debug({ delivery_id: id, reason: messageOf(error) }, "Delivery is no JSON for its playbook");
    }
  }
  return payloads;
}
