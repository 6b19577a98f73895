import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { alertKey } from "../../../../../core/store/alert-key.ts";
import { openStore } from "../../../../../core/store/open.ts";
import { openTransferSource } from "../../../../../core/store/sqlite/transfer.ts";
import { keyOf, type TransferTable } from "../../../../../core/store/transfer.ts";
import { aCommit, afterNoon, incidentsOf, times } from "../../../../contracts/builders.ts";
import { aFolder } from "../../../../support/gateway-process.ts";

test("every table is read in the order of its keys, and from behind any of them on", async () => {
  await using folder = await aFolder();
  const file = join(folder.path, "thruway.db");
  const store = await openStore(`sqlite:${file}`);
  const about = { windowMs: 60_000 };
  const commit = (index: number, external_id: string | null): ReturnType<typeof store.commits.commit> => {
    const group = { key: `group-${index % 3}`, ...about };
    return store.commits.commit(
      aCommit({ source: "scanner" }, { group, external_id, created_at: afterNoon(index), triage: { playbook: null } }),
    );
  };
  const results = [];
  for (let index = 0; index < 20; index++) results.push(await commit(index, index < 3 ? null : `alert-${index}`));
  const [first] = results.flatMap(incidentsOf);
  for (const [name, version] of [
    ["a", "1"],
    ["a-b", "1"],
    ["a", "10"],
    ["a_b", "1"],
  ] as const)
    await store.triage.putPlaybook({ name, version, text: "", created_at: afterNoon(0) });
  await store.close();

  const source = openTransferSource(file);
  const read = async (table: TransferTable, after?: string): Promise<readonly string[]> => {
    const rows = [];
    for await (const batch of source.read(table, after)) rows.push(...batch);
    return rows.map(keyOf[table] as (row: unknown) => string);
  };
  const aliases = times(17, (index) => alertKey("scanner", `alert-${index + 3}`)).toSorted();
  const expected = {
    incident_aliases: aliases,
    incident_groups: ["group-0", "group-1", "group-2"],
    playbooks: ["a-b/1", "a/1", "a/10", "a_b/1"],
  };
  for (const [table, keys] of Object.entries(expected) as [keyof typeof expected, readonly string[]][]) {
    assert.deepEqual(await read(table), keys);
    for (const [index, key] of keys.entries()) assert.deepEqual(await read(table, key), keys.slice(index + 1));
    assert.equal(await source.count(table), keys.length);
  }
  assert.equal((await read("triage_runs")).length, 3);
  const group = [];
  for await (const batch of source.read("incident_groups")) group.push(...batch);
  assert.deepEqual(group[0], { group: "group-0", incident: `incident ${first?.incident_id}` });
  await source.close();
});

test("every table of the schema is copied, or is made anew of what is", async () => {
  await using folder = await aFolder();
  const file = join(folder.path, "thruway.db");
  await (await openStore(`sqlite:${file}`)).close();
  const db = new DatabaseSync(file);
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
  db.close();
  const copied = [
    ...["approvals", "deliveries", "incident_aliases", "incident_deliveries", "incidents", "keys", "numbers", "outbox"],
    ...["playbooks", "sources", "timelines", "tokens", "triage_runs", "unannounced"],
  ];
  const isMadeAnew = (name: string): boolean => /^(?:unindexed|indexed|incident_terms(?:_.+)?)$/.test(name);
  assert.deepEqual(
    tables.map(({ name }) => String(name)).filter((name) => !isMadeAnew(name)),
    copied,
  );
});
