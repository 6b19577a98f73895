import { severities } from "@thruway/sdk/alert";
import { Refusal } from "../../errors.ts";
import type { Incident } from "../../incidents/incident.ts";
import { countsOf } from "../incident-counts.ts";
import { nextOf } from "../incident-query.ts";
import type { IncidentCounts, IncidentFacet, IncidentFilter, IncidentQuery, Page } from "../ports.ts";
import type { Database, Row } from "./database.ts";
import { unindexed } from "./incident-index.ts";
import { countStatement, listStatements } from "./incident-statements.ts";
import { shownRow } from "./incidents.ts";

/** While more than this waits to be indexed, a list would miss too much, and nobody can wait for it. */
const mostWaiting = 20_000;
const retryAfterSeconds = 5;

/**
 * @param isReady whether what the index does not know yet came after the question
 * @returns `undefined` where it does not know what came before
 * @throws {Refusal} where it does not know very many
 */
export function listIncidents(db: Database, query: IncidentQuery, isReady: boolean): Page<Incident> | undefined {
  if (!knowsAll(db) && !isReady) return undefined;
  const rows = rowsOf(db, query).map(shownRow);
  const data = rows.slice(0, query.limit);
  const last = data.at(-1);
  return { data, next: rows.length > query.limit && last !== undefined ? nextOf(last, query.sort) : undefined };
}

function rowsOf(db: Database, query: IncidentQuery): readonly Row[] {
  let rows: readonly Row[] = [];
  for (const { sql, values } of listStatements(query, (statement, all) => db.all(statement, ...all).length > 0)) {
    rows = db.all(sql, ...values);
    if (rows.length > query.limit) break;
  }
  return rows;
}

/** As `listIncidents` is. */
export function countIncidents(
  db: Database,
  filter: IncidentFilter,
  facets: readonly IncidentFacet[],
  isReady: boolean,
): IncidentCounts | undefined {
  if (!knowsAll(db) && !isReady) return undefined;
  const { sql, values } = countStatement(filter, facets);
  return countsOf(facets, db.all(sql, ...values), {
    rows: (row) => Number(row.rows),
    value: (row, facet) => (facet === "severity" ? (severities[Number(row.severity)] ?? "") : String(row[facet])),
  });
}

function knowsAll(db: Database): boolean {
  const waiting = unindexed(db, mostWaiting + 1);
  if (waiting <= mostWaiting) return waiting === 0;
  const message = "Many incidents are still being made searchable; come back";
  throw new Refusal("store_unavailable", { message, retryAfterSeconds });
}
