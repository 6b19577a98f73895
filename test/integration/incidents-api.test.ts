import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

type Json = ReturnType<typeof JSON.parse>;

const severities = ["critical", "high", "medium", "low", "info"] as const;
const unknownId = "00000000-0000-7000-8000-000000000000";

let gateway: TestGateway;
/** Ids as they were made, oldest first: two sources, two types, five severities, thirty in all, and one test. */
const made: string[] = [];
before(async () => {
  gateway = await aGateway();
  for (const source of ["mail", "edr"]) {
    await gateway.api("POST", "/api/webhooks", { source, plugin: "generic", secret: testSecret });
  }
  for (let index = 0; index < 30; index += 1) {
    const data = { alert_id: `a-${index}`, severity: severities[index % 5], title: `Alert ${index}` };
    const event = { event_type: index % 3 === 0 ? "phishing" : "malware", data };
    made.push((await gateway.send(index % 2 === 0 ? "mail" : "edr", JSON.stringify(event))).body.incident_id);
  }
  await gateway.send("mail", '{"event_type":"test","data":{}}');
});
after(() => gateway[Symbol.asyncDispose]());

async function list(query: string): Promise<Json> {
  const { status, body } = await gateway.api("GET", `/api/incidents${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

function idsOf({ data }: Json): readonly string[] {
  return data.map(({ id }: { readonly id: string }) => id);
}

describe("the list of incidents", () => {
  test("is newest first, without tests, and says that it is complete", async () => {
    const body = await list("");
    assert.deepEqual(Object.keys(body), ["data", "meta"]);
    assert.deepEqual(idsOf(body), made.toReversed());
    assert.deepEqual(body.meta, { next_cursor: null });
  });

  const where = (keep: (index: number) => boolean): readonly string[] =>
    made.filter((_, index) => keep(index)).toReversed();
  const filters: Readonly<Record<string, (index: number) => boolean>> = {
    "source=mail": (index) => index % 2 === 0,
    "source=nobody": () => false,
    "severity=high": (index) => index % 5 === 1,
    "severity=high,low": (index) => index % 5 === 1 || index % 5 === 3,
    "severity=high&severity=low": (index) => index % 5 === 1 || index % 5 === 3,
    "type=phishing": (index) => index % 3 === 0,
    "status=new": () => true,
    "status=closed,resolved": () => false,
    "external_id=a-7": (index) => index === 7,
    "external_id=a-7&source=mail": () => false,
    "source=edr&severity=critical&type=malware&status=new": (index) =>
      index % 2 === 1 && index % 5 === 0 && index % 3 !== 0,
    "since=2020-01-01": () => true,
    "since=2120-01-01T00:00:00Z": () => false,
    "until=2120-01-01": () => true,
    "until=2020-01-01T00:00:00%2B02:00": () => false,
  };
  for (const [query, keep] of Object.entries(filters)) {
    test(`is filtered by ${query}`, async () => assert.deepEqual(idsOf(await list(`?${query}`)), where(keep)));
  }

  test("is bounded in time, the first moment included and the last not", async () => {
    const { body } = await gateway.api("GET", `/api/incidents/${made[10]}`);
    const later = idsOf(await list(`?since=${body.created_at}`));
    const earlier = idsOf(await list(`?until=${body.created_at}`));
    assert.ok(later.includes(body.id) && !earlier.includes(body.id));
    assert.equal(later.length + earlier.length, made.length);
  });

  test("holds tests when they are asked for", async () => {
    const { data } = await list("?include_tests=true");
    assert.equal(data.length, made.length + 1);
    assert.deepEqual(data[0].tags, ["test"]);
    assert.equal((await list("?include_tests=false")).data.length, made.length);
  });
});

describe("a page of incidents", () => {
  async function pages(query: string): Promise<readonly Json[]> {
    const found = [await list(`?${query}`)];
    for (;;) {
      const cursor = found.at(-1)?.meta.next_cursor;
      if (cursor === null) return found;
      found.push(await list(`?${query}&cursor=${cursor}`));
    }
  }

  for (const [limit, sizes] of [
    [1, Array(30).fill(1)],
    [7, [7, 7, 7, 7, 2]],
    [10, [10, 10, 10]],
    [29, [29, 1]],
    [30, [30]],
    [200, [30]],
  ] as const) {
    test(`holds at most ${limit}, and the next begins where it ends`, async () => {
      const found = await pages(`limit=${limit}`);
      assert.deepEqual(
        found.map(({ data }) => data.length),
        sizes,
      );
      assert.deepEqual(found.flatMap(idsOf), made.toReversed());
    });
  }

  test("keeps its filter from page to page", async () => {
    const found = await pages("limit=2&severity=critical");
    assert.deepEqual(found.flatMap(idsOf), made.filter((_, index) => index % 5 === 0).toReversed());
  });

  test("is not shifted by what arrives meanwhile", async () => {
    const first = await list("?limit=10&source=edr");
    const event = JSON.stringify({ event_type: "late", data: {} });
    made.push((await gateway.send("edr", event)).body.incident_id);
    const second = await list(`?limit=10&source=edr&cursor=${first.meta.next_cursor}`);
    const both = [...idsOf(first), ...idsOf(second)];
    assert.equal(new Set(both).size, 15);
    assert.ok(!both.includes(String(made.at(-1))));
  });

  test("holds 50 unless something else is said", async () => {
    await using gateway = await aGateway();
    await gateway.api("POST", "/api/webhooks", { source: "mail", secret: testSecret });
    const all = Array.from({ length: 51 }, (_, index) =>
      gateway.send("mail", JSON.stringify({ event_type: "many", data: { index } })),
    );
    await Promise.all(all);
    const { body } = await gateway.api("GET", "/api/incidents");
    assert.equal(body.data.length, 50);
    assert.notEqual(body.meta.next_cursor, null);
  });
});

describe("a list is refused with invalid_request, the parameter's name and what would be right:", () => {
  const cases: readonly (readonly [query: string, path: string, remedy: RegExp])[] = [
    ["foo=1", "query.foo", /is not allowed/],
    ["Source=mail", "query.Source", /is not allowed/],
    ["limit=0", "query.limit", /greater than or equal to 1$/],
    ["limit=-1", "query.limit", /greater than or equal to 1$/],
    ["limit=201", "query.limit", /less than or equal to 200$/],
    ["limit=1.5", "query.limit", /must be an integer/],
    ["limit=all", "query.limit", /must be a number/],
    ["limit=", "query.limit", /must be a number/],
    ["limit=1&limit=2", "query.limit", /must be a number/],
    ["limit=1e999", "query.limit", /must be/],
    ["cursor=", "query.cursor", /empty/],
    ["cursor=abc", "query.cursor", /invalid/],
    ["cursor=../../etc", "query.cursor", /invalid/],
    [`cursor=${"A".repeat(5_000)}`, "query.cursor", /invalid/],
    ["severity=urgent", "query.severity.0", /must be one of \[critical, high, medium, low, info\]/],
    ["severity=high,urgent", "query.severity.1", /must be one of/],
    ["severity=", "query.severity.0", /must be one of/],
    [
      "status=open",
      "query.status.0",
      /must be one of \[new, in_progress, pending_approval, escalated, resolved, closed\]/,
    ],
    ["source=a&source=b", "query.source", /must be a string/],
    ["since=yesterday", "query.since", /must be in iso format/],
    ["until=99999999999999999999", "query.until", /must be in iso format/],
    ["include_tests=maybe", "query.include_tests", /must be a boolean/],
  ];
  for (const [query, path, remedy] of cases) {
    test(query.slice(0, 30), async () => {
      const answer = await gateway.api("GET", `/api/incidents?${query}`);
      assertRefused(answer, {
        status: 400,
        code: "invalid_request",
        path,
        message: /^The query is not valid: query\./,
      });
      assert.match(answer.body.error.details[0].message, remedy);
    });
  }

  test("of several at once, every one", async () => {
    const { body } = await gateway.api("GET", "/api/incidents?foo=1&limit=0&status=open");
    const paths = body.error.details.map(({ path }: { readonly path: string }) => path);
    assert.deepEqual(paths.toSorted(), ["query.foo", "query.limit", "query.status.0"]);
  });
});

describe("one incident", () => {
  test("is found by its id and by its number, whatever their case, as the list shows it", async () => {
    const { data } = await list("?external_id=a-3");
    const [shown] = data;
    assert.match(shown.number, /^INC-\d{4}-\d{4,}$/);
    for (const name of [shown.id, shown.id.toUpperCase(), shown.number, shown.number.toLowerCase()]) {
      const { status, body } = await gateway.api("GET", `/api/incidents/${name}`);
      assert.deepEqual([status, body], [200, { ...shown, timeline: [] }]);
    }
  });

  test("has every field that is promised", async () => {
    const { body } = await gateway.api("GET", `/api/incidents/${made[3]}`);
    const { id, number, received_at, created_at, updated_at, deliveries, ...rest } = body;
    const [occurred] = [received_at];
    assert.deepEqual(rest, {
      source: "edr",
      plugin: "generic",
      external_id: "a-3",
      type: "phishing",
      title: "Alert 3",
      description: null,
      severity: "low",
      vendor_severity: "low",
      status: "new",
      verdict: null,
      entities: [],
      mitre: [],
      occurred_at: occurred,
      first_seen_at: occurred,
      last_seen_at: occurred,
      occurrences: 1,
      url: null,
      tags: [],
      assignee: null,
      triage: null,
      trace_id: null,
      version: 1,
      previous: null,
      merged_into: null,
      merged: [],
      timeline: [],
    });
    assert.equal(updated_at, created_at);
    assert.ok(received_at <= created_at);
    const { body: delivery } = await gateway.api("GET", `/api/deliveries/${deliveries[0]}`);
    assert.deepEqual(delivery.incidents, [{ incident_id: id, incident_number: number }]);
  });

  test("has a number that rises by one where nothing fails", async () => {
    const numbers = (await list("?limit=5&source=mail")).data.map(({ number }: { readonly number: string }) => number);
    assert.deepEqual(numbers, numbers.toSorted().toReversed());
  });

  for (const name of [
    unknownId,
    "INC-2026-9999",
    "INC-1999-0001",
    "INC-2026-1",
    "INC-2026-999999999999999999",
    "INC--",
    "1",
    "nobody",
    "%00",
    "'%20OR%201=1--",
    "x".repeat(5_000),
  ]) {
    test(`that does not exist is not found: ${name.slice(0, 36)}`, async () => {
      const answer = await gateway.api("GET", `/api/incidents/${name}`);
      assertRefused(answer, { status: 404, code: "not_found", message: /^There is no incident '.{1,63}'$/s });
    });
  }
});
