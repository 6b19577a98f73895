import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { openStore } from "../../../../../core/store/open.ts";
import type { Store } from "../../../../../core/store/ports.ts";
import { openDatabase } from "../../../../../core/store/sqlite/database.ts";
import { migrate, newestSchema, versionOf } from "../../../../../core/store/sqlite/schema.ts";
import { aCommit, aDelivery, aDraft, afterNoon, aSource, idAt, madeBy, noon } from "../../../../contracts/builders.ts";
import { at, claimOne, settling } from "../../../../contracts/jobs.ts";
import { aFolder } from "../../../../support/gateway-process.ts";
import { firstSchema } from "../../../../support/schema-1.ts";

/** What is in the old database, by what became of it. */
const ids = {
  accepted: idAt(afterNoon(1)),
  gaveItsKeyAway: idAt(afterNoon(2)),
  tookIt: idAt(afterNoon(3)),
  settled: idAt(afterNoon(4)),
  settledAsDuplicate: idAt(afterNoon(5)),
  queued: idAt(afterNoon(6)),
  rejected: idAt(afterNoon(7)),
};
const incident = aDraft({
  external_id: "alert-1",
  title: "Old but findable",
  tags: ["kept"],
  entities: [{ type: "host", role: "target", value: "workstation-01" }],
});
const source = aSource({ source: "email-gateway" });
const token = { id: "Abc123", name: "admin", hash: "0".repeat(64), created_at: noon };

interface OldRow {
  readonly key: string | null;
  readonly outcome: "accepted" | "rejected" | "duplicate" | "queued";
  readonly duplicateOf?: string;
  readonly incidents?: string;
}

/** Writes a database as the first schema's Thruway did. */
function writeOld(file: string): void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; ${firstSchema}`);
  db.prepare("INSERT INTO sources VALUES (?, ?)").run(source.source, JSON.stringify(source));
  db.prepare("INSERT INTO tokens VALUES (?, ?, ?)").run(token.id, token.name, JSON.stringify(token));
  db.exec("INSERT INTO numbers VALUES (2026, 3)");
  db.prepare("INSERT INTO incidents VALUES (2026000000000003, ?, ?, 'alert-1', 'phishing', 'medium', 'new', 0, ?)").run(
    incident.id,
    incident.source,
    JSON.stringify(incident),
  );
  const ref = JSON.stringify([{ incident_id: incident.id, incident_number: "INC-2026-0003" }]);

  function add(id: string, { key, outcome, duplicateOf, incidents = "[]" }: OldRow): void {
    const { key: _, body, ...record } = aDelivery({ id, outcome });
    db.prepare("INSERT INTO deliveries VALUES (?, ?, ?, ?, NULL, ?, ?, ?, 0, ?, 0, ?)").run(
      ...[id, key, record.source, outcome, JSON.stringify(record), incidents, duplicateOf ?? null],
      ...[outcome === "queued" ? 0 : null, outcome === "duplicate" ? null : body],
    );
  }
  add(ids.accepted, { key: "key-1", outcome: "accepted", incidents: ref });
  db.prepare("INSERT INTO incident_deliveries VALUES (?, ?)").run(incident.id, ids.accepted);
  add(ids.gaveItsKeyAway, { key: null, outcome: "rejected" });
  add(ids.tookIt, { key: "key-2", outcome: "accepted" });
  add(ids.settled, { key: "event-4", outcome: "accepted" });
  add(ids.settledAsDuplicate, { key: null, outcome: "duplicate", duplicateOf: ids.settled });
  for (const [key, delivery] of Object.entries({ "key-4": ids.settled, "key-5": ids.settledAsDuplicate })) {
    db.prepare("INSERT INTO former_keys VALUES (?, ?)").run(key, delivery);
  }
  add(ids.queued, { key: "key-6", outcome: "queued" });
  add(ids.rejected, { key: "key-7", outcome: "rejected" });
  db.close();
}

interface Old extends AsyncDisposable {
  readonly store: Store;
  readonly file: string;
}

async function anOldDatabase(): Promise<Old> {
  const folder = await aFolder();
  const file = join(folder.path, "thruway.db");
  writeOld(file);
  const store = await openStore(`sqlite:${file}`);
  return {
    store,
    file,
    async [Symbol.asyncDispose]() {
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("a database of schema version 1", () => {
  test("is brought to the newest one when it is opened, and keeps its rows", async () => {
    await using old = await anOldDatabase();
    const db = new DatabaseSync(old.file, { readOnly: true });
    assert.equal(versionOf(db), newestSchema);
    db.close();
    assert.equal((await old.store.deliveries.list({ limit: 200 })).data.length, Object.keys(ids).length);
    assert.deepEqual(await old.store.sources.all(), [source]);
    assert.deepEqual(await old.store.tokens.get(token.id), token);
    const { body } = (await old.store.deliveries.get(ids.rejected)) ?? {};
    assert.deepEqual(Buffer.from(body ?? []), aDelivery().body);
  });

  test("recognises every delivery by every key that it had", async () => {
    await using old = await anOldDatabase();
    const expected = {
      "key-1": ids.accepted,
      "key-2": ids.tookIt,
      "key-4": ids.settled,
      "event-4": ids.settled,
      "key-5": ids.settled,
      "key-6": ids.queued,
    };
    for (const [key, id] of Object.entries(expected)) {
      const result = await old.store.commits.commit(aCommit({ key }));
      assert.equal(result.kind === "duplicate" && result.original.id, id, key);
    }
    assert.equal((await old.store.commits.commit(aCommit({ key: "key-7" }))).kind, "committed", "it had failed");
  });

  test("updates its incidents, and goes on with its numbers", async () => {
    await using old = await anOldDatabase();
    const later = aCommit({}, { external_id: "alert-1", created_at: afterNoon(60_000) });
    const updated = await madeBy(await old.store.commits.commit(later), old.store.incidents);
    assert.deepEqual([updated.id, updated.number, updated.occurrences], [incident.id, "INC-2026-0003", 2]);
    assert.deepEqual(updated.deliveries.toSorted(), [ids.accepted, later.delivery.id].toSorted());
    const anew = await madeBy(await old.store.commits.commit(aCommit()), old.store.incidents);
    assert.equal(anew.number, "INC-2026-0004");
  });

  test("finds its incidents by words, tags, entities and fields", async () => {
    await using old = await anOldDatabase();
    for (const filter of [
      { search: "findable old" },
      { tag: ["kept"] },
      { entity: ["host:WORKSTATION-01"] },
      { status: ["new"], severity: ["medium"], source: "email-gateway", type: "phishing", external_id: "alert-1" },
      { sort: "updated", updated_since: noon },
    ] as const) {
      const { data } = await old.store.incidents.list({ limit: 9, includeTests: false, ...filter });
      assert.deepEqual(
        data.map(({ id, version }) => [id, version]),
        [[incident.id, 1]],
        JSON.stringify(filter),
      );
    }
  });

  test("works off its queue, and tells of it", async () => {
    await using old = await anOldDatabase();
    assert.deepEqual(await old.store.queue.status(at(0)), {
      depth: 1,
      due: 1,
      oldest_received_at: noon,
      settled_last_minute: 0,
    });
    const job = await claimOne(old.store.queue, at(0));
    assert.deepEqual([job.delivery.id, job.key], [ids.queued, "key-6"]);
    assert.equal((await old.store.commits.commit(settling(job))).kind, "committed");
    assert.equal((await old.store.queue.status(at(0))).settled_last_minute, 1);
  });

  test("puts back what was rejected, but not what another delivery was taken instead of", async () => {
    await using old = await anOldDatabase();
    assert.equal(await old.store.queue.requeue(ids.gaveItsKeyAway, at(0)), false);
    assert.equal(await old.store.queue.requeue(ids.rejected, at(0)), true);
    const jobs = await old.store.queue.claim(10, at(0), 1_000);
    assert.deepEqual(
      jobs.map(({ delivery, key }) => [delivery.id, key]),
      [
        [ids.queued, "key-6"],
        [ids.rejected, "key-7"],
      ],
    );
  });

  test("loses its old keys with its old deliveries", async () => {
    await using old = await anOldDatabase();
    assert.equal(await old.store.deliveries.prune(at(60_000), 100), Object.keys(ids).length - 1);
    for (const key of ["key-1", "key-2", "key-4", "event-4", "key-5", "key-7"]) {
      assert.equal((await old.store.commits.commit(aCommit({ key }))).kind, "committed", key);
    }
  });
});

test("of two that bring a database to the newest schema, the second finds it done", async () => {
  await using folder = await aFolder();
  const file = join(folder.path, "thruway.db");
  writeOld(file);
  const [one, other] = [openDatabase(file, "write"), openDatabase(file, "write")];
  assert.equal(migrate(one.handle), 1);
  assert.equal(migrate(other.handle), newestSchema);
  for (const db of [one, other]) db.close();
});

test("an empty database had version 0", async () => {
  await using folder = await aFolder();
  const db = openDatabase(join(folder.path, "thruway.db"), "write");
  assert.equal(migrate(db.handle), 0);
  db.close();
});

test("a database of a newer Thruway is left alone, and says so", async () => {
  await using folder = await aFolder();
  const file = join(folder.path, "thruway.db");
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA user_version = ${newestSchema + 1}`);
  assert.throws(() => migrate(db), { name: "UserError", message: /start a newer Thruway/ });
  assert.equal(db.isTransaction, false);
  assert.equal(versionOf(db), newestSchema + 1);
  db.close();
  await assert.rejects(openStore(`sqlite:${file}`), { name: "UserError", message: /schema version/ });
});
