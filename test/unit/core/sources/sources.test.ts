import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, Refusal, UserError } from "../../../../core/errors.ts";
import { sealer } from "../../../../core/sources/seal.ts";
import type { Sources } from "../../../../core/sources/sources.ts";
import { aSourceList, aSourceStore, noon, testSecret } from "../builders.ts";

const vendor = {
  source: "edr",
  plugin: "vendor",
  secret: testSecret,
  options: { header: "X-Sig", api: { token: "test-secret-token", region: "eu" } },
};

async function refuses(code: ErrorCode, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => error instanceof Refusal && error.code === code);
}

test("a registered source is ready for deliveries", async () => {
  const sources = aSourceList();
  await sources.register({ ...vendor, tolerance_seconds: 60, rate_limit: { requests: 5, per_seconds: 10 } });
  const source = sources.find("edr");
  assert.equal(source?.plugin?.name, "vendor");
  assert.deepEqual(source?.credentials, { secrets: [testSecret], allowUnsigned: false });
  assert.deepEqual(source?.options, vendor.options);
  assert.equal(source?.toleranceSeconds, 60);
  assert.equal(source?.limiter?.points, 5);
  assert.equal(sources.find("EDR"), undefined);
});

test("neither what is shown nor what is stored has a secret in it", async () => {
  const store = aSourceStore();
  const sources = aSourceList({ store });
  const { view } = await sources.register(vendor);
  assert.deepEqual(view.options, { header: "X-Sig", api: { token: "********", region: "eu" } });
  assert.deepEqual(view.secrets, [{ created_at: noon.toISOString() }]);
  for (const text of [view, sources.list(), [...store.records.values()]].map((each) => JSON.stringify(each))) {
    assert.ok(!text.includes(testSecret) && !text.includes("test-secret-token"), text);
  }
});

test("a short secret is taken with a warning, and so is a source that takes unsigned deliveries", async () => {
  const sources = aSourceList();
  assert.match((await sources.register({ source: "a", secret: "your-secret" })).warnings.join(), /fewer than 16/);
  assert.deepEqual((await sources.register({ source: "b", secret: testSecret })).warnings, []);
  const open = { source: "c", plugin: "silent", options: { allow_unsigned: true } };
  assert.match((await sources.register(open)).warnings.join(), /Anybody/);
});

test("a source that is there is not registered again", async () => {
  const sources = aSourceList();
  await sources.register(vendor);
  await refuses("source_exists", sources.register(vendor));
});

test("a source that is registered is one moment old, with all that is of it", async () => {
  let ticks = noon.getTime();
  const sources = aSourceList({ now: () => new Date(ticks++) });
  const { view } = await sources.register(vendor);
  assert.deepEqual(view.secrets, [{ created_at: view.created_at }]);
  assert.equal(view.updated_at, view.created_at);
});

test("of two registrations at once, one is refused", async () => {
  const sources = aSourceList();
  const settled = await Promise.allSettled([sources.register(vendor), sources.register(vendor)]);
  assert.deepEqual(settled.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
});

test("a start with the same key opens every secret", async () => {
  const store = aSourceStore();
  const before = aSourceList({ store });
  await before.register(vendor);
  const after = aSourceList({ store });
  await after.load();
  assert.deepEqual(after.list(), before.list());
  assert.deepEqual(after.find("edr")?.credentials.secrets, [testSecret]);
  assert.deepEqual(after.find("edr")?.options, vendor.options);
});

test("a start with another master key is one clear error that names the source", async () => {
  const store = aSourceStore();
  await aSourceList({ store }).register(vendor);
  await assert.rejects(aSourceList({ store, sealer: sealer(Buffer.alloc(32, 2)) }).load(), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^A secret of edr cannot be opened: the master key is not the one that sealed it\. ./);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
});

test("a change touches what it names and nothing else", async () => {
  let now = noon;
  const sources = aSourceList({ now: () => now });
  const { view: before } = await sources.register(vendor);
  now = new Date(noon.getTime() + 60_000);
  const { view } = await sources.update("edr", { auto_triage: true, playbook: "malware_triage" });
  const changed = { auto_triage: true, playbook: "malware_triage", updated_at: now.toISOString() };
  assert.deepEqual(view, { ...before, ...changed });
  assert.deepEqual(sources.find("edr")?.credentials.secrets, [testSecret]);
  assert.deepEqual(sources.find("edr")?.options, vendor.options);
});

test("a rotated secret stands beside the old one, each with its own age", async () => {
  let now = noon;
  const sources = aSourceList({ now: () => now });
  await sources.register(vendor);
  now = new Date(noon.getTime() + 60_000);
  const { view } = await sources.update("edr", { add_secret: "another-throw-away-test-secret" });
  assert.deepEqual(sources.find("edr")?.credentials.secrets, ["another-throw-away-test-secret", testSecret]);
  assert.deepEqual(view.secrets, [{ created_at: now.toISOString() }, { created_at: noon.toISOString() }]);
});

test("a change that makes a source impossible is refused, and the source stays as it was", async () => {
  const sources = aSourceList();
  const { view } = await sources.register(vendor);
  await refuses("invalid_request", sources.update("edr", { plugin: "signed" }));
  await refuses("invalid_request", sources.update("edr", { secret: "short" }));
  assert.deepEqual(sources.get("edr"), view);
});

test("what is not registered is neither shown, changed nor removed", async () => {
  const sources = aSourceList();
  assert.throws(
    () => sources.get("edr"),
    (error) => error instanceof Refusal && error.code === "unknown_source",
  );
  await refuses("unknown_source", sources.update("edr", { enabled: false }));
  await refuses("unknown_source", sources.remove("edr"));
});

test("a removed source is gone at once, and after a start", async () => {
  const store = aSourceStore();
  const sources = aSourceList({ store });
  await sources.register(vendor);
  await sources.remove("edr");
  assert.equal(sources.find("edr"), undefined);
  assert.equal(store.records.size, 0);
});

function withFile(sources: Sources, given: Readonly<Record<string, unknown>>): readonly string[] {
  return sources.takeFromFile(new Map(Object.entries(given))).map(({ path, message }) => `${path} ${message}`);
}

test("a source of the file is read-only, is not stored, and goes before one of the same name", async () => {
  const store = aSourceStore();
  const sources = aSourceList({ store });
  await sources.register({ source: "edr", secret: testSecret, default_severity: "low" });
  assert.deepEqual(
    withFile(sources, { edr: { secret: "from-the-file-test-secret" }, siem: { secret: testSecret } }),
    [],
  );
  assert.equal(sources.get("edr").origin, "file");
  assert.deepEqual(sources.find("edr")?.credentials.secrets, ["from-the-file-test-secret"]);
  await refuses("source_read_only", sources.update("edr", { enabled: false }));
  await refuses("source_read_only", sources.remove("siem"));
  await refuses("source_read_only", sources.register({ source: "siem", secret: testSecret }));
  assert.deepEqual([...store.records.keys()], ["edr"]);
  assert.deepEqual(
    sources.list().map(({ source }) => source),
    ["edr", "siem"],
  );
});

test("a file with a mistake is taken over not at all, and every mistake is named", () => {
  const sources = aSourceList();
  assert.deepEqual(withFile(sources, { edr: { secret: testSecret } }), []);
  const problems = withFile(sources, { siem: { secret: testSecret }, edr: { plugin: "nothing" }, mail: { secret: 5 } });
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? "", /^sources\.edr\.plugin "nothing" is not installed/);
  assert.match(problems[1] ?? "", /^sources\.mail\.secret must be a string/);
  assert.ok(sources.find("edr"));
  assert.equal(sources.find("siem"), undefined);
});

test("a source that the file no longer names is gone", () => {
  const sources = aSourceList();
  withFile(sources, { edr: { secret: testSecret } });
  withFile(sources, {});
  assert.equal(sources.find("edr"), undefined);
});

test("a source whose plugin is no longer installed stays listed, takes nothing, and says why", async () => {
  const store = aSourceStore();
  await aSourceList({ store }).register(vendor);
  const [record] = store.records.values();
  assert.ok(record);
  store.records.set("edr", { ...record, plugin: "uninstalled" });
  const sources = aSourceList({ store });
  const problem = 'its plugin "uninstalled" is not installed';
  assert.deepEqual(
    (await sources.load()).map((each) => each.problem),
    [problem],
  );
  assert.equal(sources.find("edr")?.enabled, false);
  const { plugin, enabled, problem: shown } = sources.get("edr");
  assert.deepEqual({ plugin, enabled, shown }, { plugin: "uninstalled", enabled: true, shown: problem });
  const mended = await sources.update("edr", { plugin: "vendor", options: vendor.options });
  assert.deepEqual([mended.view.enabled, mended.view.problem], [true, undefined]);
});
