import assert from "node:assert/strict";
import { test } from "node:test";
import { type Alert, ignore, joi, type MapResult, PayloadError, type Plugin, pointers } from "@thruway/sdk";
import { deliveryKey } from "../../../../core/ingest/identity.ts";
import { startJourney } from "../../../../core/ingest/journey.ts";
import { type Made, process } from "../../../../core/ingest/process.ts";
import { pluginsOf } from "../../../../core/registry/plugins.ts";
import { Sources } from "../../../../core/sources/sources.ts";
import { aPlugin, aSourceStore, noon, testSealer, testSecret } from "../builders.ts";

interface Given {
  readonly plugin?: Plugin;
  readonly body?: string;
  readonly registration?: Readonly<Record<string, unknown>>;
  readonly keepKey?: boolean;
  readonly tags?: readonly string[];
}

async function processed({
  plugin = aPlugin(),
  body = '{"title":"Title"}',
  registration,
  keepKey = false,
  tags = [],
}: Given = {}): Promise<Made> {
  const plugins = pluginsOf([plugin]);
  const sources = new Sources({ store: aSourceStore(), plugins, sealer: testSealer, now: () => noon });
  await sources.register({ source: "edr", secret: testSecret, plugin: plugin.name, ...registration });
  const source = sources.find("edr");
  assert.ok(source);
  let ids = 0;
  const newId = (): string => `id-${++ids}`;
  return process({ body: Buffer.from(body), headers: {} }, source, {
    plugins,
    making: { newId, at: noon, receivedAt: noon, tags },
    key: "the signed key",
    keepKey,
    journey: startJourney(() => 0),
  });
}

/** A plugin whose mapper returns this, however wrong. */
function mapping(result: unknown): Plugin {
  return aPlugin({ map: () => result as MapResult });
}

test("an alert becomes a draft, with the defaults and the mapping of its source", async () => {
  const plugin = aPlugin({ map: ({ title }) => ({ type: "alert", title, vendor_severity: "P1" }) });
  const made = await processed({ plugin, registration: { severity_mapping: { p1: "critical" } } });
  assert.equal(made.outcome, "accepted");
  assert.equal(made.plugin, "signed");
  assert.equal(made.key, "the signed key");
  assert.deepEqual(
    made.drafts.map(({ id, source, title, severity, tags }) => [id, source, title, severity, tags]),
    [["id-1", "edr", "Title", "critical", []]],
  );
});

test("a mapper is told the source, its options and the time of receipt", async () => {
  let told: unknown;
  const plugin = aPlugin({
    map: ({ title }, context) => {
      told = context;
      return { type: "alert", title };
    },
  });
  await processed({ plugin });
  assert.deepEqual(told, { source: "edr", options: {}, receivedAt: noon });
});

test("what the core marks is marked in every alert, beside the plugin's own tags", async () => {
  const alerts: readonly Alert[] = [
    { type: "a", title: "a", tags: ["own"] },
    { type: "b", title: "b" },
  ];
  const made = await processed({ plugin: mapping(alerts), tags: ["test"] });
  assert.deepEqual(
    made.drafts.map(({ tags }) => tags),
    [["own", "test"], ["test"]],
  );
});

test("the vendor's event id identifies the delivery, where there is one", async () => {
  const plugin = aPlugin({ eventId: ({ title }) => (title === "none" ? undefined : title) });
  assert.equal((await processed({ plugin })).key, deliveryKey("edr", "event", "Title"));
  assert.equal((await processed({ plugin, body: '{"title":"none"}' })).key, "the signed key");
  assert.equal((await processed({ plugin, keepKey: true })).key, "the signed key");
});

test("what the event id is may depend on the options of the source", async () => {
  const plugin = aPlugin({ eventId: (_, options) => JSON.stringify(options) });
  assert.equal((await processed({ plugin })).key, deliveryKey("edr", "event", "{}"));
});

test("nothing to record is ignored, with the reason", async () => {
  const made = await processed({ plugin: mapping(ignore("audit event")) });
  assert.deepEqual([made.outcome, made.reason, made.drafts], ["ignored", "audit event", []]);
  assert.equal((await processed({ plugin: mapping([]) })).outcome, "ignored");
});

test("pointers are queued where the source can fetch, and are otherwise ignored with what would help", async () => {
  const pointed = [{ url: "https://api.example/a", scope: "s" }];
  const map = (): MapResult => pointers(pointed, "only points; set options.fetch");
  const ignored = await processed({ plugin: aPlugin({ map }) });
  assert.deepEqual([ignored.outcome, ignored.reason], ["ignored", "only points; set options.fetch"]);

  const access = { tokenUrl: "https://login.example", clientId: "a", clientSecret: "b", origins: [] };
  const queued = await processed({ plugin: aPlugin({ map, fetch: () => access }) });
  assert.deepEqual([queued.outcome, queued.reason, queued.drafts], ["queued", "holds 1 pointer, fetched next", []]);
  assert.deepEqual(queued.pointed?.pointers, pointed);
});

test("alerts beside pointers that nobody can fetch are taken, and it is said what is left out", async () => {
  const alerts: readonly Alert[] = [{ type: "a", title: "held" }];
  const made = await processed({ plugin: mapping(pointers([], "the rest only points", alerts)) });
  assert.deepEqual([made.outcome, made.reason], ["accepted", "the rest only points"]);
  assert.deepEqual(
    made.drafts.map(({ title }) => title),
    ["held"],
  );
});

test("a body that is no JSON is rejected", async () => {
  const made = await processed({ body: "{" });
  assert.deepEqual([made.outcome, made.refusal?.code, made.plugin], ["rejected", "invalid_json", "signed"]);
});

test("a payload of the wrong shape is rejected with every problem, and nothing in it is converted", async () => {
  const payload = joi.object({ title: joi.string().required(), count: joi.number() });
  const made = await processed({ plugin: aPlugin({ payload }), body: '{"count":"5"}' });
  assert.deepEqual([made.outcome, made.refusal?.code], ["rejected", "invalid_payload"]);
  assert.deepEqual(made.refusal?.details, [
    { path: "title", message: "is required" },
    { path: "count", message: "must be a number" },
  ]);
});

test("a payload that no plugin takes is rejected with what is installed", async () => {
  const made = await processed({ plugin: aPlugin({ fits: () => 0 }), registration: { plugin: "auto" } });
  assert.equal(made.refusal?.code, "invalid_payload");
  assert.match(made.refusal?.message ?? "", /installed are: signed$/);
});

test("a payload that a mapper cannot make sense of is rejected with its path", async () => {
  const plugin = aPlugin({
    map: () => {
      throw new PayloadError("event.DetectId", "is empty");
    },
  });
  const made = await processed({ plugin });
  assert.deepEqual([made.outcome, made.refusal?.code], ["rejected", "invalid_payload"]);
  assert.deepEqual(made.refusal?.details, [{ path: "event.DetectId", message: "is empty" }]);
});

const broken = {
  map: () => assert.fail("a bug"),
  fits: () => assert.fail("a bug"),
  eventId: () => assert.fail("a bug"),
} as const;
for (const member of ["map", "fits", "eventId"] as const) {
  test(`a plugin whose ${member} fails has its delivery queued, with what it said`, async () => {
    const plugin = aPlugin({ [member]: broken[member] });
    const made = await processed({ plugin, registration: { plugin: "auto" } });
    assert.equal(made.outcome, "queued");
    assert.match(made.reason ?? "", /^The plugin '(signed|any)' failed: a bug$/);
    assert.match(String((made.failure?.cause as Error | undefined)?.message), /a bug/);
    assert.deepEqual(made.drafts, []);
  });
}

const good = { type: "alert", title: "Title" };
const malformed: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  text: "alert",
  "a promise": Promise.resolve(good),
  "a list with a hole": [good, undefined],
  "no type": { title: "Title" },
  "an empty title": { ...good, title: "" },
  "a number for a description": { ...good, description: 5 },
  "a severity of its own": { ...good, severity: "urgent" },
  "a time that is none": { ...good, occurred_at: "yesterday" },
  "a time without milliseconds": { ...good, occurred_at: "2026-01-15T12:00:00Z" },
  "an entity of no type": { ...good, entities: [{ type: "thing", role: "target", value: "x" }] },
  "an entity without a role": { ...good, entities: [{ type: "host", value: "x" }] },
  "text for tags": { ...good, tags: "test" },
  "numbers for tags": { ...good, tags: [5] },
  "text for techniques": { ...good, mitre: "T1566" },
  "a technique that JSON cannot hold": { ...good, mitre: [{ id: 5n }] },
};
for (const [what, result] of Object.entries(malformed)) {
  test(`a mapper that returns ${what} has failed, and nothing of it is stored`, async () => {
    const made = await processed({ plugin: mapping(result) });
    assert.equal(made.outcome, "queued");
    assert.deepEqual(made.drafts, []);
  });
}
