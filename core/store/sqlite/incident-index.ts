/**
 * What lists and searches look at. It is written beside the intake, many incidents at once, which costs less than half of what
 * it would in each commit; a commit only puts down that there is something to do. Whoever lists does that first.
 */
import { severities } from "@thruway/sdk/alert";
import type { IncidentDraft } from "../../incidents/incident.ts";
import { combined } from "../../incidents/merge.ts";
import { termsOf } from "../../incidents/terms.ts";
import type { Database, Row } from "./database.ts";
import { numberOf } from "./number-key.ts";

/** Indexed in one transaction; a commit waits for so many at most. */
const mostAtOnce = 200;

/** Puts down that an incident is new or has changed. @param number as the table has it */
export function noteChanged(db: Database, number: number): void {
  db.run("INSERT OR IGNORE INTO unindexed (number) VALUES (?)", number);
}

/** How many incidents are still to be indexed; more than `limit` are not counted. */
export function unindexed(db: Database, limit: number): number {
  return Number(db.get("SELECT count(*) AS rows FROM (SELECT 1 FROM unindexed LIMIT ?)", limit)?.rows);
}

/** Indexes some of the incidents that are new or have changed. @returns how many */
export function indexIncidents(db: Database): number {
  return db.transaction(() => {
    const rows = db.all(
      `SELECT u.number, i.draft, x.place FROM unindexed u
       LEFT JOIN incidents i ON i.number = u.number LEFT JOIN indexed x ON x.number = u.number
       ORDER BY u.number LIMIT ?`,
      mostAtOnce,
    );
    for (const row of rows) index(db, row);
    const last = rows.at(-1);
    if (last !== undefined) db.run("DELETE FROM unindexed WHERE number <= ?", Number(last.number));
    return rows.length;
  });
}

function index(db: Database, { number, draft, place }: Row): void {
  if (typeof draft !== "string") return;
  const incident = combined(JSON.parse(draft) as IncidentDraft);
  const at = typeof place === "number" ? place : freePlace(db, incident.id);
  if (place !== null) db.run("DELETE FROM incident_terms WHERE rowid = ?", at);
  const { status, severity, verdict, source, plugin, type, assignee, updated_at, occurred_at, tags } = incident;
  db.run(
    `INSERT OR REPLACE INTO indexed (place, number, status, severity, verdict, source, plugin, type, assignee, test,
       updated_at, occurred_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[at, Number(number), status, severities.indexOf(severity), verdict ?? "none", source, plugin, type],
    ...[assignee ?? "none", tags.includes("test") ? 1 : 0, updated_at, occurred_at],
  );
  const terms = termsOf(incident, numberOf(number)).join(" ");
  db.run("INSERT INTO incident_terms (rowid, terms) VALUES (?, ?)", at, terms);
}

/** Takes an incident out. @param number as the table has it */
export function unindex(db: Database, number: number): void {
  const place = db.get("SELECT place FROM indexed WHERE number = ?", number)?.place;
  if (typeof place === "number") db.run("DELETE FROM incident_terms WHERE rowid = ?", place);
  db.run("DELETE FROM indexed WHERE number = ?", number);
  db.run("DELETE FROM unindexed WHERE number = ?", number);
}

const origin = Date.UTC(2020, 0, 1);
const perMillisecond = 4_096;

/**
 * Where an incident stands among all by its age: an integer that rises as ids do, since an index keeps integers in order. Within
 * a millisecond, ids of more than 12 bits of chance are told apart by who came first.
 */
export function placeOf(id: string): number {
  const hex = id.replaceAll("-", "");
  const milliseconds = Number.parseInt(hex.slice(0, 12), 16) - origin;
  return milliseconds * perMillisecond + Number.parseInt(hex.slice(13, 16), 16);
}

function freePlace(db: Database, id: string): number {
  let place = placeOf(id);
  while (db.get("SELECT 1 FROM indexed WHERE place = ?", place) !== undefined) place += 1;
  return place;
}

/** The place of a moment: of whatever was made then or later. */
export function placeAt(iso: string): number {
  return (Math.max(0, Date.parse(iso)) - origin) * perMillisecond;
}
