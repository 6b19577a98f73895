import { isIP } from "node:net";
import {
  type AlertStatus,
  defined,
  distinct,
  type Entity,
  type EntityRole,
  entities,
  instant,
  type Mitre,
  record,
  statusOf,
  texts,
  type Verdict,
} from "@thruway/sdk";

/** One row of a search's results: its fields by lower-case name, each with at least one value. */
export type Row = ReadonlyMap<string, readonly string[]>;

/** A credential of Splunk's own, which custom alert actions send along. */
const secretField = "session_key";

/** The fields of a search's result, without what nobody may read. */
export function fieldsOf(result: unknown): readonly (readonly [name: string, value: unknown])[] {
  return Object.entries(record(result)).filter(([name]) => name.toLowerCase() !== secretField);
}

/** Splunk sends strings, lists of strings for fields with several values, and `""` for those without; any name, in any case. */
export function rowOf(result: unknown): Row {
  const row = new Map<string, readonly string[]>();
  for (const [field, value] of fieldsOf(result)) {
    const name = field.toLowerCase();
    const values = texts(value, null);
    if (values.length > 0 && (name === field || !row.has(name))) row.set(name, values);
  }
  return row;
}

/** All values of the fields, in their order. */
export function all(row: Row, ...fields: readonly string[]): readonly string[] {
  return fields.flatMap((field) => row.get(field) ?? []);
}

/** The first value of the first of the fields that has one. */
export function first(row: Row, ...fields: readonly string[]): string | undefined {
  return all(row, ...fields)[0];
}

/** The ids that Enterprise Security gives look like `GUID@@notable@@hash`; other rows have an `event_id` of 4625. */
export function notableId(row: Row): string | undefined {
  return all(row, "event_id", "rule_id", "finding_id", "notable_id").find((id) => id.includes("@@"));
}

export function isNotable(row: Row): boolean {
  return notableId(row) !== undefined || ["rule_title", "security_domain"].some((field) => row.has(field));
}

/** What the review of a notable has come to. Other rows have a `status` too, as of HTTP. */
export function reviewOf(row: Row): {
  readonly status?: AlertStatus;
  readonly verdict?: Verdict;
  readonly as_of?: string;
} {
  if (!isNotable(row)) return {};
  const status = first(row, "status");
  return defined({
    // Labels first: an administrator may add statuses of any number.
    status: statusOf(first(row, "status_label")) ?? statusNumbers.get(status ?? "") ?? statusOf(status),
    verdict: dispositions.get(first(row, "disposition") ?? ""),
    as_of: instant(first(row, "review_time")),
  });
}

/** Of Enterprise Security, as installed: unassigned, new, in progress, pending, resolved, closed. */
const statusNumbers: ReadonlyMap<string, AlertStatus> = new Map([
  ["0", "new"],
  ["1", "new"],
  ["2", "in_progress"],
  ["3", "in_progress"],
  ["4", "resolved"],
  ["5", "closed"],
]);

/** The others say that nobody decided (6, from the start), or something that is neither (2, suspicious but expected; 5, other). */
const dispositions: ReadonlyMap<string, Verdict> = new Map([
  ["disposition:1", "true_positive"],
  ["disposition:3", "false_positive"],
  ["disposition:4", "false_positive"],
]);

/** By the names of Splunk's Common Information Model. */
export function entitiesOf(row: Row): readonly Entity[] {
  const named: Named = (...fields) => all(row, ...fields).filter((value) => !filler.test(value));
  const who = [
    ...targetsOf(named, isNotable(row)).flatMap((value) => asset(value, "target")),
    ...entities("user", "target", named("user")),
    ...riskObject(named),
    ...named("src", "src_host", "src_ip").flatMap((value) => asset(value, "source")),
    ...entities("user", "actor", named("src_user")),
  ];
  return distinct([
    ...(who.length > 0 ? who : entities("host", "related", named("host"))),
    ...entities("process", "related", named("process", "process_name")[0]),
    ...entities("file", "related", named("file_path", "file_name")[0]),
    ...named("file_hash").flatMap((value) => entities("hash", "related", hashesIn(value))),
    ...entities("url", "related", named("url")),
  ]);
}

type Named = (...fields: readonly string[]) => readonly string[];

/** What the Common Information Model and Windows write where there is nothing. */
const filler = /^(unknown|n\/a|none|null|-)$/i;

/** A notable's `host` is not among them: it is the search head that found it. */
function targetsOf(named: Named, notable: boolean): readonly string[] {
  const destination = named("dest", "dest_host", "dest_ip");
  if (destination.length > 0) return destination;
  for (const field of notable ? ["dvc", "orig_host"] : ["dvc", "orig_host", "host"]) {
    if (named(field).length > 0) return named(field);
  }
  return [];
}

function asset(value: string, role: EntityRole): readonly Entity[] {
  return entities(isIP(value) === 0 ? "host" : "ip", role, value);
}

function riskObject(named: Named): readonly Entity[] {
  const type = named("risk_object_type")[0];
  if (type === "user") return entities("user", "target", named("risk_object"));
  return type === "system" ? named("risk_object").flatMap((value) => asset(value, "target")) : [];
}

/** Sysmon writes `MD5=…,SHA256=…`. */
function hashesIn(value: string): readonly string[] {
  return value.split(",").map((each) => each.replace(/^[A-Za-z0-9]+=/, ""));
}

const annotation = "annotations.mitre_attack";
const techniqueId = /^T\d{4}(\.\d{3})?$/;

export function mitreOf(row: Row): readonly Mitre[] {
  const ids = all(row, `${annotation}.mitre_technique_id`);
  const names = all(row, `${annotation}.mitre_technique`);
  const nameOf = ids.length === names.length ? new Map(ids.map((id, i) => [id, names[i]])) : new Map<string, string>();
  const listed = all(row, annotation).flatMap((value) => texts(value));
  const techniques = new Set([...(ids.length > 0 ? ids : names), ...listed]);
  const tactics = new Set(all(row, `${annotation}.mitre_tactic`));
  return [
    ...[...techniques].map((each) => techniqueOf(each, nameOf.get(each))),
    ...[...tactics].map((tactic) => ({ tactic })),
  ];
}

function techniqueOf(given: string, name: string | undefined): Mitre {
  if (!techniqueId.test(given)) return { technique: name ?? given };
  return name === undefined ? { id: given } : { id: given, technique: name };
}
