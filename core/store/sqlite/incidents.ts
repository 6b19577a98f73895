import type { SQLInputValue } from "node:sqlite";
import type { Incident, IncidentDraft } from "../../incidents/incident.ts";
import type { IncidentQuery, Page } from "../ports.ts";
import type { Database, Row } from "./database.ts";
import { keyOf, numberOf } from "./number-key.ts";
import { conditions, earliestId, page } from "./query.ts";

const mostDeliveries = 100;

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

function shown(row: Row): Incident {
  const { id, ...draft } = JSON.parse(String(row.draft)) as IncidentDraft;
  return {
    id,
    number: numberOf(row.number),
    ...draft,
    deliveries: JSON.parse(String(row.deliveries)) as string[],
  };
}
