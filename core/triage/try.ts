/** Runs a playbook on an incident, or on what a payload would become, and changes and sends nothing. */
import { randomUUIDv7 } from "node:crypto";
import { Refusal } from "../errors.ts";
import type { Incident } from "../incidents/incident.ts";
import type { Plugins } from "../registry/plugins.ts";
import type { RunVerdict, StepRecord } from "../runs/run.ts";
import { dryRunPorts, type Would } from "./dry-run.ts";
import type { Library } from "./library.ts";
import type { Playbook } from "./playbook.ts";
import type { TriagePorts } from "./ports.ts";
import { runPlaybook } from "./runner.ts";
import { incidentFrom } from "./scenarios.ts";
import type { TriageDependencies } from "./work.ts";
import { payloadsOf } from "./work.ts";

/** What would have come out. */
export interface Tried {
  readonly playbook: string;
  readonly version: string;
  readonly incident_number: string | null;
  readonly state: "done" | "failed" | "waiting";
  readonly reason: string | null;
  readonly verdict: RunVerdict | null;
  readonly severity: Incident["severity"];
  readonly status: Incident["status"];
  readonly tags: readonly string[];
  readonly steps: readonly StepRecord[];
  readonly would: Would;
}

export interface TryDependencies
  extends Pick<TriageDependencies, "portsFor" | "library" | "deliveries" | "log" | "now" | "clock"> {
  readonly plugins: Plugins;
}

/** On which incident: one that is stored, or the one that a payload would become. */
export type TryOn = { readonly incident: string } | { readonly payload: unknown; readonly plugin: string };

/** @throws {Refusal} not_found, invalid_playbook, invalid_payload */
export async function tryPlaybook(name: string, on: TryOn, deps: TryDependencies): Promise<Tried> {
  const playbook = playbookOf(name, deps.library());
  const { incident, payloads, number } = await incidentOf(on, deps);
  const real = deps.portsFor({ incident_id: incident.id });
  const given: TriagePorts["incidents"] = { ...real.incidents, get: () => Promise.resolve(incident) };
  const { ports, would } = dryRunPorts({ ...real, incidents: given });
  const beginning = { runId: randomUUIDv7(), playbook, incident, verdictBefore: incident.verdict, payloads };
  const ended = await runPlaybook(
    { ...beginning, steps: [], verdict: null },
    { ports, journal: { write: () => Promise.resolve() }, now: deps.now, clock: deps.clock },
  );
  const { state, reason, verdict, severity, steps } = ended;
  const { status, tags } = ended.incident;
  const { version } = playbook;
  return {
    playbook: name,
    version,
    incident_number: number,
    state,
    reason,
    verdict,
    severity,
    status,
    tags,
    steps,
    would,
  };
}

/** The one that is asked for. @throws {Refusal} not_found, invalid_playbook for one that has mistakes */
export function playbookOf(name: string, there: Library): Playbook {
  const playbook = there.get(name);
  if (playbook !== undefined) return playbook;
  const listed = there.all.find((each) => each.name === name);
  if (listed === undefined) throw new Refusal("not_found", { message: `There is no playbook '${name.slice(0, 100)}'` });
  throw new Refusal("invalid_playbook", { message: `The playbook '${name}' has mistakes` });
}

async function incidentOf(
  on: TryOn,
  deps: TryDependencies,
): Promise<{ readonly incident: Incident; readonly payloads: readonly unknown[]; readonly number: string | null }> {
  if ("incident" in on) {
    const incident = await deps.portsFor({ incident_id: "" }).incidents.get(on.incident);
    if (incident === undefined) {
      throw new Refusal("not_found", { message: `There is no incident '${on.incident.slice(0, 63)}'` });
    }
    return { incident, payloads: await payloadsOf(incident, deps), number: incident.number };
  }
  const made = incidentFrom(on.payload, on.plugin, deps.plugins, deps.now());
  if (typeof made === "string") throw new Refusal("invalid_payload", { message: `It cannot be tried: ${made}` });
  return { incident: made, payloads: [on.payload], number: null };
}
