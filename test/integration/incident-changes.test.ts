import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "mail", plugin: "generic", secret: testSecret });
});
after(() => gateway[Symbol.asyncDispose]());

let events = 0;
async function made(data: object = {}): Promise<string> {
  events += 1;
  const event = { event_type: "phishing", data: { ...data, nth: events } };
  return (await gateway.send("mail", JSON.stringify(event))).body.incident_number;
}

async function patch(number: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  const response = await fetch(`${gateway.url}/api/incidents/${number}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

test("an incident is taken up, commented and closed, each by the name of the token", async () => {
  const number = await made();
  const taken = await patch(number, { status: "in_progress", assignee: "kim" });
  assert.deepEqual([taken.status, taken.headers.get("etag")], [200, '"2"']);
  const said = await gateway.api("POST", `/api/incidents/${number}/comments`, { comment: "Looks bad" });
  assert.deepEqual([said.status, said.headers.get("etag")], [201, '"3"']);
  const closed = await patch(number, { status: "closed", verdict: "true_positive", why: "Mail was pulled" });
  assert.deepEqual([closed.body.status, closed.body.verdict], ["closed", "true_positive"]);
  assert.deepEqual(
    closed.body.timeline.map(({ by, comment, why }: Record<string, unknown>) => [by, comment, why]),
    [
      ["analyst:admin", null, null],
      ["analyst:admin", "Looks bad", null],
      ["analyst:admin", null, "Mail was pulled"],
    ],
  );
  const { headers, body } = await gateway.api("GET", `/api/incidents/${number}`);
  assert.deepEqual([headers.get("etag"), body], ['"4"', closed.body]);
});

test("If-Match lets a change through as long as nobody was quicker", async () => {
  const number = await made();
  assert.equal((await patch(number, { assignee: "kim" }, { "if-match": '"1"' })).status, 200);
  const late = await patch(number, { assignee: "lee" }, { "if-match": '"1"' });
  assertRefused(late, { status: 412, code: "version_mismatch", message: /has version 2, not 1; read it again/ });
  assert.equal((await patch(number, { assignee: "lee" }, { "if-match": "*" })).status, 200);
  const odd = await patch(number, { assignee: "lee" }, { "if-match": '"abc"' });
  assertRefused(odd, { status: 400, code: "invalid_request", path: "headers.if-match", message: /If-Match/ });
});

test("a status that is not allowed is refused, and the allowed ones are named", async () => {
  const number = await made();
  await patch(number, { status: "resolved" });
  const answer = await patch(number, { status: "new" });
  assertRefused(answer, {
    status: 409,
    code: "forbidden_transition",
    message: /is resolved and cannot become new; it can become in_progress, closed$/,
  });
});

for (const [body, path] of [
  [{}, ""],
  [{ why: "alone" }, ""],
  [{ status: "open" }, "status"],
  [{ severity: null }, "severity"],
  [{ verdict: "bad" }, "verdict"],
  [{ assignee: "" }, "assignee"],
  [{ assignee: "x".repeat(301) }, "assignee"],
  [{ add_tags: "vip" }, "add_tags"],
  [{ comment: "x".repeat(10_001) }, "comment"],
  [{ number: "INC-2026-0009" }, "number"],
  [{ entities: [] }, "entities"],
] as const) {
  test(`what cannot be changed is refused with its path: ${JSON.stringify(body).slice(0, 40)}`, async () => {
    const number = await made();
    assertRefused(await patch(number, body), {
      status: 400,
      code: "invalid_request",
      path,
      message: /^The change is not valid: /,
    });
    assert.equal((await gateway.api("GET", `/api/incidents/${number}`)).body.version, 1);
  });
}

test("more tags than an incident holds are refused", async () => {
  const number = await made({ tags: ["one"] });
  const tags = Array.from({ length: 199 }, (_, index) => `tag-${index}`);
  await patch(number, { add_tags: tags });
  assertRefused(await patch(number, { add_tags: ["one more", "and another"] }), {
    status: 400,
    code: "invalid_request",
    message: /at most 200 tags/,
  });
});

test("what is not there cannot be changed", async () => {
  const answer = await patch("INC-2026-9999", { comment: "?" });
  assertRefused(answer, { status: 404, code: "not_found", message: /^There is no incident 'INC-2026-9999'/ });
});
