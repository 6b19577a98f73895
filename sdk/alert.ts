/**
 * What a mapper makes of a delivery. An alert's fields carry the names that they have on the wire, so that what a plugin
 * writes is what an analyst reads.
 */

/** The severities of an incident, gravest first. */
export const severities = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof severities)[number];

/** What an entity is. `resource` is anything in a cloud or a directory that is none of the others. */
export const entityTypes = [
  "host",
  "user",
  "email",
  "ip",
  "domain",
  "url",
  "file",
  "hash",
  "process",
  "resource",
] as const;
export type EntityType = (typeof entityTypes)[number];

/**
 * The part that an entity plays. `target` is what was attacked (the victim's host, user, mailbox), `actor` is what attacked;
 * `source`/`destination` are the ends of a connection, `sender`/`recipient` of a message; `related` is everything else.
 */
export const entityRoles = ["target", "actor", "source", "destination", "sender", "recipient", "related"] as const;
export type EntityRole = (typeof entityRoles)[number];

export interface Entity {
  readonly type: EntityType;
  readonly role: EntityRole;
  /** As the vendor wrote it, trimmed; never empty. */
  readonly value: string;
}

/** A tactic or technique of MITRE ATT&CK; `id` like `T1566.002` or `TA0001` where the vendor gives one. */
export interface Mitre {
  readonly id?: string;
  readonly tactic?: string;
  readonly technique?: string;
}

/** What a vendor says of the state that its alert is in. */
export const alertStatuses = ["new", "in_progress", "resolved", "closed"] as const;
export type AlertStatus = (typeof alertStatuses)[number];

/** What whoever looked into an alert thinks of it. */
export const verdicts = [
  "true_positive",
  "likely_true_positive",
  "suspicious",
  "likely_false_positive",
  "false_positive",
  "inconclusive",
] as const;
export type Verdict = (typeof verdicts)[number];

/** What may stand in `fallback`. */
export const fallbackFields = ["type", "title"] as const;
export type FallbackField = (typeof fallbackFields)[number];

export interface Alert {
  /** What kind of thing happened, in snake_case: `phishing`, `failed_login`. Playbooks choose by it. */
  readonly type: string;
  /** One line that tells an analyst what this is. */
  readonly title: string;
  readonly description?: string;
  /** The plugin's reading of the vendor's severity; absent where the vendor gave none. */
  readonly severity?: Severity;
  /** The vendor's own word or number, untouched: a source's `severity_mapping` looks here first. */
  readonly vendor_severity?: string;
  /** The vendor's id of the alert. Alerts of one source with the same `external_id` update one incident. */
  readonly external_id?: string;
  /**
   * When it happened, or was last seen to go on; ISO 8601 in UTC with milliseconds, like every time here. Where it is absent
   * `as_of` stands in, or else the time of receipt.
   */
  readonly occurred_at?: string;
  /** When it began, where that is known and earlier than `occurred_at`. */
  readonly first_seen_at?: string;
  /**
   * When the vendor came to say so, where that is not `occurred_at`: the time of the change, for an alert that was closed or
   * reworded. Of two alerts with one `external_id` the words of the later one stand, whichever arrives first.
   */
  readonly as_of?: string;
  /** The state of the alert at the vendor's, where it says; `new` where it is absent. A closed one closes its incident. */
  readonly status?: AlertStatus;
  /** What the vendor's analysts or its automation decided. */
  readonly verdict?: Verdict;
  /**
   * Which fields the plugin had to make up, since this part of an alert does not have them (an update that names nothing but
   * an id, say): what any other alert with the same `external_id` says there stands.
   */
  readonly fallback?: readonly FallbackField[];
  /** The page of this alert in the vendor's console; `http:` or `https:` only. */
  readonly url?: string;
  readonly entities?: readonly Entity[];
  readonly mitre?: readonly Mitre[];
  readonly tags?: readonly string[];
}

/** What a mapper returns when there is nothing to record: an audit event, a keep-alive. */
export interface Ignored {
  readonly ignored: string;
}

/**
 * Says that a delivery is understood and deliberately makes no incident.
 *
 * @param reason shown to the vendor in the 202 and to operators in the delivery, e.g. `"audit event"`
 */
export function ignore(reason: string): Ignored {
  return { ignored: reason };
}

/** Whether a mapper's result is `ignore(…)`. */
export function isIgnored(result: object): result is Ignored {
  return "ignored" in result;
}

const isoInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const optionalTexts = ["description", "vendor_severity", "external_id", "url"] as const;
const times = ["occurred_at", "first_seen_at", "as_of"] as const;
const mitreFields = ["id", "tactic", "technique"] as const;

/**
 * What is wrong with an alert, for the types alone cannot tell: a mapper may be written in plain JavaScript. By hand, since it
 * runs for each.
 *
 * @returns the end of a sentence, like `title is not a text`; `undefined` where nothing is wrong
 */
export function alertFault(alert: Alert): string | undefined {
  if (!isObject(alert)) return "value is not an object";
  if (typeof alert.type !== "string" || alert.type === "") return "type is not a text";
  if (typeof alert.title !== "string" || alert.title === "") return "title is not a text";
  for (const field of optionalTexts) if (!isTextOrAbsent(alert[field])) return `${field} is not a text`;
  if (alert.severity !== undefined && !severities.includes(alert.severity)) return "severity is not one of ours";
  if (alert.status !== undefined && !alertStatuses.includes(alert.status)) return "status is not one of ours";
  if (alert.verdict !== undefined && !verdicts.includes(alert.verdict)) return "verdict is not one of ours";
  for (const field of times)
    if (!isTimeOrAbsent(alert[field])) return `${field} is not ISO 8601 in UTC with milliseconds`;
  if (!isListOf(alert.fallback, (field) => fallbackFields.includes(field)))
    return "fallback names other fields than ours";
  if (!isListOf(alert.entities, isEntity)) return "entities are not all entities";
  if (!isListOf(alert.mitre, isMitre)) return "mitre is not a list of tactics and techniques";
  if (!isListOf(alert.tags, (tag) => typeof tag === "string")) return "tags are not all texts";
  return undefined;
}

function isListOf<T>(list: readonly T[] | undefined, isOne: (item: T) => boolean): boolean {
  return list === undefined || (Array.isArray(list) && list.every(isOne));
}

function isEntity(entity: Entity): boolean {
  return (
    isObject(entity) &&
    entityTypes.includes(entity.type) &&
    entityRoles.includes(entity.role) &&
    typeof entity.value === "string"
  );
}

function isMitre(mitre: Mitre): boolean {
  return isObject(mitre) && mitreFields.every((field) => isTextOrAbsent(mitre[field]));
}

function isTimeOrAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && isoInstant.test(value));
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
