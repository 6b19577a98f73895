import {
  type Collection,
  type Document,
  type IndexDescription,
  type IndexDescriptionInfo,
  MongoServerError,
} from "mongodb";
import type { Migration } from "../migration.ts";
import type { Collections, Database } from "./database.ts";
import { makeSearchable } from "./incident-document.ts";

type Name = keyof Collections;
type Indexes = readonly (IndexDescription & { readonly name: string })[];

/**
 * The reason for each index stands in `docs/operations.md`. None is unique: what must be unique is an `_id`, so that it also
 * is in a sharded cluster.
 */
export const indexes: Readonly<Partial<Record<Name, Indexes>>> = {
  deliveries: [
    { name: "deliveries_by_source", key: { source: 1, _id: -1 } },
    {
      name: "deliveries_troubled",
      key: { outcome: 1, source: 1, _id: -1 },
      // Every other outcome comes behind it in the alphabet; a partial index knows no "not equal".
      partialFilterExpression: { outcome: { $gt: "accepted" } },
    },
    {
      name: "deliveries_due",
      key: { due_at: 1, _id: 1 },
      partialFilterExpression: { outcome: "queued" },
    },
    {
      name: "deliveries_settled",
      key: { settled_at: 1 },
      partialFilterExpression: { settled_at: { $type: "date" } },
    },
  ],
  incidents: [
    { name: "incidents_by_id", key: { id: -1 } },
    { name: "incidents_by_number", key: { number: 1 } },
    { name: "incidents_by_source", key: { source: 1, id: -1 } },
    { name: "incidents_by_severity", key: { severity: 1, id: -1 } },
    { name: "incidents_by_status", key: { status: 1, id: -1 } },
    { name: "incidents_by_type", key: { type: 1, id: -1 } },
    { name: "incidents_by_assignee", key: { assignee: 1, id: -1 } },
    { name: "incidents_by_verdict", key: { verdict: 1, id: -1 } },
    { name: "incidents_by_update", key: { updated_at: -1, id: -1 } },
    { name: "incidents_by_occurrence", key: { occurred_at: -1, id: -1 } },
    { name: "incidents_by_severity_rank", key: { severity_rank: 1, id: -1 } },
    {
      name: "incidents_unannounced",
      key: { updated_at: 1 },
      partialFilterExpression: { unannounced: { $type: "number" } },
    },
    { name: "incidents_by_term", key: { terms: 1, id: -1 } },
  ],
  incident_aliases: [{ name: "incident_aliases_by_incident", key: { incident: 1 } }],
  incident_groups: [{ name: "incident_groups_by_incident", key: { incident: 1 } }],
  triage_runs: [
    { name: "triage_runs_by_incident", key: { incident: 1 } },
    {
      name: "triage_runs_due",
      key: { due_at: 1, _id: 1 },
      partialFilterExpression: { due_at: { $type: "date" } },
    },
  ],
  approvals: [
    { name: "approvals_by_incident", key: { incident: 1 } },
    { name: "approvals_by_state", key: { state: 1, _id: -1 } },
  ],
  outbox: [
    { name: "outbox_by_incident", key: { incident: 1 } },
    {
      name: "outbox_due_by_channel",
      key: { channel: 1, due_at: 1, _id: 1 },
      partialFilterExpression: { due_at: { $type: "date" } },
    },
  ],
  tokens: [{ name: "tokens_by_id", key: { id: 1 } }],
};

/** The collections that grow with the events. Everything that decides uniqueness is an `_id`, so that is what they are split by. */
export const sharded: readonly Name[] = [
  "deliveries",
  "delivery_keys",
  "incidents",
  "incident_deliveries",
  "incident_aliases",
  "incident_groups",
  "triage_runs",
];

/** What is asked of the server: of its database, and of `admin`. */
export interface Servers {
  readonly database: Commands;
  readonly admin: Commands;
}

interface Commands {
  command(command: Document): Promise<Document>;
}

/**
 * Makes the indexes and, in a sharded cluster, splits the collections. What is there already stays; it can run at any time,
 * also from several processes at once.
 *
 * @throws {MongoError}
 */
export async function migrate(database: Database): Promise<readonly Migration[]> {
  const made = await Promise.all(
    (Object.entries(indexes) as [Name, Indexes][]).map(([name, wanted]) => index(database.db.collection(name), wanted)),
  );
  const searchable = await makeSearchable(database);
  const servers = { database: database.db, admin: database.client.db("admin") };
  const caughtUp = searchable === 0 ? [] : [{ what: `incidents: ${searchable} made searchable`, made: true }];
  return [...made.flat(), ...caughtUp, ...(await shard(database.db.databaseName, servers))];
}

async function index(collection: Collection, wanted: Indexes): Promise<readonly Migration[]> {
  const before = new Set((await indexesOf(collection)).map(({ name }) => name));
  await collection.createIndexes([...wanted]);
  return wanted.map(({ name }) => ({ what: `${collection.collectionName}: index ${name}`, made: !before.has(name) }));
}

/** Those that a start would make. */
export async function missingIndexes(db: Database["db"]): Promise<readonly string[]> {
  const missing = await Promise.all(
    (Object.entries(indexes) as [Name, Indexes][]).map(async ([collection, wanted]) => {
      const there = new Set((await indexesOf(db.collection(collection))).map(({ name }) => name));
      return wanted.map(({ name }) => name).filter((name) => !there.has(name));
    }),
  );
  return missing.flat();
}

const namespaceNotFound = 26;
const commandNotFound = 59;

async function indexesOf(collection: Collection): Promise<readonly IndexDescriptionInfo[]> {
  try {
    return await collection.indexes();
  } catch (error) {
    if (isAnswer(error, namespaceNotFound)) return [];
    throw error;
  }
}

/**
 * Splits the collections that grow over the shards, where there are any.
 *
 * @see https://www.mongodb.com/docs/manual/reference/command/shardCollection/
 */
export async function shard(name: string, { database, admin }: Servers): Promise<readonly Migration[]> {
  if (!(await isSharded(database))) return [];
  // Does nothing from MongoDB 6 on, and is needed before.
  await admin.command({ enableSharding: name });
  const done: Migration[] = [];
  for (const collection of sharded) {
    const what = `${collection}: sharded by hashed _id`;
    const { sharded: already } = await database.command({ collStats: collection });
    if (already === true) {
      done.push({ what, made: false });
      continue;
    }
    // A collection that holds something already is only split where it has the index.
    await database.command({ createIndexes: collection, indexes: [{ name: "_id_hashed", key: hashedId }] });
    await admin.command({ shardCollection: `${name}.${collection}`, key: hashedId });
    done.push({ what, made: true });
  }
  return done;
}

const hashedId = { _id: "hashed" } as const;

/** `mongos` says so in its `hello`; what knows no `hello` is none. */
async function isSharded(database: Commands): Promise<boolean> {
  try {
    return (await database.command({ hello: 1 })).msg === "isdbgrid";
  } catch (error) {
    if (isAnswer(error, commandNotFound)) return false;
    throw error;
  }
}

function isAnswer(error: unknown, code: number): boolean {
  return error instanceof MongoServerError && error.code === code;
}
