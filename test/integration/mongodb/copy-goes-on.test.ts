/** What is under way in an embedded installation goes on in MongoDB after a copy: groups, runs, questions, messages. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { run } from "../../support/cli.ts";
import { eventually } from "../../support/eventually.ts";
import { aGateway, type TestGateway, testSecret } from "../../support/gateway.ts";
import { aFolder } from "../../support/gateway-process.ts";
import { aMongoDatabase } from "../../support/mongo/database.ts";
import { withoutMongo } from "../../support/mongo/server.ts";
import { aReceiver } from "../../support/receiver.ts";

type Json = ReturnType<typeof JSON.parse>;

interface Place extends AsyncDisposable {
  readonly folder: string;
  /** A gateway with the embedded store. */
  embedded(): Promise<TestGateway>;
  /** A gateway with MongoDB, which has been given a copy of everything. */
  copied(): Promise<{ readonly gateway: TestGateway; readonly rows: ReadonlyMap<string, number> }>;
}

/** @param env of both gateways */
async function aPlace(env: Readonly<Record<string, string>> = {}): Promise<Place> {
  const folder = await aFolder();
  const database = await aMongoDatabase();
  const all = { TW_DATA_DIR: folder.path, TW_QUEUE_LEASE_MS: "1000", ...env };
  return {
    folder: folder.path,
    embedded: () => aGateway(all),
    async copied() {
      const file = join(folder.path, "thruway.db");
      const args = ["store", "copy", "--from", `sqlite:${file}`, "--to", database.uri, "--json"];
      const { code, stdout, stderr } = await run(args, { env: {} });
      assert.equal(code, 0, stderr);
      const { tables } = JSON.parse(stdout);
      const rows = new Map<string, number>(tables.map(({ table, to }: Json) => [table, to.rows]));
      return { rows, gateway: await aGateway({ ...all, TW_STORE_URL: database.uri }) };
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A scan of an address. @param id the vendor's; left out, the alert has none */
async function scan(gateway: TestGateway, ip: string, id?: string): Promise<string> {
  const event = { event_type: "port_scan", data: { ...(id && { alert_id: id }), source_ip: ip, nonce: Math.random() } };
  const { body } = await gateway.send("scanner", JSON.stringify(event));
  assert.equal(body.status, "accepted", JSON.stringify(body));
  return body.incident_number;
}

const asking = `
name: ask
version: "1"
steps:
  - { name: tell, action: notify, parameters: { channel: soc, text: "{{ incident.title }}" } }
  - { name: ask, action: request_approval, parameters: { question: Block it? }, output: a }
  - { name: tell_more, condition: a.granted, action: notify, parameters: { channel: soc, text: "Blocked" } }
verdict: { rules: [{ when: a.granted, verdict: true_positive, reason: "allowed by {{ a.by }}" }] }
`;

describe("after a copy into MongoDB", { skip: await withoutMongo(), timeout: 120_000 }, () => {
  test("alerts of an open group and of folded ids go on to the same incidents", async () => {
    await using place = await aPlace();
    const [grouped, anonymous, closed] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
    let before: readonly string[];
    {
      await using gateway = await place.embedded();
      const grouping = { by: ["type", "entities.ip"], window: "1h" };
      const source = { source: "scanner", plugin: "generic", secret: testSecret, grouping };
      assert.equal((await gateway.api("POST", "/api/webhooks", source)).status, 201);
      before = [await scan(gateway, grouped, "a"), await scan(gateway, anonymous), await scan(gateway, closed, "c")];
      assert.equal(await scan(gateway, grouped, "a-2"), before[0]);
      assert.equal(await scan(gateway, anonymous, "b-2"), before[1]);
      await gateway.api("PATCH", `/api/incidents/${before[2]}`, { status: "closed" });
    }

    const { gateway: after, rows } = await place.copied();
    await using gateway = after;
    assert.deepEqual([rows.get("incident_aliases"), rows.get("incident_groups")], [2, 3]);
    assert.equal(await scan(gateway, grouped, "a-3"), before[0], "a new alert of the group");
    assert.equal(await scan(gateway, anonymous), before[1], "one without an id of a group that began without one");
    // Of another group by now: only what is remembered of its id leads to the incident.
    assert.equal(await scan(gateway, "198.51.100.9", "a-2"), before[0]);
    assert.equal(await scan(gateway, "198.51.100.9", "b-2"), before[1]);
    assert.equal(await scan(gateway, "198.51.100.9", "a"), before[0], "its own alert");
    const next = await scan(gateway, closed, "c-2");
    const { previous } = (await gateway.api("GET", `/api/incidents/${next}`)).body;
    assert.equal(previous.incident_number, before[2], "the next one of a group names the closed one");
    const counts = await Promise.all(
      before.map(async (number) => (await gateway.api("GET", `/api/incidents/${number}`)).body.occurrences),
    );
    assert.deepEqual(counts, [5, 4, 1]);
  });

  test("a run goes on after its approval, a message is sent under its id, and playbooks of the API are there", async () => {
    await using soc = await aReceiver(() => ({ status: isAway ? 503 : 200 }));
    let isAway = true;
    await using folder = await aFolder();
    const config = join(folder.path, "config.yaml");
    const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    const channels = { soc: { kind: "webhook", url: soc.url, secret, allow_private: true } };
    await writeFile(config, JSON.stringify({ triage: { channels } }));
    await using place = await aPlace({ TW_CONFIG: config });
    let number: string;
    let before: Json;
    let told: Json;
    {
      await using gateway = await place.embedded();
      // One name that begins like another stands in another order beside a version.
      for (const text of [asking, asking.replace('"1"', '"2"'), asking.replace("name: ask\n", "name: ask-more\n")])
        assert.equal((await gateway.api("POST", "/api/playbooks", { text })).status, 201);
      const source = { source: "mail", secret: testSecret, auto_triage: true, playbook: "ask" };
      assert.equal((await gateway.api("POST", "/api/webhooks", source)).status, 201);
      const mail = { event_type: "phishing", data: { id: "m1", title: "Mail" } };
      number = (await gateway.send("mail", JSON.stringify(mail))).body.incident_number;
      await eventually(async () => {
        const { body } = await gateway.api("GET", `/api/incidents/${number}/triage`);
        return (body.runs[0]?.state === "waiting" && body.notifications[0]?.reason !== null) || undefined;
      });
      before = (await gateway.api("GET", `/api/incidents/${number}`)).body;
      assert.deepEqual([before.triage.state, before.triage.version], ["waiting", "2"]);
      told = soc.received[0];
    }
    isAway = false;
    soc.received.length = 0;

    const { gateway: after, rows } = await place.copied();
    await using gateway = after;
    assert.deepEqual(
      ["triage_runs", "approvals", "outbox", "playbooks"].map((table) => rows.get(table)),
      [1, 1, 1, 3],
    );
    assert.deepEqual((await gateway.api("GET", `/api/incidents/${number}`)).body, before);
    const { body: playbook } = await gateway.api("GET", "/api/playbooks/ask");
    assert.deepEqual([playbook.origin, playbook.version, playbook.versions.length], ["api", "2", 2]);
    assert.equal((await gateway.api("GET", "/api/playbooks/ask-more")).body.version, "1");

    const sent = await eventually(() => Promise.resolve(soc.received[0]));
    assert.equal(sent.headers["webhook-id"], told.headers["webhook-id"]);

    const { body: pending } = await gateway.api("GET", "/api/approvals?state=pending");
    assert.deepEqual([pending.data.length, pending.data[0].question], [1, "Block it?"]);
    const granting = `/api/approvals/${encodeURIComponent(pending.data[0].id)}/grant`;
    assert.equal((await gateway.api("POST", granting)).status, 200);
    const ended = await eventually(async () => {
      const { body } = await gateway.api("GET", `/api/incidents/${number}`);
      return body.triage.state === "done" ? body : undefined;
    });
    assert.deepEqual(
      [ended.verdict, ended.triage.run_id, ended.triage.reason],
      ["true_positive", before.triage.run_id, "allowed by analyst:admin"],
    );
    await eventually(async () => {
      const { body } = await gateway.api("GET", `/api/incidents/${number}/triage`);
      return body.notifications.every(({ state }: Json) => state === "sent") && body.notifications.length === 2
        ? true
        : undefined;
    });
    const ids = soc.received.map(({ headers }) => headers["webhook-id"]);
    assert.deepEqual(ids, [...new Set(ids)], "what was done before is not done again");
    assert.equal(ids.length, 2);
  });
});
