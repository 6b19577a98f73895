import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceRecord, SourceStore } from "../../../../core/store/ports.ts";
import { aSourceList, aSourceStore, noon, testSecret } from "../builders.ts";

const edr = { source: "edr", plugin: "signed", secret: testSecret, rate_limit: { requests: 5, per_seconds: 10 } };
const later = new Date(noon.getTime() + 60_000);

/** A store as one that keeps records as text: what it gives is equal to what it got, and not the same. */
function aStore(): ReturnType<typeof aSourceStore> {
  const store = aSourceStore();
  return { ...store, all: async () => JSON.parse(JSON.stringify(await store.all())) as readonly SourceRecord[] };
}

test("what another gateway adds, changes and removes is known after a reload", async () => {
  const store = aStore();
  const [one, other] = [aSourceList({ store }), aSourceList({ store, now: () => later })];
  await one.register(edr);
  await one.register({ ...edr, source: "mail" });
  assert.deepEqual(
    (await other.reload()).added.map(({ source }) => source),
    ["edr", "mail"],
  );
  await other.update("edr", { playbook: "malware_triage" });
  await other.remove("mail");
  await other.register({ ...edr, source: "siem" });
  const { added, changed, removed, unreadable } = await one.reload();
  assert.deepEqual(
    [added, changed].map((each) => each.map(({ source }) => source)),
    [["siem"], ["edr"]],
  );
  assert.deepEqual([removed, unreadable], [["mail"], []]);
  assert.deepEqual(one.list(), other.list());
});

test("what did not change keeps the state of its rate limit, also where it was registered here", async () => {
  const store = aStore();
  const [one, other] = [aSourceList({ store }), aSourceList({ store })];
  await one.register(edr);
  await other.load();
  await other.register({ ...edr, source: "mail" });
  for (const sources of [one, other]) {
    const source = sources.find("edr");
    assert.ok(source?.limiter);
    await sources.reload();
    assert.equal(sources.find("edr"), source);
  }
});

test("one record that cannot be understood is named, and keeps none of the others", async () => {
  const store = aStore();
  const sources = aSourceList({ store });
  const { view } = await sources.register(edr);
  await aSourceList({ store }).register({ ...edr, source: "mail" });
  const [record] = store.records.values();
  assert.ok(record);
  const torn = { ...record, secrets: [{ sealed: "v1:torn", created_at: noon.toISOString() }] };
  for (const name of ["edr", "bad"]) store.records.set(name, { ...torn, source: name });
  const { added, unreadable } = await sources.reload();
  assert.deepEqual(
    added.map(({ source }) => source),
    ["mail"],
  );
  assert.deepEqual(
    unreadable.map(({ source }) => source),
    ["edr", "bad"],
  );
  assert.deepEqual(sources.get("edr"), view);
  assert.equal(sources.find("bad"), undefined);
});

test("a source that is registered while the store is read is not forgotten, nor one removed there remembered", async () => {
  const store = aStore();
  let during = async (): Promise<void> => {};
  const slow: SourceStore = {
    ...store,
    async all() {
      const records = await store.all();
      const change = during;
      during = async () => {};
      await change();
      return records;
    },
  };
  const sources = aSourceList({ store: slow });
  await sources.register({ ...edr, source: "mail" });
  during = async () => {
    await sources.register(edr);
    await sources.remove("mail");
  };
  assert.deepEqual(await sources.reload(), { added: [], changed: [], removed: [], unreadable: [] });
  assert.deepEqual(
    sources.list().map(({ source }) => source),
    ["edr"],
  );
});
