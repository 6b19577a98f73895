import { existsSync } from "node:fs";
import type { SQLInputValue } from "node:sqlite";
import { messageOf, UserError } from "../../errors.ts";
import { type IncidentDraft, mostDeliveries, type TimelineEntry } from "../../incidents/incident.ts";
import type { StoredMessage } from "../../runs/message.ts";
import type { StoredRun } from "../../runs/run.ts";
import { alertKey } from "../alert-key.ts";
import type { NewDelivery } from "../ports.ts";
import {
  batched,
  incidentKeyOf,
  type JobRow,
  type TransferRows,
  type TransferSource,
  type TransferTable,
} from "../transfer.ts";
import { type Database, openDatabase, type Row } from "./database.ts";
import { numberOf } from "./number-key.ts";
import { migrate } from "./schema.ts";

const busyTimeoutMs = 500;
const sqliteBusy = 5;

/**
 * Opens a database to be copied, and keeps everybody else out until it is closed: an event that a gateway took in the meantime
 * would be missing in the copy. It is brought to the newest schema.
 *
 * @throws {UserError} where there is none, or somebody has it open
 */
export function openTransferSource(path: string): TransferSource {
  if (!existsSync(path)) throw new UserError(`There is no store ${path}; name the file of the embedded store`);
  const db = openAlone(path);
  return {
    count: (table) => Promise.resolve(Number(db.get(`SELECT count(*) AS rows FROM ${tables[table].name}`)?.rows)),
    read: (table, after) => batched(rowsOf(db, table, after)),
    close: () => Promise.resolve(db.close()),
  };
}

function openAlone(path: string): Database {
  let db: Database | undefined;
  try {
    db = openDatabase(path, "write");
    // In this mode the next transaction takes a lock that no other connection may have any part of, and keeps it.
    db.handle.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;`);
    migrate(db.handle);
    // A million aliases that have to be put in order would not fit into a small memory.
    db.handle.exec("PRAGMA temp_store = FILE");
    db.handle.function("alert_key", { deterministic: true }, (source, id) => alertKey(String(source), String(id)));
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof UserError) throw cause;
    const isBusy = cause instanceof Error && "errcode" in cause && (Number(cause.errcode) & 0xff) === sqliteBusy;
    const why = isBusy
      ? "is in use; stop the gateway, and whatever else has it open, then copy it"
      : `cannot be read: ${messageOf(cause)}`;
    throw new UserError(`The store ${path} ${why}`, { cause });
  }
}

interface Exported<Table extends TransferTable> {
  /** Of the table in this schema; or, in brackets, a statement that gives one. */
  readonly name: string;
  readonly columns: string;
  /** What its rows are told apart and ordered by. */
  readonly key: string;
  /** The key's columns, of a key as it is written in a transfer. */
  readonly parse?: (key: string) => readonly SQLInputValue[];
  readonly toRow: (row: Row) => TransferRows[Table];
}

const tables: { readonly [Table in TransferTable]: Exported<Table> } = {
  sources: { name: "sources", columns: "record", key: "source", toRow: recordIn },
  tokens: { name: "tokens", columns: "record", key: "name", toRow: recordIn },
  incident_numbers: {
    name: "numbers",
    columns: "year, last",
    key: "year",
    parse: (key) => [Number(key)],
    toRow: ({ year, last }) => ({ year: Number(year), last: Number(last) }),
  },
  deliveries: {
    name: "deliveries",
    columns: "id, key, event_key, outcome, record, incidents, duplicate_of, attempts, due_at, epoch, settled_at, body",
    key: "id",
    toRow: deliveryRow,
  },
  delivery_keys: {
    name: "keys",
    columns: "key, delivery",
    key: "key",
    toRow: ({ key, delivery }) => ({ key: String(key), delivery: String(delivery) }),
  },
  incidents: {
    name: "incidents",
    columns: `id, number, draft, version, (SELECT since FROM unannounced WHERE number = incidents.number) AS unannounced,
      (SELECT entries FROM timelines WHERE number = incidents.number) AS timeline,
      (SELECT json_group_array(delivery) FROM (SELECT delivery FROM incident_deliveries WHERE incident = incidents.id
       ORDER BY delivery LIMIT ${mostDeliveries})) AS deliveries`,
    key: "id",
    toRow: ({ id, number, draft, deliveries, version, timeline, unannounced }) => ({
      id: String(id),
      number: numberOf(number),
      draft: JSON.parse(String(draft)) as IncidentDraft,
      deliveries: JSON.parse(String(deliveries)) as string[],
      version: Number(version),
      timeline: typeof timeline === "string" ? (JSON.parse(timeline) as TimelineEntry[]) : [],
      unannounced: unannounced as number | null,
    }),
  },
  incident_deliveries: {
    name: "incident_deliveries",
    columns: "incident, delivery",
    key: "(incident, delivery)",
    parse: (key) => key.split("/"),
    toRow: ({ incident, delivery }) => ({ incident: String(incident), delivery: String(delivery) }),
  },
  incident_aliases: {
    name: `(SELECT alert_key(a.source, a.external_id) AS alert, i.id, i.source, i.external_id
      FROM incident_aliases a JOIN incidents i ON i.number = a.number)`,
    columns: "alert, id, source, external_id",
    key: "alert",
    toRow: (row) => ({ alert: String(row.alert), incident: incidentKeyIn(row) }),
  },
  incident_groups: {
    name: "(SELECT group_key, id, source, external_id FROM incidents WHERE group_key IS NOT NULL)",
    columns: "group_key, id, source, external_id",
    key: "group_key",
    toRow: (row) => ({ group: String(row.group_key), incident: incidentKeyIn(row) }),
  },
  triage_runs: { name: "triage_runs", columns: "run AS job, due_at, epoch, attempts", key: "id", toRow: jobRow },
  approvals: { name: "approvals", columns: "approval AS record", key: "id", toRow: recordIn },
  outbox: { name: "outbox", columns: "message AS job, due_at, epoch, attempts", key: "id", toRow: jobRow },
  playbooks: {
    name: "playbooks",
    columns: "record",
    // Together: one name may begin like another.
    key: "name || '/' || version",
    toRow: recordIn,
  },
};

function recordIn({ record }: Row): ReturnType<typeof JSON.parse> {
  return JSON.parse(String(record));
}

function incidentKeyIn({ id, source, external_id }: Row): string {
  return incidentKeyOf({ id: String(id), source: String(source), external_id: external_id as string | null });
}

function jobRow<Job extends StoredRun | StoredMessage>({ job, due_at, epoch, attempts }: Row): JobRow<Job> {
  return {
    job: JSON.parse(String(job)) as Job,
    due_at: due_at as number | null,
    epoch: Number(epoch),
    attempts: Number(attempts),
  };
}

function* rowsOf<Table extends TransferTable>(
  db: Database,
  table: Table,
  after: string | undefined,
): Iterable<TransferRows[Table]> {
  const { name, columns, key, parse = (text) => [text], toRow } = tables[table];
  const bounds = after === undefined ? [] : parse(after);
  const where = bounds.length === 0 ? "" : `WHERE ${key} > (${bounds.map(() => "?").join(", ")})`;
  const order = key.replaceAll(/[()]/g, "");
  const rows = db.handle.prepare(`SELECT ${columns} FROM ${name} ${where} ORDER BY ${order}`).iterate(...bounds);
  for (const row of rows) yield toRow(row);
}

function deliveryRow(row: Row): TransferRows["deliveries"] {
  const { key: _, body: __, ...record } = JSON.parse(String(row.record)) as NewDelivery;
  return {
    diagnosis: null,
    ...record,
    outcome: row.outcome as NewDelivery["outcome"],
    keys: [row.key, row.event_key].filter((key) => typeof key === "string"),
    incidents: JSON.parse(String(row.incidents)),
    duplicate_of: row.duplicate_of as string | null,
    attempts: Number(row.attempts),
    due_at: row.due_at as number | null,
    epoch: Number(row.epoch),
    settled_at: row.settled_at as number | null,
    body: row.body as Uint8Array | null,
  };
}
