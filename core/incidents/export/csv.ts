import { triageLine } from "../../runs/run.ts";
import type { Incident } from "../incident.ts";

/**
 * A spreadsheet runs what begins like a formula, quoted or not; with an apostrophe before it, it is text. One that takes a
 * semicolon, a tab or a line break for the end of a cell finds beginnings inside, too. (The full-width signs are taken for the
 * plain ones by some.) https://owasp.org/www-community/attacks/CSV_Injection
 */
const formula = {
  atStart: /^(?=[\t\n]|\s*[=+\-@＝＋－＠])/u,
  inside: /([;\t\n][ \u00a0]*)(?=[=+\-@＝＋－＠])/gu,
} as const;

/** The columns, in their order: the fields of an incident by their names, its lists as text. */
const columns = {
  number: ({ number }) => number,
  title: ({ title }) => title,
  severity: ({ severity }) => severity,
  status: ({ status }) => status,
  verdict: ({ verdict }) => verdict,
  assignee: ({ assignee }) => assignee,
  source: ({ source }) => source,
  type: ({ type }) => type,
  occurrences: ({ occurrences }) => String(occurrences),
  occurred_at: ({ occurred_at }) => occurred_at,
  first_seen_at: ({ first_seen_at }) => first_seen_at,
  last_seen_at: ({ last_seen_at }) => last_seen_at,
  received_at: ({ received_at }) => received_at,
  created_at: ({ created_at }) => created_at,
  updated_at: ({ updated_at }) => updated_at,
  entities: ({ entities }) => joined(entities.map(({ role, type, value }) => `${role} ${type} ${value}`)),
  mitre: ({ mitre }) => joined(mitre.map(({ id, tactic, technique }) => words([id, tactic, technique]))),
  tags: ({ tags }) => joined(tags),
  url: ({ url }) => url,
  external_id: ({ external_id }) => external_id,
  vendor_severity: ({ vendor_severity }) => vendor_severity,
  plugin: ({ plugin }) => plugin,
  description: ({ description }) => description,
  id: ({ id }) => id,
  deliveries: ({ deliveries }) => joined(deliveries),
  trace_id: ({ trace_id }) => trace_id,
  version: ({ version }) => String(version),
  previous: ({ previous }) => previous?.incident_number ?? null,
  merged_into: ({ merged_into }) => merged_into?.incident_number ?? null,
  merged: ({ merged }) => joined(merged.map(({ incident_number }) => incident_number)),
  triage: ({ triage }) => triage && triageLine(triage),
} as const satisfies Readonly<Record<string, (incident: Incident) => string | null>>;

export const csvColumns: readonly string[] = Object.keys(columns);

/** The first line. */
export const csvHeader = row(csvColumns);

/** A line as RFC 4180 has it, with CR LF at its end. */
export function toCsv(incident: Incident): string {
  return row(Object.values(columns).map((read) => read(incident) ?? ""));
}

function joined(list: readonly string[]): string {
  return list.join("; ");
}

function words(list: readonly (string | undefined)[]): string {
  return list.filter(Boolean).join(" ");
}

function row(cells: readonly string[]): string {
  return `${cells.map((cell) => quoted(harmless(cell))).join(",")}\r\n`;
}

/** Only CR LF may end a line of the file, and control characters are nothing that a cell can show. */
function harmless(cell: string): string {
  const shown = cell
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/\p{Cc}/gu, (sign) => (sign === "\n" || sign === "\t" ? sign : "\ufffd"));
  return shown.replaceAll(formula.inside, "$1'").replace(formula.atStart, "'");
}

/** All of them: a cell without quotes would end where the spreadsheet's own separator stands in it. */
function quoted(cell: string): string {
  return cell === "" ? "" : `"${cell.replaceAll('"', '""')}"`;
}
