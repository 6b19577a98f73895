import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseCsv } from "../support/csv.ts";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";
import { assertValid } from "../support/schemas.ts";

type Json = ReturnType<typeof JSON.parse>;

const severities = ["critical", "high", "medium", "low", "info"] as const;
/** More than two pages of the store. */
const many = 450;

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  for (const source of ["mail", "edr"]) {
    await gateway.api("POST", "/api/webhooks", { source, plugin: "generic", secret: testSecret });
  }
  const sent = Array.from({ length: many }, (_, index) => {
    const data = {
      alert_id: `a-${index}`,
      severity: severities[index % 5],
      title: `=Alert "${index}"`,
      host: "web-01",
    };
    return gateway.send(index % 3 === 0 ? "mail" : "edr", JSON.stringify({ event_type: "malware", data }));
  });
  for (const { status } of await Promise.all(sent)) assert.equal(status, 202);
  await gateway.send("mail", '{"event_type":"test","data":{}}');
});
after(() => gateway[Symbol.asyncDispose]());

async function exported(query: string): Promise<{ readonly type: string | null; readonly text: string }> {
  const response = await fetch(`${gateway.url}/api/incidents/export?${query}`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return { type: response.headers.get("content-type"), text };
}

async function lines(query: string): Promise<readonly Json[]> {
  const { type, text } = await exported(query);
  assert.equal(type, "application/x-ndjson; charset=utf-8");
  assert.ok(text === "" || text.endsWith("\n"));
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** As the list shows them, page by page. */
async function listed(query: string): Promise<readonly Json[]> {
  const found: Json[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body } = await gateway.api("GET", `/api/incidents?limit=200&${query}${cursor && `&cursor=${cursor}`}`);
    found.push(...body.data);
    cursor = body.meta.next_cursor;
  }
  return found;
}

describe("an export", () => {
  test("as jsonl is the whole list, one incident a line, as the list shows them", async () => {
    const all = await lines("format=jsonl");
    assert.equal(all.length, many);
    assert.deepEqual(all, await listed(""));
  });

  for (const query of [
    "severity=high,low",
    "source=mail",
    "source=nobody",
    "include_tests=true",
    "status=new&type=test",
  ]) {
    test(`takes the filters of the list: ${query}`, async () => {
      assert.deepEqual(await lines(`format=jsonl&${query}`), await listed(query));
    });
  }

  test("is bounded in time as the list is", async () => {
    const middle = (await listed(""))[100].created_at;
    const later = await lines(`format=jsonl&since=${middle}`);
    const earlier = await lines(`format=jsonl&until=${middle}`);
    assert.deepEqual(later, await listed(`since=${middle}`));
    assert.equal(later.length + earlier.length, many);
  });

  test("as ocsf is valid events, of the class that is asked for", async () => {
    for (const [query, uid] of [
      ["", 2005],
      ["&class=incident_finding", 2005],
      ["&class=detection_finding", 2004],
    ] as const) {
      const events = await lines(`format=ocsf&severity=high${query}`);
      assert.equal(events.length, many / 5);
      for (const event of events) {
        assertValid("ocsf", event);
        assert.equal(event.class_uid, uid);
      }
    }
  });

  test("as ecs is valid documents", async () => {
    const documents = await lines("format=ecs&severity=high");
    assert.equal(documents.length, many / 5);
    for (const document of documents) assertValid("ecs", document);
  });

  test("as csv is a table with its columns named, that no spreadsheet runs", async () => {
    const { type, text } = await exported("format=csv");
    assert.equal(type, "text/csv; charset=utf-8; header=present");
    const [head = [], ...rows] = parseCsv(text);
    assert.equal(rows.length, many);
    const numbers = (await listed("")).map(({ number }) => number);
    assert.deepEqual(
      rows.map((row) => row[head.indexOf("number")]),
      numbers,
    );
    for (const row of rows) assert.match(row[head.indexOf("title")] ?? "", /^'=Alert "\d+"$/);
  });

  test("of nothing is empty, or the names of the columns", async () => {
    assert.equal((await exported("format=ocsf&source=nobody")).text, "");
    assert.equal(parseCsv((await exported("format=csv&source=nobody")).text).length, 1);
  });

  test("needs a token", async () => {
    const response = await fetch(`${gateway.url}/api/incidents/export?format=jsonl`);
    assert.equal(response.status, 401);
    assert.equal(((await response.json()) as Json).error.code, "unauthorized");
  });

  test("answers HEAD without a body", async () => {
    const response = await fetch(`${gateway.url}/api/incidents/export?format=csv`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8; header=present");
  });

  const mistakes: readonly (readonly [query: string, path: string, message: RegExp])[] = [
    ["", "query.format", /query.format is required/],
    ["format=xml", "query.format", /must be one of \[ocsf, ecs, csv, jsonl\]/],
    ["format=ocsf&class=2004", "query.class", /must be one of \[incident_finding, detection_finding\]/],
    ["format=ecs&class=detection_finding", "query.class", /is not allowed/],
    ["format=csv&limit=5", "query.limit", /is not allowed/],
    ["format=csv&cursor=abc", "query.cursor", /is not allowed/],
    ["format=csv&severity=urgent", "query.severity.0", /must be one of/],
    ["format=csv&since=yesterday", "query.since", /must be in iso format/],
    ["format=csv&foo=1", "query.foo", /is not allowed/],
  ];
  for (const [query, path, message] of mistakes) {
    test(`is refused where the query is wrong: ${query || "nothing"}`, async () => {
      const answer = await gateway.api("GET", `/api/incidents/export?${query}`);
      assertRefused(answer, { status: 400, code: "invalid_request", path, message });
    });
  }
});

describe("one incident", () => {
  async function shown(query: string): Promise<Json> {
    const [{ number }] = await listed("severity=critical");
    const { status, body } = await gateway.api("GET", `/api/incidents/${number}${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  test("is shown as an event of OCSF, as a document of ECS, or as it is", async () => {
    assertValid("ocsf", await shown("?format=ocsf"));
    assertValid("ocsf", await shown("?format=ocsf&class=detection_finding"));
    assertValid("ecs", await shown("?format=ecs"));
    assert.equal((await shown("?format=ocsf")).class_uid, 2005);
    assert.equal((await shown("?format=ocsf&class=detection_finding")).class_uid, 2004);
    assert.equal((await shown("?format=ecs")).event.id, (await shown("")).id);
  });

  for (const [query, path] of [
    ["format=csv", "query.format"],
    ["class=detection_finding", "query.class"],
    ["format=ecs&class=detection_finding", "query.class"],
    ["foo=1", "query.foo"],
  ] as const) {
    test(`is refused as something else: ${query}`, async () => {
      const answer = await gateway.api("GET", `/api/incidents/INC-2026-0001?${query}`);
      assertRefused(answer, { status: 400, code: "invalid_request", path, message: /^The query is not valid/ });
    });
  }
});
