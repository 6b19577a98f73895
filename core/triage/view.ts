import { entityRoles, entityTypes } from "@thruway/sdk/alert";
import { defined } from "@thruway/sdk/read";
import type { Incident, WholeIncident } from "../incidents/incident.ts";
import { textsIn } from "./payload-text.ts";
import { bounded, type Shape } from "./values.ts";

const texts = [
  ...["id", "number", "source", "plugin", "external_id", "type", "title", "description", "severity", "vendor_severity"],
  ...["status", "verdict", "occurred_at", "first_seen_at", "last_seen_at", "received_at", "created_at", "updated_at"],
  ...["url", "assignee"],
] as const;

/** Of `text`, in characters. */
const longestAll = 10_000;

const ofType: Shape = {
  first: "string",
  all: "list<string>",
  ...Object.fromEntries(entityRoles.map((role) => [role, "string"])),
};

/** What there is of an incident in conditions and templates. */
export const incidentShape = {
  ...Object.fromEntries(texts.map((field) => [field, "string"])),
  text: "string",
  given_verdict: "string",
  given_by: "string",
  occurrences: "int",
  tags: "list<string>",
  deliveries: "list<string>",
  mitre: "list<Mitre>",
  entities: { list: "list<Entity>", ...Object.fromEntries(entityTypes.map((type) => [type, ofType])) },
  payload: "dyn",
  payloads: "list<dyn>",
} as const satisfies Shape;

/**
 * An incident as playbooks see it: its fields, its entities by type and role (`entities.email.sender` is the first of them,
 * `entities.email.all` every one), and what its deliveries held. What it does not have is absent.
 *
 * @param payloads parsed, the newest first
 * @param given as it was when the run began
 */
export function viewOf(
  incident: Incident,
  payloads: readonly unknown[],
  given: Given = givenIn(incident),
): Readonly<Record<string, unknown>> {
  const fields = Object.fromEntries(
    texts.map((field) => [field, (incident as unknown as Readonly<Record<string, unknown>>)[field] || undefined]),
  );
  const shown = payloads.map(bounded);
  return defined({
    ...fields,
    ...given,
    text: allText(incident, payloads),
    occurrences: incident.occurrences,
    tags: incident.tags,
    deliveries: incident.deliveries,
    mitre: incident.mitre,
    entities: entitiesOf(incident),
    payload: shown[0],
    payloads: shown,
  });
}

/** The verdict that a vendor or an analyst gave, and who it was; empty where nobody did. */
export interface Given {
  readonly given_verdict?: string;
  /** The plugin, `source:…` or `analyst:…`. */
  readonly given_by?: string;
}

/** A playbook that is run again must not take what it said itself for what somebody else knows. */
export function givenIn(incident: Incident & Partial<Pick<WholeIncident, "timeline">>): Given {
  const said = (incident.timeline ?? []).flatMap(({ by, changes }) =>
    changes.filter(({ field }) => field === "verdict").map(({ from }) => ({ by, from })),
  );
  let verdict: unknown = incident.verdict;
  while (said.at(-1)?.by.startsWith("playbook:") === true) verdict = said.pop()?.from;
  if (typeof verdict !== "string") return {};
  return { given_verdict: verdict, given_by: said.at(-1)?.by ?? incident.plugin };
}

/** Title, description and every text that was delivered, in lower case: what a condition looks for words in. */
function allText({ title, description }: Incident, payloads: readonly unknown[]): string {
  return [title, description ?? "", ...textsIn(payloads)].join("\n").slice(0, longestAll).toLowerCase();
}

function entitiesOf({ entities }: Incident): Readonly<Record<string, unknown>> {
  const byType = Map.groupBy(entities, ({ type }) => type);
  const all = [...byType].map(([type, of]) => {
    const roles = [...Map.groupBy(of, ({ role }) => role)].map(([role, [first]]) => [role, first?.value]);
    const values = [...new Set(of.map(({ value }) => value))];
    return [type, { first: values[0], all: values, ...Object.fromEntries(roles) }];
  });
  return { list: entities, ...Object.fromEntries(all) };
}
