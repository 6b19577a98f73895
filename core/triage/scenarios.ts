/** Scenario suites: incidents with the verdict that a playbook must come to, run without a gateway. */
import { randomUUIDv7 } from "node:crypto";
import {
  type Alert,
  isIgnored,
  isPointers,
  type MapResult,
  type PayloadError,
  type Plugin,
  type Severity,
  severities,
  type Verdict,
  verdicts,
} from "@thruway/sdk";
import { entityRoles, entityTypes } from "@thruway/sdk/alert";
import joi from "joi";
import { messageOf } from "../errors.ts";
import { draftOf } from "../incidents/draft.ts";
import { type Incident, type Status, statuses } from "../incidents/incident.ts";
import { shownIncident } from "../incidents/show.ts";
import type { Plugins } from "../registry/plugins.ts";
import { inOneLine } from "../validate.ts";
import { dryRunPorts } from "./dry-run.ts";
import { mistakeLines } from "./library.ts";
import { listOf } from "./lists.ts";
import { readYaml } from "./parse.ts";
import type { Playbook } from "./playbook.ts";
import type { TriagePorts } from "./ports.ts";
import { type Ended, runPlaybook } from "./runner.ts";

interface Seen {
  readonly type: string;
  readonly verdict: Verdict | null;
  readonly entities: Incident["entities"];
}

/** An incident, by what is delivered, and what a playbook must make of it. */
export interface Scenario {
  readonly name: string;
  readonly plugin: string;
  readonly payload: unknown;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly history: readonly Seen[];
  readonly answers: Readonly<Record<string, { readonly status: number; readonly body?: unknown }>>;
  readonly expect: {
    readonly verdict: Verdict;
    readonly severity: Severity;
    readonly status?: Status;
    /** Stands in the reason. */
    readonly reason: string;
    readonly tags?: readonly string[];
  };
}

export interface Suite {
  readonly playbook: string;
  readonly scenarios: readonly Scenario[];
}

const entity = joi.object({
  type: joi
    .string()
    .valid(...entityTypes)
    .required(),
  role: joi
    .string()
    .valid(...entityRoles)
    .default("related"),
  value: joi.string().required(),
});

const verdict = joi.string().valid(...verdicts);

const scenarioSchema = joi.object({
  name: joi.string().required(),
  plugin: joi.string().required(),
  payload: joi.any().required(),
  lists: joi.object().pattern(joi.string(), joi.array().items(joi.string())).default({}),
  history: joi
    .array()
    .items(
      joi.object({
        type: joi.string().default("alert"),
        verdict: verdict.allow(null).default(null),
        entities: joi.array().items(entity).required(),
      }),
    )
    .default([]),
  answers: joi
    .object()
    .pattern(joi.string(), joi.object({ status: joi.number().integer().required(), body: joi.any() }))
    .default({}),
  expect: joi
    .object({
      verdict: verdict.required(),
      severity: joi
        .string()
        .valid(...severities)
        .required(),
      status: joi.string().valid(...statuses),
      reason: joi.string().required(),
      tags: joi.array().items(joi.string()),
    })
    .required(),
});

const suiteSchema: joi.ObjectSchema<Suite> = joi
  .object<Suite>({ playbook: joi.string().required(), scenarios: joi.array().items(scenarioSchema).min(1).required() })
  .required();

/** Reads a suite. @returns it, or a line for each mistake */
export function parseSuite(text: string, file: string): Suite | { readonly problems: readonly string[] } {
  const read = readYaml(text);
  if ("mistakes" in read) return { problems: mistakeLines(file, read.mistakes) };
  const { error, value } = suiteSchema.validate(read.value, { abortEarly: false, errors: { wrap: { label: false } } });
  if (error === undefined) return value;
  const mistakes = error.details.map(({ path, message }) => read.mistake({ place: path, message }));
  return {
    problems: mistakeLines(
      file,
      mistakes.map((mistake) => ({ ...mistake, path: "" })),
    ),
  };
}

/** What became of one scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly ended: Ended | undefined;
  /** What is not as it should be; none where all is. */
  readonly faults: readonly string[];
}

/** Runs a scenario: its payload goes through the plugin, its incident through the playbook. */
export async function runScenario(
  scenario: Scenario,
  playbook: Playbook,
  plugins: Plugins,
  now: Date,
): Promise<Outcome> {
  const made = incidentFrom(scenario.payload, scenario.plugin, plugins, now);
  if (typeof made === "string") return { scenario, ended: undefined, faults: [made] };
  const { ports } = dryRunPorts(portsOf(scenario, made));
  const ended = await runPlaybook(
    {
      runId: randomUUIDv7(),
      playbook,
      incident: made,
      verdictBefore: made.verdict,
      payloads: [scenario.payload],
      steps: [],
      verdict: null,
    },
    { ports, journal: { write: () => Promise.resolve() }, now: () => now, clock: () => performance.now() },
  );
  return { scenario, ended, faults: faultsOf(scenario, ended) };
}

/** The incident that a payload makes, numbered as the first of its year; the end of a sentence where it makes none. */
export function incidentFrom(payload: unknown, name: string, plugins: Plugins, now: Date): Incident | string {
  const plugin = name === "auto" ? plugins.bestFor(payload) : plugins.get(name);
  if (plugin === undefined) {
    return `there is no plugin "${name}"; there are: ${plugins.all.map((each) => each.name).join(", ")}`;
  }
  const { error } = plugin.payload.validate(payload, { convert: false, abortEarly: false });
  if (error) {
    const details = error.details.map(({ path, message }) => ({ path: path.join("."), message }));
    return `the payload is none of ${plugin.name}: ${inOneLine(details)}`;
  }
  const mapped = mappedBy(plugin, payload, now);
  if (typeof mapped === "string") return mapped;
  if (isIgnored(mapped) || isPointers(mapped)) return "the payload makes no incident";
  const [alert] = [mapped].flat() as readonly Alert[];
  if (alert === undefined) return "the payload makes no incident";
  const settings = { source: "scenario", plugin: plugin.name, severityMapping: {}, defaultSeverity: "medium" } as const;
  const at = now.toISOString();
  const draft = draftOf(alert, settings, { id: randomUUIDv7(), at, receivedAt: at });
  return shownIncident(draft, { number: `INC-${now.getUTCFullYear()}-0001`, deliveries: [], version: 1, triage: null });
}

/** The end of a sentence where the plugin cannot read the payload. */
function mappedBy(plugin: Plugin, payload: unknown, receivedAt: Date): MapResult | string {
  try {
    return plugin.map(payload, { source: "scenario", options: {}, receivedAt });
  } catch (error) {
    // By name: a plugin may bring a copy of the SDK of its own.
    const path = error instanceof Error && error.name === "PayloadError" ? `${(error as PayloadError).path} ` : "";
    return `${plugin.name} cannot read the payload: ${path}${messageOf(error)}`;
  }
}

function portsOf(scenario: Scenario, incident: Incident): TriagePorts {
  const seen = scenario.history.map(
    (each, index): Incident => ({
      ...incident,
      ...each,
      id: `seen-${index}`,
      number: `INC-2025-${String(index + 1).padStart(4, "0")}`,
      status: each.verdict === null ? "new" : "resolved",
    }),
  );
  const nothing = (): Promise<never> => Promise.reject(new Error("a scenario changes nothing"));
  return {
    incidents: { get: () => Promise.resolve(incident), change: nothing },
    history: {
      find: ({ type, value }) =>
        Promise.resolve(
          seen.filter(({ entities }) =>
            entities.some((each) => each.type === type && each.value.toLowerCase() === value.toLowerCase()),
          ),
        ),
    },
    lists: {
      get: (name) =>
        Object.hasOwn(scenario.lists, name) ? listOf((scenario.lists[name] ?? []).join("\n"), false) : undefined,
    },
    services: {
      check: () => {},
      ask(service) {
        const answer = Object.hasOwn(scenario.answers, service) ? scenario.answers[service] : undefined;
        if (answer === undefined) return Promise.reject(new Error(`there is no service "${service}"`));
        return Promise.resolve({ status: answer.status, body: answer.body ?? null, cached: false });
      },
    },
    // A scenario knows nothing of the configuration file.
    outbox: { check: () => {}, post: nothing },
    approvals: { ask: nothing },
  };
}

function faultsOf({ expect }: Scenario, { state, reason, verdict, incident }: Ended): readonly string[] {
  if (state !== "done") return [`the run ${state}: ${reason}`];
  const faults: string[] = [];
  const check = (what: string, is: unknown, should: unknown): void => {
    if (is !== should) faults.push(`${what} is ${String(is)}, should be ${String(should)}`);
  };
  check("the verdict", verdict?.verdict, expect.verdict);
  check("the severity", incident.severity, expect.severity);
  if (expect.status !== undefined) check("the status", incident.status, expect.status);
  if (verdict?.reason.includes(expect.reason) !== true) {
    faults.push(`the reason is "${verdict?.reason}", should say "${expect.reason}"`);
  }
  for (const tag of expect.tags ?? []) {
    if (!incident.tags.includes(tag)) faults.push(`the tag ${tag} is missing; there are: ${incident.tags.join(", ")}`);
  }
  return faults;
}
