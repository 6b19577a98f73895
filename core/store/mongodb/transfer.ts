import type { Collection, Filter } from "mongodb";
import { UserError } from "../../errors.ts";
import { type IncidentDraft, mostDeliveries } from "../../incidents/incident.ts";
import type { StoredMessage } from "../../runs/message.ts";
import { type StoredRun, shortRun } from "../../runs/run.ts";
import { largestMongoBody } from "../limits.ts";
import {
  batched,
  contentOf,
  incidentKeyOf,
  type JobRow,
  keyOf,
  type TransferRows,
  type TransferTable,
  type TransferTarget,
} from "../transfer.ts";
import { insertAll } from "./bulk.ts";
import { type Collections, type Connection, connectionTo, type Database } from "./database.ts";
import { bytesOf, documentOf as deliveryDocumentOf, shown } from "./deliveries.ts";
import type { DeliveryDocument, IncidentDocument, JobDocument, TransferDocument } from "./documents.ts";
import { columnsOf, timelineOf } from "./incident-document.ts";
import { migrate } from "./schema.ts";
import { documentOf as sourceDocumentOf } from "./sources.ts";
import { approvalDocument, jobDocument, playbookDocument } from "./triage.ts";

/** A batch of large bodies takes its time, and nobody waits for an answer here. */
const timeoutMs = 5_000;
const longestMs = 600_000;

/** A server looks for many ids at once slower than for a few after each other. */
const idsAtOnce = 250;
const batchSize = 250;

const copy = "copy";

/** Opens a database to be copied into. @param url `mongodb://…` @throws {MongoError} for a URL that is none */
export function openTransferTarget(url: string): TransferTarget {
  const connection = connectionTo(url, timeoutMs, longestMs);
  const { run } = connection;

  async function update(change: Readonly<Record<string, unknown>>): Promise<void> {
    await run(({ transfers }) => transfers.updateOne({ _id: copy }, { $set: change }));
  }

  return {
    async prepare() {
      await run(migrate);
    },
    count: (table) => run((database) => collectionOf(database, table).countDocuments({})),
    read: (table, after) => batched(rowsOf(connection, table, after)),
    async begun() {
      const found = await run(({ transfers }) => transfers.findOne({ _id: copy }));
      if (found === null) return undefined;
      const { source, tables, finished_at } = found;
      return { source, tables, finished_at: finished_at?.toISOString() ?? null };
    },
    async begin(source) {
      await run(({ transfers }) => transfers.insertOne({ _id: copy, source, tables: {}, finished_at: null }));
    },
    write: (table, rows) => run((database) => write(database, table, rows)),
    advance: (table, progress) => update({ [`tables.${table}`]: progress }),
    finish: (at) => update({ finished_at: at } satisfies Partial<TransferDocument>),
    close: () => connection.close(),
  };
}

type Documents = {
  readonly [Table in TransferTable]: Database[Table] extends Collection<infer Stored extends { readonly _id: unknown }>
    ? Stored
    : never;
};

interface Imported<Table extends TransferTable> {
  readonly toDocument: (row: TransferRows[Table]) => Documents[Table];
  readonly toRow: (document: Documents[Table]) => TransferRows[Table];
  /** What rows are ordered by, where that is not the `_id`. */
  readonly key?: keyof Documents[Table] & string;
  /** The key, of one as it is written in a transfer. */
  readonly parse?: (key: string) => number;
}

/** A collection that is neither named here nor a table of a copy does not compile: it would be left behind. */
type Copied = Exclude<keyof Collections, "transfers" | "checks">;

const tables: { readonly [Table in Copied]: Imported<Table> } = {
  sources: { toDocument: sourceDocumentOf, toRow: ({ record }) => JSON.parse(record) },
  tokens: {
    toDocument: (row) => ({ _id: row.name, id: row.id, record: JSON.stringify(row) }),
    toRow: ({ record }) => JSON.parse(record),
  },
  incident_numbers: {
    toDocument: ({ year, last }) => ({ _id: year, last }),
    toRow: ({ _id, last }) => ({ year: _id, last }),
    parse: Number,
  },
  deliveries: { toDocument: deliveryDocument, toRow: deliveryRow },
  delivery_keys: {
    toDocument: ({ key, delivery }) => ({ _id: key, delivery }),
    toRow: ({ _id, delivery }) => ({ key: _id, delivery }),
  },
  incidents: {
    key: "id",
    toDocument: ({ number, draft, deliveries, version, timeline, unannounced }) => ({
      _id: incidentKeyOf(draft),
      number,
      ...columnsOf(draft, number),
      deliveries,
      // All of them stand in `incident_deliveries`.
      applied: [],
      version,
      ...(timeline.length > 0 && { timeline: JSON.stringify(timeline) }),
      ...(unannounced !== null && { unannounced }),
    }),
    toRow: incidentRow,
  },
  incident_deliveries: {
    toDocument: ({ incident, delivery }) => ({ _id: `${incident}/${delivery}` }),
    toRow: ({ _id }) => {
      const [incident = "", delivery = ""] = _id.split("/");
      return { incident, delivery };
    },
  },
  incident_aliases: {
    toDocument: ({ alert, incident }) => ({ _id: alert, incident }),
    toRow: ({ _id, incident }) => ({ alert: _id, incident }),
  },
  incident_groups: {
    toDocument: ({ group, incident }) => ({ _id: group, incident }),
    toRow: ({ _id, incident }) => ({ group: _id, incident }),
  },
  triage_runs: {
    toDocument: (row) => ({ ...jobOf(row), short: JSON.stringify(shortRun(row.job)) }),
    toRow: jobRow,
  },
  approvals: { toDocument: approvalDocument, toRow: ({ record }) => JSON.parse(record) },
  outbox: { toDocument: (row) => ({ ...jobOf(row), channel: row.job.channel }), toRow: jobRow },
  playbooks: { toDocument: playbookDocument, toRow: ({ record }) => JSON.parse(record) },
};

function jobOf({ job, due_at, epoch, attempts }: JobRow<StoredRun | StoredMessage>): JobDocument {
  return { ...jobDocument(job), due_at: due_at === null ? null : new Date(due_at), epoch, attempts };
}

function jobRow<Job extends StoredRun | StoredMessage>(document: JobDocument): JobRow<Job> {
  const { record, due_at, epoch, attempts } = document;
  return { job: JSON.parse(record) as Job, due_at: due_at?.getTime() ?? null, epoch, attempts };
}

function deliveryDocument(row: TransferRows["deliveries"]): DeliveryDocument {
  const { keys, due_at, epoch, settled_at, body, incidents, duplicate_of, attempts, ...record } = row;
  if ((body?.length ?? 0) > largestMongoBody) {
    throw new UserError(
      `The delivery ${row.id} has ${body?.length} bytes, and MongoDB holds no body of more than ${largestMongoBody}; delete it from the source first`,
    );
  }
  return {
    ...deliveryDocumentOf({ ...record, ...(body !== null && { body }) }),
    keys,
    incidents,
    duplicate_of,
    attempts,
    due_at: due_at === null ? null : new Date(due_at),
    epoch,
    settled_at: settled_at === null ? null : new Date(settled_at),
  };
}

function deliveryRow(document: DeliveryDocument): TransferRows["deliveries"] {
  const { next_attempt_at: _, ...record } = shown(document);
  return {
    ...record,
    keys: document.keys,
    due_at: document.due_at?.getTime() ?? null,
    epoch: document.epoch,
    settled_at: document.settled_at?.getTime() ?? null,
    body: bytesOf(document),
  };
}

function incidentRow(document: IncidentDocument): TransferRows["incidents"] {
  const { id, number, version, unannounced = null } = document;
  const draft = JSON.parse(document.draft) as IncidentDraft;
  const deliveries = document.deliveries.slice(0, mostDeliveries);
  return { id, number, draft, deliveries, version, timeline: timelineOf(document), unannounced };
}

/** Of its documents only what every collection has in common is used. */
type AnyCollection<Table extends TransferTable> = Collection<Documents[Table]>;

function collectionOf<Table extends TransferTable>(database: Database, table: Table): AnyCollection<Table> {
  return database.db.collection<Documents[Table]>(table);
}

async function* rowsOf<Table extends TransferTable>(
  { run }: Connection,
  table: Table,
  after: string | undefined,
): AsyncIterable<TransferRows[Table]> {
  const { key = "_id", parse = String, toRow } = tables[table];
  const bound = after === undefined ? {} : { [key]: { $gt: parse(after) } };
  const cursor = await run((database) =>
    Promise.resolve(
      collectionOf(database, table)
        .find(bound as Filter<Documents[Table]>, { batchSize })
        .sort({ [key]: 1 }),
    ),
  );
  try {
    for (;;) {
      const document = await run(() => cursor.next());
      if (document === null) return;
      yield toRow(document as Documents[Table]);
    }
  } finally {
    await cursor.close();
  }
}

async function write<Table extends TransferTable>(
  database: Database,
  table: Table,
  rows: readonly TransferRows[Table][],
): Promise<void> {
  const collection = collectionOf(database, table);
  const { toDocument } = tables[table];
  const { taken, refused } = await insertAll(collection, rows.map(toDocument));
  for (const [index, why] of refused) {
    throw new UserError(`${nameOf(table, rows[index] as TransferRows[Table])} cannot be stored: ${why}`);
  }
  const there = rows.filter((_, index) => taken.has(index));
  for (let from = 0; from < there.length; from += idsAtOnce) {
    await compare(collection, table, there.slice(from, from + idsAtOnce));
  }
}

/** What an attempt before this one has written. @throws {UserError} where it is something else */
async function compare<Table extends TransferTable>(
  collection: AnyCollection<Table>,
  table: Table,
  rows: readonly TransferRows[Table][],
): Promise<void> {
  const { toDocument, toRow } = tables[table];
  const ids = rows.map((row) => toDocument(row)._id);
  const found = await collection.find({ _id: { $in: ids } } as Filter<Documents[Table]>).toArray();
  const contents = new Map(
    found.map((document) => [document._id as unknown, contentOf(toRow(document as Documents[Table]))]),
  );
  for (const [index, row] of rows.entries()) {
    if (contents.get(ids[index]) !== contentOf(row)) {
      throw new UserError(
        `${nameOf(table, row)} is in the target already, with another content; empty the target, and copy anew`,
      );
    }
  }
}

function nameOf<Table extends TransferTable>(table: Table, row: TransferRows[Table]): string {
  return `The row ${keyOf[table](row)} of ${table}`;
}
