import assert from "node:assert/strict";
import { test } from "node:test";
import {
  batched,
  contentOf,
  type DeliveryRow,
  type TableProgress,
  type TransferRows,
  type TransferSource,
  type TransferTable,
  type TransferTarget,
  transfer,
} from "../../../../core/store/transfer.ts";
import { aDeliveryRow, aDraft, aSource, noon, times } from "../../../contracts/builders.ts";

type Tables = { readonly [Table in TransferTable]?: readonly TransferRows[Table][] };

/** Rows in memory, as a store gives them. */
function aStore(given: Tables): TransferSource {
  const rows = <Table extends TransferTable>(table: Table): readonly TransferRows[Table][] => given[table] ?? [];
  return {
    count: (table) => Promise.resolve(rows(table).length),
    async *read(table, after) {
      for (const row of rows(table)) {
        const key = "id" in row ? row.id : JSON.stringify(row);
        if (after === undefined || key > after) yield [row];
      }
    },
    close: () => Promise.resolve(),
  };
}

interface Target extends TransferTarget {
  readonly calls: readonly string[];
}

/** A target that has what it is given, and takes note of what is asked of it. */
function aTarget(given: {
  readonly holds?: Tables;
  readonly begun?: Awaited<ReturnType<TransferTarget["begun"]>>;
}): Target {
  const calls: string[] = [];
  const note = (call: string): Promise<void> => {
    calls.push(call);
    return Promise.resolve();
  };
  return {
    ...aStore(given.holds ?? {}),
    calls,
    prepare: () => note("prepare"),
    begun: () => Promise.resolve(given.begun),
    begin: () => note("begin"),
    write: (table, rows) => note(`write ${table} ${rows.length}`),
    advance: (table, { rows, after }: TableProgress) => note(`advance ${table} ${rows} ${after}`),
    finish: () => note("finish"),
  };
}

const options = { onProgress: () => {}, isStopped: () => false, now: () => new Date(noon) };

function anIncident(id: string): TransferRows["incidents"] {
  return {
    id,
    number: `INC-2026-000${id}`,
    draft: aDraft({ id }),
    deliveries: [],
    version: 1,
    timeline: [],
    unannounced: null,
  };
}

test("rows of the same content have the same text, whatever the order of their fields", () => {
  const source = aSource({ options: { a: { x: 1, y: [1, { b: 2, c: 3 }] }, b: null } });
  const turned = JSON.parse(
    JSON.stringify(source, (_, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toReversed())
        : value,
    ),
  );
  assert.notEqual(JSON.stringify(turned), JSON.stringify(source));
  assert.equal(contentOf(turned), contentOf(source));
  assert.notEqual(
    contentOf({ ...source, options: { a: { x: 1, y: [{ b: 2, c: 3 }, 1] }, b: null } }),
    contentOf(source),
  );
});

/** The same each time. */
function aRow(given: Partial<DeliveryRow> = {}): DeliveryRow {
  return aDeliveryRow({ id: "1", keys: ["k"], ...given });
}

test("a delivery's text tells its bytes, whatever holds them, and their absence", () => {
  const body = Buffer.from("bytes");
  const text = contentOf(aRow({ body }));
  assert.equal(contentOf(aRow({ body: Uint8Array.from(body) })), text);
  const others = [Buffer.from("byteS"), new Uint8Array(0), null].map((other) => contentOf(aRow({ body: other })));
  assert.equal(new Set([text, ...others]).size, 4);
});

test("batches are bounded by their rows and by their bytes, and a row larger than that travels alone", async () => {
  async function sizes(rows: readonly DeliveryRow[]): Promise<readonly number[]> {
    const found: number[] = [];
    for await (const batch of batched(rows)) found.push(batch.length);
    return found;
  }
  const megabyte = new Uint8Array(1_048_576);
  assert.deepEqual(await sizes([]), []);
  assert.deepEqual(await sizes(times(1_100, () => aRow({ body: null }))), [500, 500, 100]);
  assert.deepEqual(await sizes(times(20, () => aRow({ body: megabyte }))), [8, 8, 4]);
  const large = aRow({ body: new Uint8Array(9 * 1_048_576) });
  assert.deepEqual(await sizes([aRow(), large, aRow(), aRow()]), [1, 1, 2]);
});

test("everything is written, table by table, and the place is remembered after each batch", async () => {
  const rows = { incidents: [anIncident("1"), anIncident("2")], incident_numbers: [{ year: 2026, last: 2 }] };
  const target = aTarget({});
  const result = await transfer(aStore(rows), target, options);
  assert.deepEqual(target.calls, [
    "prepare",
    "begin",
    "write incident_numbers 1",
    "advance incident_numbers 1 2026",
    "write incidents 1",
    "advance incidents 1 1",
    "write incidents 1",
    "advance incidents 2 2",
  ]);
  assert.ok(result.kind === "copied");
  // This target keeps nothing, and that is seen.
  assert.deepEqual(
    result.tables.filter(({ same }) => !same).map(({ table, from, to }) => [table, from.rows, to.rows]),
    [
      ["incident_numbers", 1, 0],
      ["incidents", 2, 0],
    ],
  );
});

async function identityOf(store: TransferSource): Promise<string> {
  const begun: string[] = [];
  await transfer(store, { ...aTarget({}), begin: (source) => Promise.resolve(void begun.push(source)) }, options);
  return begun[0] ?? "";
}

test("one that was begun goes on behind the last row, and is finished once both sides are the same", async () => {
  const rows = { incidents: ["1", "2", "3"].map(anIncident) };
  const source = await identityOf(aStore(rows));
  const begun = { source, finished_at: null, tables: { incidents: { rows: 2, after: "2" } } };
  const target = aTarget({ holds: rows, begun });
  const result = await transfer(aStore(rows), target, options);
  assert.deepEqual(target.calls, ["prepare", "write incidents 1", "advance incidents 3 3", "finish"]);
  assert.ok(result.kind === "copied" && result.tables.every(({ same }) => same));
});

test("one that is finished is not begun again", async () => {
  const store = aStore({ incidents: [anIncident("1")] });
  const begun = { source: await identityOf(store), finished_at: noon, tables: {} };
  const target = aTarget({ begun });
  assert.deepEqual(await transfer(store, target, options), { kind: "done already", finishedAt: noon });
  assert.deepEqual(target.calls, ["prepare"]);
});

test("the copy of another source, or of this one as it was before, is not gone on with", async () => {
  const before = await identityOf(aStore({ incidents: [anIncident("1")] }));
  const changed = aStore({ incidents: [{ ...anIncident("1"), deliveries: ["d"], version: 1, timeline: [] }] });
  const target = aTarget({ begun: { source: before, finished_at: null, tables: {} } });
  await assert.rejects(transfer(changed, target, options), {
    name: "UserError",
    message: /of another store, or of this one/,
  });
  assert.deepEqual(target.calls, ["prepare"]);
});

test("a target that holds something else is refused, and told of", async () => {
  const target = aTarget({ holds: { incidents: [anIncident("1")] } });
  await assert.rejects(transfer(aStore({}), target, options), {
    name: "UserError",
    message: /^The target holds something else already: 1 of incidents; name an empty database/,
  });
  assert.deepEqual(target.calls, ["prepare"]);
});

test("a copy that is stopped ends between two batches, in every phase", async () => {
  const rows = { incidents: ["1", "2", "3"].map(anIncident) };
  const ends: string[] = [];
  for (let most = 0; most < 10; most++) {
    let asked = 0;
    const target = aTarget({ holds: {} });
    const isStopped = (): boolean => asked++ >= most;
    const result = await transfer(aStore(rows), target, { ...options, isStopped });
    ends.push(result.kind === "stopped" ? `${result.rows} of ${result.total}` : result.kind);
  }
  assert.deepEqual(ends.slice(0, 7), ["0 of 0", "0 of 0", "0 of 0", "0 of 3", "1 of 3", "2 of 3", "copied"]);
});
