import { Refusal } from "../../errors.ts";
import {
  type Changeable,
  type ChangeContext,
  type Changed,
  changedBy,
  type IncidentChange,
} from "../../incidents/change.ts";
import {
  type Incident,
  type IncidentDraft,
  mostDeliveries,
  type TimelineEntry,
  type WholeIncident,
} from "../../incidents/incident.ts";
import { placed, withPart } from "../../incidents/merge.ts";
import { type Kept, shownIncident, shownWhole } from "../../incidents/show.ts";
import { type StoredRun, summaryOf } from "../../runs/run.ts";
import { earliestId } from "../pages.ts";
import type { Database, Row } from "./database.ts";
import { noteChanged, unindex } from "./incident-index.ts";
import { newestRun, pruneTriage } from "./incident-triage.ts";
import { keyOf, numberOf } from "./number-key.ts";
import { packDraft } from "./packed.ts";

/** What an incident is shown from. @param table as it is called in the statement */
export function incidentColumns(table: string): string {
  return `${table}.number, ${table}.version, ${table}.draft,
  (SELECT json_group_array(delivery) FROM
    (SELECT delivery FROM incident_deliveries WHERE incident = ${table}.id ORDER BY delivery LIMIT ${mostDeliveries})) AS deliveries,
  ${newestRun(table)} AS triage`;
}

const columns = incidentColumns("incidents");

export function getIncident(db: Database, idOrNumber: string): WholeIncident | undefined {
  const row = rowOf(db, idOrNumber);
  return row && shownWhole(draftIn(row), keptIn(row), timelineOf(db, Number(row.number)));
}

function rowOf(db: Database, idOrNumber: string): Row | undefined {
  const number = keyOf(idOrNumber);
  return number === undefined
    ? db.get(`SELECT ${columns} FROM incidents WHERE id = ?`, idOrNumber.toLowerCase())
    : db.get(`SELECT ${columns} FROM incidents WHERE number = ?`, number);
}

/** @throws {Refusal} */
export function changeIncident(
  db: Database,
  idOrNumber: string,
  change: IncidentChange,
  context: ChangeContext,
): WholeIncident | undefined {
  return db.transaction(() => {
    const stored = storedIn(db, idOrNumber);
    return stored && kept(db, stored, changedBy(stored, change, context));
  });
}

/** @throws {Refusal} */
export function mergeIncident(
  db: Database,
  idOrNumber: string,
  into: string | null,
  context: ChangeContext,
): WholeIncident | undefined {
  return db.transaction(() => {
    const stored = storedIn(db, idOrNumber);
    if (stored === undefined) return undefined;
    const target = into === null ? null : storedIn(db, into);
    if (target === undefined)
      throw new Refusal("not_found", { message: `There is no incident '${into?.slice(0, 63)}'` });
    const before = stored.draft.merged_into;
    const changed = placed(stored, target, context);
    const shown = kept(db, stored, changed);
    const part = { number: stored.number, draft: changed?.draft ?? stored.draft };
    for (const ref of [before, part.draft.merged_into]) if (ref) bringUp(db, ref.incident_id, part, context);
    return shown;
  });
}

/** Lets an incident know what a part of it is now, and whatever that one is a part of. */
export function bringUp(
  db: Database,
  id: string,
  part: Parameters<typeof withPart>[1],
  context: Parameters<typeof withPart>[2],
): void {
  const stored = storedIn(db, id);
  const changed = stored && withPart(stored, part, context);
  if (stored === undefined || changed === undefined) return;
  kept(db, stored, changed);
  const { merged_into: above } = changed.draft;
  if (above) bringUp(db, above.incident_id, { number: stored.number, draft: changed.draft }, context);
}

type Stored = Changeable & Kept & { readonly key: number };

function storedIn(db: Database, idOrNumber: string): Stored | undefined {
  const row = rowOf(db, idOrNumber);
  if (row === undefined) return undefined;
  const key = Number(row.number);
  return { ...keptIn(row), key, draft: draftIn(row), timeline: timelineOf(db, key) };
}

/** Writes a change, where there is one. @returns what stands there then */
function kept(db: Database, stored: Stored, changed: Changed | undefined): WholeIncident {
  if (changed !== undefined) replaceIncident(db, stored.key, changed);
  const { draft, version, timeline } = changed ?? stored;
  return shownWhole(draft, { ...stored, version }, timeline);
}

/** @param number as the table has it */
export function timelineOf(db: Database, number: number): readonly TimelineEntry[] {
  const row = db.get("SELECT entries FROM timelines WHERE number = ?", number);
  return row === undefined ? [] : (JSON.parse(String(row.entries)) as TimelineEntry[]);
}

/** Writes what an incident is now; a timeline that is left out stays. */
export function replaceIncident(
  db: Database,
  number: number,
  incident: {
    readonly draft: IncidentDraft;
    readonly version: number;
    readonly timeline?: readonly TimelineEntry[];
  },
): void {
  const { type, severity, status, test, json } = packDraft(incident.draft);
  db.run(
    "UPDATE incidents SET type = ?, severity = ?, status = ?, test = ?, draft = ?, version = ? WHERE number = ?",
    ...[type, severity, status, test, json, incident.version, number],
  );
  noteChanged(db, number);
  if (incident.timeline === undefined) return;
  db.run("INSERT OR REPLACE INTO timelines (number, entries) VALUES (?, ?)", number, JSON.stringify(incident.timeline));
}

/** @param before milliseconds since 1970 */
export function pruneIncidents(db: Database, before: number, limit: number): number {
  const cutoff = new Date(before).toISOString();
  return db.transaction(() => {
    const old = db.all(
      `SELECT number, id FROM incidents WHERE id < ? AND json_extract(draft, '$.updated_at') < ? ORDER BY id LIMIT ?`,
      ...[earliestId(cutoff), cutoff, limit],
    );
    for (const { number, id } of old) {
      db.run("DELETE FROM incident_deliveries WHERE incident = ?", String(id));
      unindex(db, Number(number));
      db.run("DELETE FROM incident_aliases WHERE number = ?", Number(number));
      db.run("DELETE FROM unannounced WHERE number = ?", Number(number));
      db.run("DELETE FROM timelines WHERE number = ?", Number(number));
      db.run("DELETE FROM incidents WHERE number = ?", Number(number));
      pruneTriage(db, String(id));
    }
    return old.length;
  });
}

/** An incident of its columns. */
export function shownRow(row: Row): Incident {
  return shownIncident(draftIn(row), keptIn(row));
}

function draftIn(row: Row): IncidentDraft {
  return JSON.parse(String(row.draft)) as IncidentDraft;
}

function keptIn(row: Row): Kept {
  return {
    number: numberOf(row.number),
    version: Number(row.version),
    deliveries: JSON.parse(String(row.deliveries)) as string[],
    triage: typeof row.triage === "string" ? summaryOf(JSON.parse(row.triage) as StoredRun) : null,
  };
}
