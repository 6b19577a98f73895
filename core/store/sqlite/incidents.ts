import type { SQLInputValue } from "node:sqlite";
import { type Incident, type IncidentDraft, mostDeliveries } from "../../incidents/incident.ts";
import { earliestId, page } from "../pages.ts";
import type { IncidentQuery, Page } from "../ports.ts";
import type { Database, Row } from "./database.ts";
import { keyOf, numberOf } from "./number-key.ts";
import { conditions } from "./query.ts";

const columns = `number, draft,
  (SELECT json_group_array(delivery) FROM
    (SELECT delivery FROM incident_deliveries WHERE incident = incidents.id ORDER BY delivery LIMIT ${mostDeliveries})) AS deliveries`;

export function getIncident(db: Database, idOrNumber: string): Incident | undefined {
  const number = keyOf(idOrNumber);
  const row =
    number === undefined
      ? db.get(`SELECT ${columns} FROM incidents WHERE id = ?`, idOrNumber.toLowerCase())
      : db.get(`SELECT ${columns} FROM incidents WHERE number = ?`, number);
  return row && shown(row);
}

export function listIncidents(db: Database, query: IncidentQuery): Page<Incident> {
  const { where, values } = conditions([
    ["source = ?", query.source],
    ["severity", query.severity],
    ["status", query.status],
    ["type = ?", query.type],
    ["external_id = ?", query.external_id],
    ["id >= ?", query.since && earliestId(query.since)],
    ["id < ?", query.until && earliestId(query.until)],
    ["id < ?", query.after],
    ["test = ?", query.includeTests ? undefined : 0],
  ]);
  const rows = db.all(
    `SELECT ${columns} FROM incidents ${where} ORDER BY id DESC LIMIT ?`,
    ...(values as SQLInputValue[]),
    query.limit + 1,
  );
  return page(rows.map(shown), query.limit);
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
      db.run("DELETE FROM incidents WHERE number = ?", Number(number));
    }
    return old.length;
  });
}

function shown(row: Row): Incident {
  const { id, said: _, ...draft } = JSON.parse(String(row.draft)) as IncidentDraft;
  return {
    id,
    number: numberOf(row.number),
    ...draft,
    trace_id: draft.trace_id ?? null,
    deliveries: JSON.parse(String(row.deliveries)) as string[],
  };
}
