import { type Collection, type Db, type Document, MongoClient, MongoError, MongoServerSelectionError } from "mongodb";
import { messageOf, StoreError } from "../../errors.ts";
import { NoAnswer, within } from "../within.ts";
import type {
  AliasDocument,
  AppliedDocument,
  ApprovalDocument,
  CheckDocument,
  DeliveryDocument,
  GroupDocument,
  IncidentDocument,
  JobDocument,
  KeyDocument,
  NumberDocument,
  PlaybookDocument,
  SourceDocument,
  TokenDocument,
  TransferDocument,
} from "./documents.ts";

/** The collections, by their names in the database. */
export interface Collections {
  readonly deliveries: Collection<DeliveryDocument>;
  readonly delivery_keys: Collection<KeyDocument>;
  readonly incidents: Collection<IncidentDocument>;
  readonly incident_deliveries: Collection<AppliedDocument>;
  readonly incident_aliases: Collection<AliasDocument>;
  readonly incident_groups: Collection<GroupDocument>;
  readonly incident_numbers: Collection<NumberDocument>;
  readonly sources: Collection<SourceDocument>;
  readonly tokens: Collection<TokenDocument>;
  readonly triage_runs: Collection<JobDocument>;
  readonly approvals: Collection<ApprovalDocument>;
  readonly outbox: Collection<JobDocument>;
  readonly playbooks: Collection<PlaybookDocument>;
  readonly transfers: Collection<TransferDocument>;
  /** One document, written to see whether anything can be. */
  readonly checks: Collection<CheckDocument>;
}

/** The collections for whoever writes incidents. */
export interface Writable extends Collections {
  /** Whether an incident that is made or changed is marked as to be announced. */
  readonly follows: () => boolean;
}

export interface Database extends Writable {
  readonly client: MongoClient;
  readonly db: Db;
}

/** The way to a database, over one client after the other. */
export interface Connection {
  /**
   * Runs what uses the driver, within a time that no live connection needs.
   *
   * @throws {StoreError} for whatever the driver throws: it is the store's fault, not that of who asked
   */
  readonly run: <T>(work: (database: Database) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

const defaultName = "thruway";

/** A connection that stalls is given up after so many times what a commit may take: a list may take longer than that. */
const socketPatience = 3;
/** Whatever takes longer than its socket may, by so much, hangs in the driver. */
const slackMs = 2_000;

/**
 * Nothing is connected before it is used. What is acknowledged is on the disks of a majority, what is read has been there.
 *
 * A client that finds no server is replaced: driver 7.9 does not connect again when its first attempt failed, and where a
 * connection breaks just as its monitor writes to it, that monitor waits for ever, and the server stays unknown.
 *
 * @param url `mongodb://…`; its path names the database, `thruway` where it has none
 * @param timeoutMs what is not known to be on a majority's disks by then counts as not written
 * @param longestMs how long anything else may take, such as a list or the making of an index
 * @param follows whether what is written to incidents is marked as to be announced
 * @throws {MongoError} for a URL that is none
 */
export function connectionTo(
  url: string,
  timeoutMs: number,
  longestMs: number = timeoutMs * socketPatience,
  follows: () => boolean = () => false,
): Connection {
  const open = (): Database => ({ ...databaseOf(url, timeoutMs, longestMs), follows });
  let current: Database | undefined = open();
  let connecting: Promise<unknown> | undefined;

  function drop(database: Database): void {
    if (current !== database) return;
    current = undefined;
    connecting = undefined;
    void database.client.close().catch(() => {});
  }

  return {
    async run(work) {
      current ??= open();
      const database = current;
      connecting ??= database.client.connect();
      try {
        const connected = connecting;
        return await within(longestMs + slackMs, async () => {
          await connected;
          return work(database);
        });
      } catch (cause) {
        if (cause instanceof MongoServerSelectionError || cause instanceof NoAnswer) drop(database);
        if (cause instanceof MongoError || isOfSocket(cause)) throw new StoreError(messageOf(cause), { cause });
        throw cause;
      }
    },
    async close() {
      await current?.client.close();
    },
  };
}

/** The driver hands on what a socket says that was ended a moment before it was written to. */
function isOfSocket(error: unknown): boolean {
  return error instanceof Error && "code" in error && socketCodes.has(String(error.code));
}

const socketCodes = new Set([
  ...["EPIPE", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  ...["ERR_SOCKET_CLOSED", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"],
]);

function databaseOf(url: string, timeoutMs: number, longestMs: number): Omit<Database, "follows"> {
  const client = new MongoClient(url, {
    appName: "thruway",
    writeConcern: { w: "majority", journal: true, wtimeoutMS: timeoutMs },
    readConcern: { level: "majority" },
    readPreference: "primary",
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: longestMs,
    ignoreUndefined: true,
  });
  const name = new URL(url).pathname.slice(1);
  const db = client.db(name === "" ? defaultName : decodeURIComponent(name));
  const collection = <T extends Document>(of: keyof Collections): Collection<T> => db.collection<T>(of);
  return {
    client,
    db,
    deliveries: collection<DeliveryDocument>("deliveries"),
    delivery_keys: collection<KeyDocument>("delivery_keys"),
    incidents: collection<IncidentDocument>("incidents"),
    incident_deliveries: collection<AppliedDocument>("incident_deliveries"),
    incident_aliases: collection<AliasDocument>("incident_aliases"),
    incident_groups: collection<GroupDocument>("incident_groups"),
    incident_numbers: collection<NumberDocument>("incident_numbers"),
    sources: collection<SourceDocument>("sources"),
    tokens: collection<TokenDocument>("tokens"),
    triage_runs: collection<JobDocument>("triage_runs"),
    approvals: collection<ApprovalDocument>("approvals"),
    outbox: collection<JobDocument>("outbox"),
    playbooks: collection<PlaybookDocument>("playbooks"),
    transfers: collection<TransferDocument>("transfers"),
    checks: collection<CheckDocument>("checks"),
  };
}
