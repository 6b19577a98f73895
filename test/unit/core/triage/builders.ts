import assert from "node:assert/strict";
import { type Action, defineAction, joi } from "@thruway/sdk";
import type { Incident } from "../../../../core/incidents/incident.ts";
import { shownIncident } from "../../../../core/incidents/show.ts";
import type { Approval } from "../../../../core/runs/approval.ts";
import type { Message } from "../../../../core/runs/message.ts";
import type { StepRecord } from "../../../../core/runs/run.ts";
import { actionsOf } from "../../../../core/triage/actions/index.ts";
import { incidentsInMemory } from "../../../../core/triage/dry-run.ts";
import { listOf } from "../../../../core/triage/lists.ts";
import { type FindRaw, type Mistake, parsePlaybook } from "../../../../core/triage/parse.ts";
import type { Playbook } from "../../../../core/triage/playbook.ts";
import type { ChangeContext, IncidentChange, ServiceRequest, TriagePorts } from "../../../../core/triage/ports.ts";
import { type Beginning, type Ended, runPlaybook } from "../../../../core/triage/runner.ts";
import { aDraft } from "../../../contracts/builders.ts";

export const noon = new Date("2026-01-15T12:00:00.000Z");

export function anIncident(given: Partial<Incident> = {}): Incident {
  const kept = { number: "INC-2026-0001", deliveries: ["d1"], version: 1, triage: null };
  return { ...shownIncident(aDraft(), kept), ...given };
}

/** Gives what it is told, and remembers how often. */
export function anEcho(): Action & { readonly calls: unknown[] } {
  const calls: unknown[] = [];
  const action = defineAction<{ readonly value: unknown }>({
    name: "echo",
    about: "Gives what it is told",
    parameters: joi.object({ value: joi.any(), token: joi.string().meta({ sensitive: true }) }),
    output: {
      value: "dyn",
      text: "string",
      count: "int",
      share: "double",
      names: "list<string>",
      deep: { flag: "bool" },
    },
    run: ({ value }) => {
      calls.push(value);
      return typeof value === "object" && value !== null ? { ...value, value } : { value };
    },
  });
  return { ...action, calls };
}

/** Fails so many times, then does not. */
export function aFailing(times: number): Action {
  let left = times;
  return defineAction({
    name: "flaky",
    about: "Fails at first",
    parameters: joi.object({}),
    output: { done: "bool" },
    run: () => {
      left -= 1;
      if (left >= 0) throw new Error("it is not there");
      return { done: true };
    },
  });
}

/** Never comes to an end by itself. */
export const hanging = defineAction({
  name: "hang",
  about: "Does not end",
  parameters: joi.object({}),
  output: {},
  run: () => new Promise<never>(() => {}),
});

export function actions(...more: readonly Action[]): ReturnType<typeof actionsOf> {
  return actionsOf([{ name: "test", actions: more }]);
}

/** @throws where it has mistakes */
export function aPlaybook(yaml: string, more: readonly Action[] = [], find?: FindRaw): Playbook {
  const parsed = parsePlaybook(yaml, actions(...more), find);
  assert.ok("playbook" in parsed, "mistakes" in parsed ? JSON.stringify(parsed.mistakes, null, 1) : "");
  return parsed.playbook;
}

export function mistakesOf(yaml: string, more: readonly Action[] = [], find?: FindRaw): readonly Mistake[] {
  const parsed = parsePlaybook(yaml, actions(...more), find);
  return "mistakes" in parsed ? parsed.mistakes : [];
}

/** Everything that a run did outside of itself. */
export interface Done {
  readonly changes: { readonly change: IncidentChange; readonly context: ChangeContext }[];
  readonly messages: Message[];
  readonly requests: (ServiceRequest & { readonly service: string })[];
  readonly approvals: Map<string, Approval>;
}

export interface Given {
  readonly incident?: Incident;
  readonly payloads?: readonly unknown[];
  readonly history?: readonly Incident[];
  readonly lists?: Readonly<Record<string, string>>;
  readonly answers?: Readonly<Record<string, { readonly status: number; readonly body: unknown }>>;
  readonly approvals?: Map<string, Approval>;
  readonly steps?: readonly StepRecord[];
  /** Left out, the one that the incident has. */
  readonly verdictBefore?: Incident["verdict"];
}

export function portsFor(given: Given): { readonly ports: TriagePorts; readonly done: Done } {
  const incident = given.incident ?? anIncident();
  const done: Done = { changes: [], messages: [], requests: [], approvals: given.approvals ?? new Map() };
  const memory = incidentsInMemory({
    get: (id) => Promise.resolve(id === incident.id || id === incident.number ? incident : undefined),
  });
  return {
    done,
    ports: {
      incidents: {
        ...memory,
        change: (id, change, context) => {
          done.changes.push({ change, context });
          return memory.change(id, change, context);
        },
      },
      history: {
        find: ({ type, value }) =>
          Promise.resolve(
            (given.history ?? []).filter(({ entities }) =>
              entities.some((each) => each.type === type && each.value === value),
            ),
          ),
      },
      lists: {
        get: (name) => {
          const text = given.lists?.[name];
          return text === undefined ? undefined : listOf(text, text.includes(","));
        },
      },
      services: {
        check: () => {},
        ask: (service, request) => {
          done.requests.push({ service, ...request });
          const answer = given.answers?.[service];
          if (answer === undefined) return Promise.reject(new Error(`there is no service "${service}"`));
          return Promise.resolve({ ...answer, cached: false });
        },
      },
      outbox: {
        check: () => {},
        post: (message) => {
          const isKnown = done.messages.some(({ id }) => id === message.id);
          if (!isKnown) done.messages.push(message);
          return Promise.resolve(!isKnown);
        },
      },
      approvals: {
        ask: (approval) => {
          const known = done.approvals.get(approval.id) ?? approval;
          done.approvals.set(approval.id, known);
          return Promise.resolve(known);
        },
      },
    },
  };
}

/** Runs a playbook and gives what became of it, with everything that it did. */
export async function run(playbook: Playbook, given: Given = {}): Promise<Ended & Done> {
  const incident = given.incident ?? anIncident();
  const { ports, done } = portsFor({ ...given, incident });
  const beginning: Beginning = {
    runId: "run-1",
    playbook,
    incident,
    verdictBefore: given.verdictBefore === undefined ? incident.verdict : given.verdictBefore,
    payloads: given.payloads ?? [],
    steps: given.steps ?? [],
    verdict: null,
  };
  const ended = await runPlaybook(beginning, {
    ports,
    journal: { write: () => Promise.resolve() },
    now: () => noon,
    clock: () => performance.now(),
  });
  return { ...ended, ...done };
}
