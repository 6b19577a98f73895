import { type Entity, entityRoles, entityTypes } from "@thruway/sdk/alert";
import { defined, distinct } from "@thruway/sdk/read";
import { graver, momentOf, mostEntries } from "./draft.ts";
import { type IncidentDraft, type Said, statuses, testTag, type Word, words } from "./incident.ts";

/**
 * What a stored incident becomes when another alert with its vendor id arrives. The order of arrival makes no difference:
 *
 * - of each word (type, title, description, the vendor's severity, link, status, verdict) what the later alert says stands,
 *   and what it leaves out another one says. So a closing closes, and what happens after it opens again; of an open and a
 *   closed alert of the same moment the closed one stands;
 * - the gravest severity that an alert said stays; a source's default is no alert's word;
 * - first and last seen span all alerts; entities, techniques and tags add up, in an order of their own.
 *
 * What an analyst or a playbook decided (see `decided`; a status or verdict that no alert said; the assignee) is left alone.
 *
 * @param at now, ISO 8601
 */
export function updated<Stored extends IncidentDraft>(stored: Stored, alert: IncidentDraft, at: string): Stored {
  const before = { draft: stored, said: saidIn(stored) };
  const after = { draft: alert, said: saidIn(alert) };
  const speaker = (word: Word): Voice => (outweighs(word, before, after) ? before : after);
  const [severity, seen] = [speaking("severity", before, after), speaking("occurred_at", before, after)];
  return {
    ...stored,
    type: speaker("type").draft.type,
    title: speaker("title").draft.title,
    description: speaker("description").draft.description,
    vendor_severity: speaker("vendor_severity").draft.vendor_severity,
    url: speaker("url").draft.url,
    status: speaker("status").draft.status,
    verdict: speaker("verdict").draft.verdict,
    severity: stored.decided?.includes("severity")
      ? stored.severity
      : severity.map(({ draft }) => draft.severity).reduce((a, b) => (graver(b, a) ? b : a)),
    occurred_at: seen.map(({ draft }) => draft.occurred_at).reduce(later),
    first_seen_at: seen.map(({ draft }) => draft.first_seen_at).reduce(earlier),
    last_seen_at: seen.map(({ draft }) => draft.last_seen_at).reduce(later),
    entities: sortedBy(orderOfEntity, distinct([...stored.entities, ...alert.entities])),
    mitre: sortedBy(keyOfMitre, distinctMitre([...stored.mitre, ...alert.mitre])),
    tags: tagsOf(stored, alert),
    updated_at: at,
    occurrences: stored.occurrences + 1,
    said: defined({
      ...Object.fromEntries(words.map((word) => [word, speaker(word).said[word]])),
      severity: severity[0]?.said.severity,
      occurred_at: seen[0]?.said.occurred_at,
    }),
  };
}

/** An incident or an alert, with what it said and when. */
interface Voice {
  readonly draft: IncidentDraft;
  readonly said: Said;
}

/** When the alerts that an incident is made of said what stands in it. */
export function saidIn(draft: IncidentDraft): Said {
  if (draft.said !== undefined) return draft.said;
  const moment = momentOf(draft.last_seen_at, draft.received_at);
  const all = words.filter((word) => draft[word] !== null).map((word) => [word, moment]);
  return { ...Object.fromEntries(all), status: draft.last_seen_at, severity: moment, occurred_at: moment };
}

/** Whether the incident's word stands against the alert's. */
function outweighs(word: Word, stored: Voice, alert: Voice): boolean {
  const [mine, other] = [stored.said[word], alert.said[word]];
  if (stored.draft.decided?.includes(word) || (mine === undefined && isDecided(word, stored))) return true;
  if (mine !== other) return (mine ?? "") > (other ?? "");
  return weight(word, stored) >= weight(word, alert);
}

/** Every alert has a status, and says its verdict where it has one: what nobody said is an analyst's. */
function isDecided(word: Word, { draft }: Voice): boolean {
  return word === "status" || (word === "verdict" && draft.verdict !== null);
}

/** Something that tells two words of the same moment apart. */
function weight(word: Word, { draft }: Voice): string {
  return word === "status" ? String(statuses.indexOf(draft.status)) : (draft[word] ?? "");
}

/** Those of the two that say something, or both where neither does. */
function speaking(what: "severity" | "occurred_at", ...both: readonly [Voice, Voice]): readonly Voice[] {
  const found = both.filter(({ said }) => said[what] !== undefined);
  return found.length > 0 ? found : both;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

/** Lists leave tests out, so an incident stays one only as long as everything about it is: a real alert must be seen. */
function tagsOf(stored: IncidentDraft, alert: IncidentDraft): readonly string[] {
  const isTest = [stored, alert].every(({ tags }) => tags.includes(testTag));
  const others = new Set([...stored.tags, ...alert.tags].filter((tag) => tag !== testTag));
  for (const tag of stored.untagged ?? []) if (!stored.tags.includes(tag)) others.delete(tag);
  return [...(isTest ? [testTag] : []), ...[...others].toSorted()].slice(0, mostEntries);
}

/** Whoever is concerned stands first. What is left out where there are too many is then the same in any order of arrival. */
function orderOfEntity({ role, type, value }: Entity): string {
  const rank = entityRoles.indexOf(role) * entityTypes.length + entityTypes.indexOf(type);
  return `${String(rank).padStart(3, "0")} ${value}`;
}

function keyOfMitre(entry: IncidentDraft["mitre"][number]): string {
  return JSON.stringify([entry.id, entry.tactic, entry.technique]);
}

function distinctMitre(all: IncidentDraft["mitre"]): IncidentDraft["mitre"] {
  return [...new Map(all.map((entry) => [keyOfMitre(entry), entry])).values()];
}

function sortedBy<T>(key: (item: T) => string, all: readonly T[]): readonly T[] {
  const keyed = all.map((item) => ({ item, key: key(item) }));
  return keyed
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item)
    .slice(0, mostEntries);
}
