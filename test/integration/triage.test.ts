import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { standardWebhooks } from "@thruway/sdk";
import { eventually } from "../support/eventually.ts";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { aReceiver } from "../support/receiver.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

interface Place extends AsyncDisposable {
  readonly folder: string;
  open(): Promise<TestGateway>;
}

/** A folder with playbooks, lists and a configuration file, and gateways in it, one after the other. */
async function aPlace(
  playbooks: Readonly<Record<string, string>>,
  {
    channel = "http://127.0.0.1:9",
    lists = {},
  }: { readonly channel?: string; readonly lists?: Readonly<Record<string, string>> } = {},
): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  await mkdir(join(folder, "playbooks"));
  await mkdir(join(folder, "lists"));
  for (const [name, text] of Object.entries(playbooks))
    await writeFile(join(folder, "playbooks", `${name}.yaml`), text);
  for (const [name, text] of Object.entries(lists)) await writeFile(join(folder, "lists", `${name}.txt`), text);
  const config = join(folder, "config.yaml");
  const outside = { kind: "webhook", url: channel, secret, allow_private: true };
  const services = { edr: { url: `${channel}/edr`, allow_private: true } };
  await writeFile(config, JSON.stringify({ triage: { channels: { soc: outside }, services } }));
  return {
    folder,
    open: () =>
      aGateway({
        TW_DATA_DIR: join(folder, "data"),
        TW_CONFIG: config,
        TW_PLAYBOOKS: join(folder, "playbooks"),
        TW_LISTS: join(folder, "lists"),
        TW_QUEUE_LEASE_MS: "1000",
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Registers a source whose incidents are triaged; where no playbook is named, by the one whose triggers fit. */
async function registerTriaged(
  gateway: TestGateway,
  source: string,
  given: { readonly plugin?: string; readonly playbook?: string } = {},
): Promise<void> {
  const registration = { source, secret: testSecret, auto_triage: true, ...given };
  const { status, body } = await gateway.api("POST", "/api/webhooks", registration);
  assert.equal(status, 201, JSON.stringify(body));
}

async function send(gateway: TestGateway, source: string, event: object): Promise<string> {
  const { body } = await gateway.send(source, JSON.stringify(event));
  assert.equal(body.status, "accepted", JSON.stringify(body));
  return body.incident_number;
}

// biome-ignore lint/suspicious/noExplicitAny: tests assert on the shape of what came
function runOf(gateway: TestGateway, number: string, states: readonly string[] = ["done", "failed"]): Promise<any> {
  return eventually(async () => {
    const { body } = await gateway.api("GET", `/api/incidents/${number}/triage`);
    const [run] = body.runs;
    return states.includes(run?.state) && (run.state === "waiting" || run.ended_at) ? { ...run, all: body } : undefined;
  });
}

const phish = {
  eventType: "PhishingEmail",
  id: "m-1",
  creationTime: "2026-01-15T10:00:00Z",
  severity: "high",
  category: "Phish",
  entityType: "Email",
  data: {
    sender: "phisher@malicious.example",
    subject: "Urgent Action Required",
    recipients: ["user@company.example"],
  },
};

test("an incident of a source with auto-triage is judged by the playbook that the source names", async () => {
  await using place = await aPlace({});
  await using gateway = await place.open();
  await registerTriaged(gateway, "mail", { plugin: "defender", playbook: "phishing_triage" });
  const run = await runOf(gateway, await send(gateway, "mail", phish));
  assert.deepEqual([run.state, run.playbook, run.asked_by], ["done", "phishing_triage", "auto"]);
  assert.equal(run.verdict.verdict, "true_positive");
  assert.match(run.verdict.reason, /lures/);
  assert.equal("plan" in run, false);
});

test("where the source names none, the triggers choose, and what no playbook is for says so", async () => {
  await using place = await aPlace({});
  await using gateway = await place.open();
  await registerTriaged(gateway, "edr");
  const login = { event_type: "failed_login", data: { id: "l1", title: "3 failed logins", src_ip: "10.1.2.3" } };
  const run = await runOf(gateway, await send(gateway, "edr", login));
  assert.deepEqual([run.playbook, run.verdict.verdict], ["failed_login_triage", "false_positive"]);
  const none = await runOf(gateway, await send(gateway, "edr", { event_type: "heartbeat", data: { id: "h1" } }));
  assert.deepEqual([none.state, none.reason], ["done", "no playbook is for such an incident"]);
});

test("a source without auto-triage starts no run, and one can be asked for", async () => {
  await using place = await aPlace({});
  await using gateway = await place.open();
  await gateway.api("POST", "/api/webhooks", { source: "mail", plugin: "defender", secret: testSecret });
  const number = await send(gateway, "mail", phish);
  const before = await gateway.api("GET", `/api/incidents/${number}/triage`);
  assert.deepEqual(before.body.runs, []);
  const asked = await gateway.api("POST", `/api/incidents/${number}/triage`, { playbook: "phishing_triage" });
  assert.deepEqual([asked.status, asked.body.asked_by], [202, "analyst:admin"]);
  assert.equal((await runOf(gateway, number)).verdict.verdict, "true_positive");
  const missing = await gateway.api("POST", `/api/incidents/${number}/triage`, { playbook: "nothing" });
  assert.deepEqual([missing.status, missing.body.error.message], [404, "There is no playbook 'nothing'"]);
});

test("a source that names a playbook that is not there has runs that say so", async () => {
  await using place = await aPlace({});
  await using gateway = await place.open();
  await registerTriaged(gateway, "mail", { plugin: "defender", playbook: "nothing" });
  const run = await runOf(gateway, await send(gateway, "mail", phish));
  assert.deepEqual([run.state, run.reason], ["failed", 'the playbook "nothing" is not there']);
});

const asking = `
name: asking
version: "1"
triggers: { types: [malware] }
steps:
  - { name: isolate, action: http_action, parameters: { service: edr, path: isolate, body: { host: "{{ incident.entities.host.target }}" }, description: "Isolate {{ incident.entities.host.target }}" }, output: isolated }
  - { name: tell, condition: isolated.done, action: notify, parameters: { channel: soc, text: "Isolated by {{ isolated.by }}" } }
verdict:
  rules: [{ when: isolated.done, verdict: true_positive, reason: "isolated by {{ isolated.by }}" }]
  otherwise: { verdict: suspicious, reason: nobody allowed it }
`;

const malware = { event_type: "malware", data: { id: "e1", title: "Trojan", host: { name: "WS-01" } } };

test("an action outside waits for an approval, and goes on after a restart: once, under one key", async () => {
  await using edr = await aReceiver();
  await using place = await aPlace({ asking }, { channel: edr.url });
  let number = "";
  {
    await using gateway = await place.open();
    await registerTriaged(gateway, "edr", { playbook: "asking" });
    number = await send(gateway, "edr", malware);
    await runOf(gateway, number, ["waiting"]);
    assert.deepEqual(edr.received, []);
  }
  await using gateway = await place.open();
  const { body } = await gateway.api("GET", "/api/approvals?state=pending");
  assert.equal(body.data[0].question, "Isolate ws-01");
  const path = `/api/approvals/${encodeURIComponent(body.data[0].id)}`;
  const granted = await gateway.api("POST", `${path}/grant`, { comment: "go on" });
  assert.deepEqual([granted.status, granted.body.state, granted.body.decided_by], [200, "granted", "analyst:admin"]);
  const again = await gateway.api("POST", `${path}/deny`);
  assert.deepEqual([again.status, again.body.error.code], [409, "approval_decided"]);
  const run = await runOf(gateway, number);
  assert.equal(run.verdict.reason, "isolated by analyst:admin");
  const [act, told] = await eventually(async () => (edr.received.length === 2 ? edr.received : undefined));
  assert.deepEqual([act?.method, act?.url, act?.body], ["POST", "/edr/isolate", '{"host":"ws-01"}']);
  assert.equal(act?.headers["idempotency-key"], `${run.id}:isolate`);
  const url = "/";
  const delivery = {
    ...{ method: "POST", url, query: {}, body: Buffer.from(told?.body ?? "") },
    headers: Object.fromEntries(Object.entries(told?.headers ?? {}).map(([name, value]) => [name, [String(value)]])),
  };
  const proof = standardWebhooks().verify(delivery as never, { secrets: [secret], allowUnsigned: false });
  assert.equal(proof.verified, true);
  assert.equal(JSON.parse(told?.body ?? "{}").text, "Isolated by analyst:admin");
});

test("a denied action is not done, and the run says who said no", async () => {
  await using edr = await aReceiver();
  await using place = await aPlace({ asking }, { channel: edr.url });
  await using gateway = await place.open();
  await registerTriaged(gateway, "edr", { playbook: "asking" });
  const number = await send(gateway, "edr", malware);
  const { id } = await runOf(gateway, number, ["waiting"]);
  await gateway.api("POST", `/api/approvals/${encodeURIComponent(`${id}:isolate`)}/deny`);
  const run = await runOf(gateway, number);
  assert.deepEqual([run.verdict.verdict, run.steps[0].output.by], ["suspicious", "analyst:admin"]);
  assert.deepEqual(edr.received, []);
});

test("a notification is sent again until it is taken, under the key that it has", async () => {
  let refusals = 2;
  await using soc = await aReceiver(() => {
    refusals -= 1;
    return { status: refusals >= 0 ? 503 : 200 };
  });
  const tell = `
name: tell
version: "1"
triggers: { types: [malware] }
steps: [{ name: tell, action: notify, parameters: { channel: soc, text: "{{ incident.title }}" } }]
`;
  await using place = await aPlace({ tell }, { channel: soc.url });
  await using gateway = await place.open();
  await registerTriaged(gateway, "edr", { playbook: "tell" });
  const number = await send(gateway, "edr", malware);
  await eventually(async () => {
    const { body } = await gateway.api("GET", `/api/incidents/${number}/triage`);
    return body.notifications[0]?.state === "sent" || undefined;
  });
  assert.equal(soc.received.length, 3);
  assert.equal(new Set(soc.received.map(({ headers }) => headers["webhook-id"])).size, 1);
});

test("playbooks and lists are read again when they change", async () => {
  await using place = await aPlace({});
  await using gateway = await place.open();
  const own =
    'name: own\nversion: "1"\nsteps: [{ name: l, action: lookup_list, parameters: { list: a, value: x.example }, output: l }]\nverdict: { rules: [{ when: l.found, verdict: true_positive, reason: found }], otherwise: inconclusive }\n';
  await writeFile(join(place.folder, "playbooks", "own.yaml"), own);
  const tried = await gateway.api("POST", "/api/playbooks/own/try", { payload: { event_type: "x" } });
  assert.deepEqual([tried.status, tried.body.verdict.verdict], [200, "inconclusive"]);
  await writeFile(join(place.folder, "lists", "a.txt"), "*.example\n");
  const found = await gateway.api("POST", "/api/playbooks/own/try", { payload: { event_type: "x" } });
  assert.equal(found.body.verdict.verdict, "true_positive");
});

test("a playbook is put by the API, a version for each change, and one of a file is changed there", async () => {
  await using place = await aPlace({ asking });
  await using gateway = await place.open();
  const text = (version: string, action = "add_tag"): string =>
    `name: mine\nversion: "${version}"\nsteps: [{ name: t, action: ${action}, parameters: { tag: x } }]\n`;
  const put = await gateway.api("POST", "/api/playbooks", { text: text("1") });
  assert.deepEqual([put.status, put.body.origin, put.body.version], [201, "api", "1"]);
  assert.equal((await gateway.api("POST", "/api/playbooks", { text: text("1") })).body.error.code, "playbook_exists");
  assert.equal((await gateway.api("POST", "/api/playbooks", { text: text("2") })).status, 201);
  const { body } = await gateway.api("GET", "/api/playbooks/mine");
  assert.deepEqual([body.version, body.versions.length], ["2", 2]);
  const wrong = await gateway.api("POST", "/api/playbooks", { text: text("3", "nothing") });
  assert.deepEqual([wrong.status, wrong.body.error.code], [422, "invalid_playbook"]);
  assert.match(wrong.body.error.details[0].path, /^3:28 steps.0.action/);
  const file = await gateway.api("POST", "/api/playbooks", { text: asking });
  assert.equal(file.body.error.code, "playbook_read_only");
  assert.equal((await gateway.api("DELETE", "/api/playbooks/mine")).status, 204);
  assert.equal((await gateway.api("GET", "/api/playbooks/mine")).status, 404);
  assert.equal((await gateway.api("DELETE", "/api/playbooks/phishing_triage")).body.error.code, "playbook_read_only");
});

test("a dry run of an incident changes and sends nothing", async () => {
  await using soc = await aReceiver();
  await using place = await aPlace({ asking }, { channel: soc.url });
  await using gateway = await place.open();
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
  const number = await send(gateway, "edr", malware);
  const { body } = await gateway.api("POST", "/api/playbooks/asking/try", { incident: number });
  assert.equal(body.verdict.verdict, "true_positive");
  assert.deepEqual(body.would.requests, [{ service: "edr", method: "POST", path: "isolate" }]);
  assert.equal(body.would.messages.length, 1);
  assert.equal((await gateway.api("GET", "/api/approvals")).body.data.length, 0);
  assert.deepEqual((await gateway.api("GET", `/api/incidents/${number}/triage`)).body.runs, []);
  assert.equal((await gateway.api("GET", `/api/incidents/${number}`)).body.verdict, null);
  assert.deepEqual(soc.received, []);
});

test("a dry run fails over a channel or a service that is not there, as the run itself would", async () => {
  const step = (action: string, parameters: string): string =>
    `name: wrong\nversion: "1"\nsteps: [{ name: wrong, action: ${action}, parameters: { ${parameters} } }]\n`;
  const told = step("notify", "channel: nobody, text: x");
  const done = step("http_action", "service: nothing, description: x").replaceAll("wrong", "other");
  await using place = await aPlace({ told, done }, { channel: "http://127.0.0.1:9/" });
  await using gateway = await place.open();
  const tried = async (name: string): Promise<readonly string[]> => {
    const payload = { event_type: "malware", data: {} };
    const { body } = await gateway.api("POST", `/api/playbooks/${name}/try`, { payload });
    return [body.state, body.reason];
  };
  const [failed, why] = await tried("wrong");
  assert.equal(failed, "failed");
  assert.match(String(why), /there is no channel "nobody" in the configuration file; there are: soc/);
  assert.match(String((await tried("other"))[1]), /there is no service "nothing" in the configuration file/);
});

test("nobody is asked about an action of a service that is not there", async () => {
  const wrong = asking.replace("service: edr", "service: nothing");
  await using place = await aPlace({ asking: wrong });
  await using gateway = await place.open();
  await registerTriaged(gateway, "edr", { playbook: "asking" });
  const run = await runOf(gateway, await send(gateway, "edr", malware));
  assert.equal(run.state, "failed");
  assert.match(run.reason, /there is no service "nothing" in the configuration file; there are: edr/);
  assert.deepEqual((await gateway.api("GET", "/api/approvals")).body.data, []);
});
