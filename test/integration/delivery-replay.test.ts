import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { mood } from "../support/plugins/moody.ts";
import { assertRefused } from "../support/refused.ts";
import { type StorePlace, stores } from "../support/stores.ts";

type Json = ReturnType<typeof JSON.parse>;

const root = resolve(import.meta.dirname, "../..");

for (const store of stores) {
  describe(`a replay, with ${store.name}`, { skip: store.skip }, () => {
    let folder: string;
    let place: StorePlace;
    let gateway: TestGateway;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "thruway-test-replay-"));
      place = await store.place();
      const plugins = ["test/support/plugins/moody.ts", "plugins/generic/index.ts"];
      await writeFile(join(folder, "plugins.json"), JSON.stringify(plugins.map((path) => join(root, path))));
      gateway = await aGateway({ TW_DATA_DIR: folder, TW_PLUGINS: join(folder, "plugins.json"), ...place.env });
      await gateway.api("POST", "/api/webhooks", { secret: testSecret, source: "moody", plugin: "moody" });
    });
    afterEach(() => {
      mood.now = "works";
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    function send(id: string, at = new Date()): Promise<Answered> {
      return gateway.send("moody", JSON.stringify({ id }), { at });
    }

    /** The id of a delivery that the plugin did not make an incident of. */
    async function sentInMood(now: typeof mood.now, id: string, at?: Date): Promise<string> {
      mood.now = now;
      const { headers } = await send(id, at);
      mood.now = "works";
      return headers.get("x-request-id") ?? "";
    }

    function replay(id: string): Promise<Answered> {
      return gateway.api("POST", `/api/deliveries/${id}/replay`);
    }

    async function show(id: string): Promise<Json> {
      return (await gateway.api("GET", `/api/deliveries/${id}`)).body;
    }

    async function settled(id: string): Promise<Json> {
      return eventually(async () => {
        const delivery = await show(id);
        return delivery.outcome === "queued" ? undefined : delivery;
      });
    }

    async function incidentsOf(externalId: string): Promise<readonly Json[]> {
      const { body } = await gateway.api("GET", `/api/incidents?external_id=${externalId}&include_tests=true`);
      return body.data;
    }

    for (const [how, outcome] of [
      ["refuses", "rejected"],
      ["ignores", "ignored"],
    ] as const) {
      test(`makes the incident of one that was ${outcome}, once its plugin is mended`, async () => {
        const id = await sentInMood(how, outcome);
        assert.equal((await show(id)).outcome, outcome);
        const { status, body } = await replay(id);
        assert.equal(status, 202);
        assert.deepEqual(body, {
          status: "queued",
          queue_id: `queue-${id}`,
          message: "Event queued for processing",
        });
        const delivery = await settled(id);
        assert.deepEqual(
          [delivery.outcome, delivery.code, delivery.reason, delivery.details, delivery.duplicate_of],
          ["accepted", null, null, null, null],
        );
        const [incident, ...others] = await incidentsOf(outcome);
        assert.deepEqual([incident.occurrences, incident.deliveries, others], [1, [id], []]);
        assert.equal(incident.received_at, delivery.received_at);
        assert.equal(delivery.incidents[0].incident_number, incident.number);
      });
    }

    test("twice makes nothing twice, and names the incident", async () => {
      const id = await sentInMood("refuses", "twice");
      await replay(id);
      const [ref] = (await settled(id)).incidents;
      assert.deepEqual((await replay(id)).body, { status: "accepted", ...ref, duplicate: true });
      const [incident, ...others] = await incidentsOf("twice");
      assert.deepEqual([incident.occurrences, others], [1, []]);
    });

    test("twenty times at once makes one incident", async () => {
      const id = await sentInMood("refuses", "at-once");
      const answers = await Promise.all(Array.from({ length: 20 }, () => replay(id)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
      await settled(id);
      assert.deepEqual(
        (await incidentsOf("at-once")).map(({ occurrences }) => occurrences),
        [1],
      );
    });

    test("asks neither for the secret nor for the time of the original again", async () => {
      const id = await sentInMood("refuses", "long-ago", new Date(Date.now() - 290_000));
      await gateway.api("PATCH", "/api/webhooks/moody", { secret: "another-test-secret-0123456789abcdef" });
      await gateway.api("PATCH", "/api/webhooks/moody", { tolerance_seconds: 1 });
      await replay(id);
      assert.deepEqual([(await settled(id)).outcome, (await show(id)).scheme], ["accepted", "webhook"]);
      await gateway.api("PATCH", "/api/webhooks/moody", { secret: testSecret, tolerance_seconds: null });
    });

    test("of one that still cannot be understood leaves it rejected, to be replayed again", async () => {
      const id = await sentInMood("refuses", "still");
      mood.now = "refuses";
      await replay(id);
      const delivery = await settled(id);
      assert.deepEqual([delivery.outcome, delivery.code, delivery.attempts], ["rejected", "invalid_payload", 1]);
      mood.now = "works";
      await replay(id);
      assert.equal((await settled(id)).outcome, "accepted");
    });

    test("keeps the event one and the same while it waits", async () => {
      const at = new Date();
      const id = await sentInMood("refuses", "waiting", at);
      mood.now = "throws";
      await replay(id);
      await eventually(async () => ((await show(id)).reason === null ? undefined : true));
      assert.deepEqual((await send("waiting", at)).body, {
        status: "queued",
        queue_id: `queue-${id}`,
        message: "Event queued for processing",
        duplicate: true,
      });
      mood.now = "works";
      assert.equal((await settled(id)).outcome, "accepted");
      assert.equal((await incidentsOf("waiting"))[0].occurrences, 1);
    });

    test("of one whose event came again in the meantime ends as the duplicate of that", async () => {
      const at = new Date();
      const id = await sentInMood("refuses", "again", at);
      const again = await send("again", at);
      assert.equal(again.body.status, "accepted");
      await replay(id);
      const delivery = await settled(id);
      assert.deepEqual([delivery.outcome, delivery.duplicate_of], ["duplicate", again.headers.get("x-request-id")]);
      assert.equal((await incidentsOf("again"))[0].occurrences, 1);
      const { status, incident_id, incident_number } = again.body;
      assert.deepEqual((await replay(id)).body, { status, incident_id, incident_number, duplicate: true });
    });

    test("of a duplicate replays what it repeats", async () => {
      const at = new Date();
      const original = await sentInMood("refuses", "repeated", at);
      const duplicate = await sentInMood("refuses", "repeated", at);
      assert.equal((await show(duplicate)).duplicate_of, original);
      assert.equal((await replay(duplicate)).body.queue_id, `queue-${original}`);
      assert.equal((await settled(original)).outcome, "accepted");
    });

    test("of the test of a source stays a test", async () => {
      mood.now = "refuses";
      await gateway.api("POST", "/api/webhooks/moody/test");
      mood.now = "works";
      const { body } = await gateway.api("GET", "/api/deliveries?source=moody&outcome=rejected&limit=1");
      const [{ id }] = body.data;
      await replay(id);
      assert.equal((await settled(id)).outcome, "accepted");
      const [incident] = await incidentsOf("example");
      assert.deepEqual(incident.tags, ["test"]);
    });

    test("of a refused one is refused with the reason, and of none not found", async () => {
      const refused = await gateway.send("moody", '{"id":"r"}', { secret: "another" });
      const id = refused.headers.get("x-request-id") ?? "";
      await eventually(async () =>
        (await gateway.api("GET", `/api/deliveries/${id}`)).status === 200 ? true : undefined,
      );
      assertRefused(await replay(id), {
        status: 409,
        code: "not_replayable",
        message: "This delivery cannot be replayed: It was never authenticated, and its bytes are not kept",
      });
      for (const unknown of ["nothing", "00000000-0000-7000-8000-000000000000"]) {
        assertRefused(await replay(unknown), { status: 404, code: "not_found" });
      }
      const bare = await fetch(`${gateway.url}/api/deliveries/${id}/replay`, { method: "POST" });
      assert.equal(bare.status, 401);
    });

    test("shows in the state of the queue", async () => {
      await eventually(async () => ((await gateway.api("GET", "/api/queue")).body.depth === 0 ? true : undefined));
      const id = await sentInMood("refuses", "counted");
      mood.now = "throws";
      await replay(id);
      const { received_at } = await show(id);
      const waiting = await eventually(async () => {
        const { body } = await gateway.api("GET", "/api/queue");
        return body.depth === 1 ? body : undefined;
      });
      assert.equal(waiting.oldest_received_at, received_at);
      assert.ok(waiting.oldest_age_seconds >= 0 && waiting.oldest_age_seconds < 60);
      mood.now = "works";
      await settled(id);
      const done = await eventually(async () => {
        const { body } = await gateway.api("GET", "/api/queue");
        return body.depth === 0 ? body : undefined;
      });
      assert.deepEqual([done.due, done.oldest_received_at, done.oldest_age_seconds], [0, null, null]);
      assert.ok(done.settled_last_minute > 0);
      assert.equal(done.per_second, Math.round((done.settled_last_minute / 60) * 100) / 100);
    });
  });
}
