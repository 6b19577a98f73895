/**
 * Merging by hand. Nothing is poured together: the incident that another one is merged into keeps what that one holds as a part
 * beside its own, and is shown with both. So it is taken out again without loss, with whatever came meanwhile.
 */
import { distinct } from "@thruway/sdk/read";
import { Refusal } from "../errors.ts";
import type { Changeable, ChangeContext, Changed } from "./change.ts";
import { mostEntries } from "./draft.ts";
import type { IncidentDraft, IncidentRef, TimelineEntry } from "./incident.ts";
import { withEntry } from "./timeline.ts";

/** An incident as it is shown and found: with its parts, and closed where it is a part itself. */
export function combined(draft: IncidentDraft): IncidentDraft {
  const parts = Object.values(draft.parts ?? {}).map(({ draft: part }) => combined({ ...part, merged_into: null }));
  const own = draft.merged_into ? { ...draft, status: "closed" as const } : draft;
  if (parts.length === 0) return own;
  const all = [own, ...parts];
  const mitre = new Map(all.flatMap((each) => each.mitre).map((entry) => [JSON.stringify(entry), entry]));
  return {
    ...own,
    entities: distinct(all.flatMap(({ entities }) => entities)).slice(0, mostEntries),
    mitre: [...mitre.values()].slice(0, mostEntries),
    tags: [...new Set(all.flatMap(({ tags }) => tags))].slice(0, mostEntries),
    occurrences: all.reduce((sum, { occurrences }) => sum + occurrences, 0),
    first_seen_at: all.map((each) => each.first_seen_at).reduce((a, b) => (a < b ? a : b)),
    last_seen_at: all.map((each) => each.last_seen_at).reduce((a, b) => (a > b ? a : b)),
  };
}

/** The incidents that were merged into one. */
export function mergedIn(draft: IncidentDraft): readonly IncidentRef[] {
  return Object.entries(draft.parts ?? {}).map(([incident_id, { number }]) => ({
    incident_id,
    incident_number: number,
  }));
}

/**
 * What the incident becomes that is merged into another one, or taken out again.
 *
 * @param target `null` takes it out
 * @returns `undefined` where it is so already
 * @throws {Refusal} merged_incident, version_mismatch
 */
export function placed(stored: Changeable, target: Changeable | null, context: ChangeContext): Changed | undefined {
  const { draft, number, version } = stored;
  const before = draft.merged_into ?? null;
  if (before?.incident_id === target?.draft.id) return undefined;
  if (context.version !== undefined && context.version !== version) {
    throw new Refusal("version_mismatch", {
      message: `${number} has version ${version}, not ${context.version}; read it again`,
    });
  }
  if (target !== null) refuse(stored, target);
  const after = target === null ? null : { incident_id: target.draft.id, incident_number: target.number };
  const change = {
    field: "merged_into",
    from: before?.incident_number ?? null,
    to: after?.incident_number ?? null,
  };
  return written(stored, { ...draft, merged_into: after }, context, [change]);
}

function refuse({ number, draft }: Changeable, target: Changeable): void {
  const why =
    draft.id === target.draft.id
      ? `${number} cannot be merged into itself`
      : draft.merged_into
        ? `${number} is merged into ${draft.merged_into.incident_number} already; split it first`
        : target.draft.merged_into
          ? `${target.number} is merged into ${target.draft.merged_into.incident_number}; merge ${number} into that one`
          : undefined;
  if (why !== undefined) throw new Refusal("merged_incident", { message: why });
}

/**
 * What an incident becomes as another one now is: that one is a part of it where it says so itself.
 *
 * @param context absent where an alert changed the part
 * @returns `undefined` where it is so already
 */
export function withPart(
  stored: Changeable,
  part: Pick<Changeable, "number" | "draft">,
  context: Pick<ChangeContext, "by" | "why" | "at">,
): Changed | undefined {
  const { draft } = stored;
  const { [part.draft.id]: before, ...others } = draft.parts ?? {};
  const isPart = part.draft.merged_into?.incident_id === draft.id;
  if (!isPart && before === undefined) return undefined;
  if (isPart && JSON.stringify(before?.draft) === JSON.stringify(part.draft)) return undefined;
  const after: IncidentDraft = {
    ...draft,
    parts: isPart ? { ...others, [part.draft.id]: { number: part.number, draft: part.draft } } : others,
  };
  const [from, to] = [numbersIn(draft), numbersIn(after)];
  const isSame = from.length === to.length;
  return written(stored, after, context, isSame ? [] : [{ field: "merged", from, to }]);
}

function numbersIn(draft: IncidentDraft): readonly string[] {
  return mergedIn(draft)
    .map(({ incident_number }) => incident_number)
    .toSorted();
}

function written(
  { timeline, ...stored }: Changeable,
  draft: IncidentDraft,
  { by, why = null, at: now }: { readonly by: string; readonly why?: string | null; readonly at: Date },
  changes: TimelineEntry["changes"],
): Changed {
  const at = now.toISOString();
  const version = stored.version + 1;
  const entry = { at, by, why, version, changes, comment: null };
  return {
    draft: { ...draft, updated_at: at },
    version,
    timeline: changes.length === 0 ? timeline : withEntry(timeline, entry),
  };
}
