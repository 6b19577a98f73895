import type { Severity, Verdict } from "@thruway/sdk/alert";
import { defined } from "@thruway/sdk/read";
import { Refusal } from "../errors.ts";
import { mostEntries } from "./draft.ts";
import type { Decidable, FieldChange, IncidentDraft, Said, Status, TimelineEntry } from "./incident.ts";
import { withEntry } from "./timeline.ts";
import { mayBecome, transitions } from "./transitions.ts";
import { saidIn } from "./update.ts";

/** What somebody makes of an incident; what is left out stays. */
export interface IncidentChange {
  readonly title?: string;
  readonly description?: string | null;
  readonly status?: Status;
  readonly severity?: Severity;
  /** `null` takes it back. */
  readonly verdict?: Verdict | null;
  readonly assignee?: string | null;
  readonly add_tags?: readonly string[];
  readonly remove_tags?: readonly string[];
  readonly comment?: string;
}

/** By whom, why and when. */
export interface ChangeContext {
  /** `analyst:<name of the token>`, `playbook:<name>`. */
  readonly by: string;
  readonly why?: string;
  readonly at: Date;
  /** Only if the incident still has this version. */
  readonly version?: number;
  /** What is asked for again with the same key was done already, as long as the timeline remembers it. */
  readonly key?: string;
}

/** A stored incident, as far as a change looks at it. */
export interface Changeable {
  readonly number: string;
  readonly draft: IncidentDraft;
  readonly version: number;
  readonly timeline: readonly TimelineEntry[];
}

/** What a change makes of it. */
export type Changed = Omit<Changeable, "number">;

const fields = ["title", "description", "status", "severity", "verdict", "assignee"] as const;

/**
 * Applies a change. Whatever it decides, no later alert changes.
 *
 * @returns `undefined` where nothing is to be written: it says what stands already, or was done before
 * @throws {Refusal} version_mismatch, forbidden_transition, merged_incident, invalid_request for too many tags
 */
export function changedBy(stored: Changeable, change: IncidentChange, context: ChangeContext): Changed | undefined {
  const { draft, timeline, number } = stored;
  if (context.key !== undefined && timeline.some(({ key }) => key === context.key)) return undefined;
  if (context.version !== undefined && context.version !== stored.version) {
    throw new Refusal("version_mismatch", {
      message: `${number} has version ${stored.version}, not ${context.version}; read it again`,
    });
  }
  const next = { ...draft, ...defined(pick(change)) };
  refuseTransition(number, draft.status, next.status);
  const tags = tagsAfter(draft.tags, change);
  const changes: FieldChange[] = fields
    .filter((field) => draft[field] !== next[field])
    .map((field) => ({ field, from: draft[field], to: next[field] }));
  if (!isSame(tags, draft.tags)) changes.push({ field: "tags", from: draft.tags, to: tags });
  if (changes.length === 0 && change.comment === undefined) return undefined;
  if (changes.length > 0 && draft.merged_into) {
    const { incident_number: into } = draft.merged_into;
    throw new Refusal("merged_incident", { message: `${number} is merged into ${into}: change that one, or split it` });
  }

  const at = context.at.toISOString();
  const version = stored.version + 1;
  const entry: TimelineEntry = {
    at,
    by: context.by,
    why: context.why ?? null,
    version,
    changes,
    comment: change.comment ?? null,
    ...(context.key !== undefined && { key: context.key }),
  };
  return {
    draft: { ...next, ...decided(draft, change, changes), tags, updated_at: at },
    version,
    timeline: withEntry(timeline, entry),
  };
}

function pick({ title, description, status, severity, verdict, assignee }: IncidentChange): Partial<IncidentDraft> {
  return { title, description, status, severity, verdict, assignee } as Partial<IncidentDraft>;
}

function refuseTransition(number: string, from: Status, to: Status): void {
  if (mayBecome(from, to)) return;
  throw new Refusal("forbidden_transition", {
    message: `${number} is ${from} and cannot become ${to}; it can become ${transitions[from].join(", ")}`,
  });
}

/** @throws {Refusal} invalid_request */
function tagsAfter(
  before: readonly string[],
  { add_tags: added = [], remove_tags: removed = [] }: IncidentChange,
): readonly string[] {
  const kept = before.filter((tag) => !removed.includes(tag));
  const tags = [...new Set([...kept, ...added])];
  if (tags.length <= mostEntries || tags.length <= before.length) return tags;
  throw new Refusal("invalid_request", { message: `An incident has at most ${mostEntries} tags; remove some` });
}

/** What no alert changes any more: the fields that were decided, and the tags that were taken away. */
function decided(
  draft: IncidentDraft,
  { add_tags: added = [], remove_tags: removed = [] }: IncidentChange,
  changes: readonly FieldChange[],
): Pick<IncidentDraft, "said" | "decided" | "untagged"> {
  const names = changes.map(({ field }) => field).filter((field) => field !== "tags" && field !== "assignee");
  const all = [...new Set([...(draft.decided ?? []), ...(names as Decidable[])])];
  const untagged = [...new Set([...(draft.untagged ?? []), ...removed])].filter((tag) => !added.includes(tag));
  const unsaid = new Set<string>(names);
  const said = Object.fromEntries(Object.entries(saidIn(draft)).filter(([word]) => !unsaid.has(word))) as Said;
  return {
    ...(names.length > 0 && { said }),
    ...(all.length > 0 && { decided: all }),
    untagged: untagged.slice(-mostEntries),
  };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}
