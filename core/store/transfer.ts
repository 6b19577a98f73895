/**
 * Copying one store into another, table by table. Rows have a form here that belongs to no store, so that what was read can be
 * compared with what was written, by content.
 */
import { createHash, hash } from "node:crypto";
import { UserError } from "../errors.ts";
import type { IncidentDraft, TimelineEntry } from "../incidents/incident.ts";
import type { Approval } from "../runs/approval.ts";
import type { StoredMessage } from "../runs/message.ts";
import type { StoredRun } from "../runs/run.ts";
import { alertKey } from "./alert-key.ts";
import type { DeliveryRecord, SourceRecord, TokenRecord } from "./ports.ts";
import type { StoredPlaybook } from "./triage-port.ts";

/** In the order in which they are copied. */
export const transferTables = [
  "sources",
  "tokens",
  "incident_numbers",
  "deliveries",
  "delivery_keys",
  "incidents",
  "incident_deliveries",
  "incident_aliases",
  "incident_groups",
  "triage_runs",
  "approvals",
  "outbox",
  "playbooks",
] as const satisfies readonly (keyof TransferRows)[];
export type TransferTable = (typeof transferTables)[number];

export interface TransferRows {
  readonly sources: SourceRecord;
  readonly tokens: TokenRecord;
  /** The last number that was given in a year. */
  readonly incident_numbers: { readonly year: number; readonly last: number };
  readonly deliveries: DeliveryRow;
  /** Which delivery a key leads to. */
  readonly delivery_keys: { readonly key: string; readonly delivery: string };
  readonly incidents: IncidentRow;
  /** Which delivery was applied to which incident. */
  readonly incident_deliveries: { readonly incident: string; readonly delivery: string };
  /** Which incident the alert of this `alertKey` was folded into, by its `incidentKeyOf`. */
  readonly incident_aliases: { readonly alert: string; readonly incident: string };
  /** Which incident takes the alerts of this group at present, by its `incidentKeyOf`. */
  readonly incident_groups: { readonly group: string; readonly incident: string };
  readonly triage_runs: JobRow<StoredRun>;
  readonly approvals: Approval;
  readonly outbox: JobRow<StoredMessage>;
  readonly playbooks: StoredPlaybook;
}

/** What is worked off by a lease. Times are milliseconds since 1970. */
export interface JobRow<Job extends StoredRun | StoredMessage> {
  readonly job: Job;
  readonly due_at: number | null;
  readonly epoch: number;
  readonly attempts: number;
}

/** A delivery with what is not shown of it. Times are milliseconds since 1970. */
export interface DeliveryRow extends Omit<DeliveryRecord, "next_attempt_at"> {
  readonly keys: readonly string[];
  readonly due_at: number | null;
  readonly epoch: number;
  readonly settled_at: number | null;
  readonly body: Uint8Array | null;
}

export interface IncidentRow {
  readonly id: string;
  readonly number: string;
  readonly draft: IncidentDraft;
  /** Those that it names: the first of them, oldest first. */
  readonly deliveries: readonly string[];
  readonly version: number;
  readonly timeline: readonly TimelineEntry[];
  /** The version that feeds know, where they have yet to be told of a later one. */
  readonly unannounced: number | null;
}

/** What an incident is told apart by where alerts lead to it: the alert that it was made of, or itself where that one has no id. */
export function incidentKeyOf({
  id,
  source,
  external_id,
}: Pick<IncidentDraft, "id" | "source" | "external_id">): string {
  return external_id === null ? `incident ${id}` : alertKey(source, external_id);
}

/** What the rows of a table are told apart and ordered by. */
export const keyOf: { readonly [Table in TransferTable]: (row: TransferRows[Table]) => string } = {
  sources: ({ source }) => source,
  tokens: ({ name }) => name,
  incident_numbers: ({ year }) => String(year),
  deliveries: ({ id }) => id,
  delivery_keys: ({ key }) => key,
  incidents: ({ id }) => id,
  incident_deliveries: ({ incident, delivery }) => `${incident}/${delivery}`,
  incident_aliases: ({ alert }) => alert,
  incident_groups: ({ group }) => group,
  triage_runs: ({ job }) => job.id,
  approvals: ({ id }) => id,
  outbox: ({ job }) => job.id,
  playbooks: ({ name, version }) => `${name}/${version}`,
};

export interface TransferSource {
  count(table: TransferTable): Promise<number>;
  /** Batches of rows in the order of their keys, from behind `after` on. */
  read<Table extends TransferTable>(table: Table, after?: string): AsyncIterable<readonly TransferRows[Table][]>;
  close(): Promise<void>;
}

export interface TransferTarget extends TransferSource {
  /** Makes what the store needs. */
  prepare(): Promise<void>;
  /** The copy that was begun here. */
  begun(): Promise<BegunTransfer | undefined>;
  /** Begins a copy of a source. */
  begin(source: string): Promise<void>;
  /**
   * Makes rows durable. One that is there already with the same content is fine.
   *
   * @throws {UserError} that names a row that is there with another content, or that cannot be stored
   */
  write<Table extends TransferTable>(table: Table, rows: readonly TransferRows[Table][]): Promise<void>;
  /** Remembers how far a table is. */
  advance(table: TransferTable, progress: TableProgress): Promise<void>;
  finish(at: Date): Promise<void>;
}

export interface BegunTransfer {
  /** Of which content: see `identityOf`. */
  readonly source: string;
  readonly tables: Readonly<Partial<Record<TransferTable, TableProgress>>>;
  readonly finished_at: string | null;
}

export interface TableProgress {
  readonly rows: number;
  /** The key of the last row. */
  readonly after: string;
}

/** What a table holds: how many rows, and the SHA-256 of all of them in the order of their keys, hex. */
export interface TableSummary {
  readonly rows: number;
  readonly sha256: string;
}

/** A table of the source beside that of the target. */
export interface ComparedTable {
  readonly table: TransferTable;
  readonly from: TableSummary;
  readonly to: TableSummary;
  readonly same: boolean;
}

export interface TransferOptions {
  /** Called as rows are read, copied and compared. */
  readonly onProgress: (phase: TransferPhase, done: number, total: number) => void;
  /** Asked between batches; where it says so, the copy ends, to be gone on with later. */
  readonly isStopped: () => boolean;
  readonly now: () => Date;
}
export type TransferPhase = "reading" | "copying" | "comparing";

export type Transferred =
  /** It had been copied and compared before. */
  | { readonly kind: "done already"; readonly finishedAt: string }
  | { readonly kind: "stopped"; readonly rows: number; readonly total: number }
  /** Whether what was copied is what there was is said by each table. */
  | { readonly kind: "copied"; readonly tables: readonly ComparedTable[] };

/**
 * Copies everything, or what is left of it, and compares both sides at the end.
 *
 * @throws {UserError} where the target holds something else, or a row differs
 */
export async function transfer(
  source: TransferSource,
  target: TransferTarget,
  options: TransferOptions,
): Promise<Transferred> {
  const { onProgress, isStopped, now } = options;
  const from = await summaries(source, "reading", options);
  if (from === "stopped") return { kind: "stopped", rows: 0, total: 0 };
  const total = rowsOf(from);
  const identity = identityOf(from);

  await target.prepare();
  const begun = await target.begun();
  if (begun === undefined) {
    await refuseOccupied(target);
    await target.begin(identity);
  } else if (begun.source !== identity) {
    throw new UserError(
      "The target holds the copy of another store, or of this one as it was before something changed it; empty the target, and copy anew",
    );
  } else if (begun.finished_at !== null) {
    return { kind: "done already", finishedAt: begun.finished_at };
  }

  let done = 0;
  for (const table of transferTables) {
    const progress = begun?.tables[table];
    done += progress?.rows ?? 0;
    onProgress("copying", done, total);
    let rows = progress?.rows ?? 0;
    for await (const batch of source.read(table, progress?.after)) {
      if (isStopped()) return { kind: "stopped", rows: done, total };
      await target.write(table, batch);
      rows += batch.length;
      done += batch.length;
      await target.advance(table, { rows, after: lastKey(table, batch) });
      onProgress("copying", done, total);
    }
  }

  const to = await summaries(target, "comparing", options);
  if (to === "stopped") return { kind: "stopped", rows: done, total };
  const tables = transferTables.map((table): ComparedTable => {
    const [one, other] = [from[table], to[table]];
    return { table, from: one, to: other, same: one.rows === other.rows && one.sha256 === other.sha256 };
  });
  if (tables.every(({ same }) => same)) await target.finish(now());
  return { kind: "copied", tables };
}

type Summaries = Readonly<Record<TransferTable, TableSummary>>;

async function summaries(
  of: TransferSource,
  phase: TransferPhase,
  { onProgress, isStopped }: TransferOptions,
): Promise<Summaries | "stopped"> {
  const counts = await Promise.all(transferTables.map((table) => of.count(table)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let done = 0;
  const all: [TransferTable, TableSummary][] = [];
  for (const table of transferTables) {
    const sum = createHash("sha256");
    let rows = 0;
    for await (const batch of of.read(table)) {
      if (isStopped()) return "stopped";
      for (const row of batch) sum.update(`${contentOf(row)}\n`);
      rows += batch.length;
      done += batch.length;
      onProgress(phase, done, Math.max(done, total));
    }
    all.push([table, { rows, sha256: sum.digest("hex") }]);
  }
  return Object.fromEntries(all) as unknown as Summaries;
}

function rowsOf(all: Summaries): number {
  return transferTables.reduce((sum, table) => sum + all[table].rows, 0);
}

/** What a copy is bound to: the whole content of its source. A copy of something that changed meanwhile would be of nothing. */
function identityOf(all: Summaries): string {
  return hash("sha256", transferTables.map((table) => `${table} ${all[table].rows} ${all[table].sha256}`).join("\n"));
}

async function refuseOccupied(target: TransferTarget): Promise<void> {
  for (const table of transferTables) {
    const rows = await target.count(table);
    if (rows > 0) {
      throw new UserError(
        `The target holds something else already: ${rows} of ${table}; name an empty database, which no gateway has used yet`,
      );
    }
  }
}

function lastKey<Table extends TransferTable>(table: Table, rows: readonly TransferRows[Table][]): string {
  return keyOf[table](rows.at(-1) as TransferRows[Table]);
}

/** A row as text: the same one for the same content, wherever it is kept. */
export function contentOf(row: TransferRows[TransferTable]): string {
  return JSON.stringify("body" in row ? { ...row, body: row.body && hash("sha256", row.body) } : row, sorted);
}

/** With the fields of every object in one order. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const mostRows = 500;
const mostBytes = 8 * 1_024 * 1_024;

/** Gathers rows into batches, bounded by their number and by what their bytes and texts take. */
export async function* batched<Row extends TransferRows[TransferTable]>(
  rows: Iterable<Row> | AsyncIterable<Row>,
): AsyncIterable<readonly Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  for await (const row of rows) {
    const weight = weightOf(row);
    if (batch.length === mostRows || (batch.length > 0 && bytes + weight > mostBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(row);
    bytes += weight;
  }
  if (batch.length > 0) yield batch;
}

function weightOf(row: TransferRows[TransferTable]): number {
  return "body" in row ? (row.body?.length ?? 0) : JSON.stringify(row).length;
}
